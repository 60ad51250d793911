package io.github.gpumf.train;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalDouble;
import jdk.jfr.FlightRecorder;
import org.jspecify.annotations.Nullable;

/**
 * The epoch loop: has one session opened on the chosen backend, runs epochs on it, and makes a
 * model of what it hands back.
 *
 * <p>A trainer is used once, by one thread.
 */
public final class Trainer {
  /**
   * How long the session should work between two looks at the cancellation and two calls of the
   * listeners.
   */
  private static final double SECONDS_BETWEEN_LOOKS = 0.1;

  private final Ratings ratings;
  private final @Nullable Ratings validation;
  private final TrainingOptions options;
  private final TrainedModel trained;
  private final RatingUnit unit;

  private final LossLimit lossLimit;
  private final TrainingOpener opener;
  private final List<EpochReport> history = new ArrayList<>();

  /** Batches a call, adapted to the speed seen. The result does not depend on it. */
  private long batchesPerCall = 1;

  private boolean used;
  private double bestRmse = Double.POSITIVE_INFINITY;
  private int bestEpoch;

  /** The epoch whose weights are kept as the last good ones, from 1; 0 before the first. */
  private int keptEpoch;

  /** Weights of the best epoch while it is one before the checkpoint that was resumed. */
  private @Nullable Weights resumedBest;

  /**
   * Prepares a training.
   *
   * @param ratings training ratings, at least one
   * @param validation ratings to measure each epoch on, at least one, or null. Their ids are
   *     matched with those of the training ratings, and rows whose user or item has no training
   *     rating are left out
   * @param spec the model
   * @param options how to train
   * @throws IllegalArgumentException if there are no ratings, if there are validation ratings but
   *     none that the training ratings know, if early stopping is asked for without any, if the
   *     model cannot be trained with an update per rating, or if half precision is asked for with
   *     updates per batch
   */
  public Trainer(Ratings ratings, @Nullable Ratings validation, Mf spec, TrainingOptions options) {
    Objects.requireNonNull(spec, "spec");
    Objects.requireNonNull(options, "options");
    if (Objects.requireNonNull(ratings, "ratings").size() == 0) {
      throw new IllegalArgumentException("there are no ratings to train on; give at least one");
    }
    if (validation != null && validation.size() == 0) {
      throw new IllegalArgumentException(
          "there are no validation ratings; hold out a larger part, or train without validation");
    }
    TrainingJob.requireUpdates(options.updates(), spec, options.optimizer());
    TrainingJob.requirePrecision(options.precision(), options.updates());
    this.ratings = ratings;
    TrainedRows rows = new TrainedRows(ratings);
    this.validation =
        validation == null ? null : rows.of(validation.alignedTo(ratings.users(), ratings.items()));
    this.options = options;
    trained = new TrainedModel(ratings, rows, spec, options);
    unit = new RatingUnit(options.ratingUnit());
    lossLimit = LossLimit.of(ratings, unit);
    opener = new TrainingOpener(ratings, this.validation, spec, options, lossLimit);
    if (validation == null && options.earlyStopping().isPresent()) {
      throw new IllegalArgumentException(
          "early stopping needs validation ratings; give some, or train without early stopping");
    }
    if (this.validation != null && this.validation.size() == 0) {
      throw new IllegalArgumentException(
          "none of the validation ratings has a user and an item that occur in the training ratings; validate on a part of the same data");
    }
  }

  /**
   * Trains.
   *
   * @return the model and how it was reached
   * @throws IllegalStateException if this trainer was used before
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used
   * @throws DeviceException if the device of the backend asked for, or the JVM, has not the memory,
   *     or the device fails before the first epoch
   * @throws BackendFailedException if the device fails later
   * @throws DivergedException if the loss explodes
   * @throws CheckpointException if checkpoints cannot be written or read, or are not those of this
   *     training; one that cannot be written leaves the model of its epoch in the exception
   */
  public TrainingResult train() {
    if (used) {
      throw new IllegalStateException("a trainer trains once; make another one");
    }
    used = true;
    Backends.Opened<TrainingOpener.Opening> found = opener.open();
    String explanation = opener.explanation(found.selection());
    TrainingOpener.Opening opening = found.opened();
    opening.resumed().ifPresent(last -> goOnFrom(last.checkpoint()));
    Outcome outcome = null;
    try (TrainingSession session = opening.session()) {
      outcome = train(session, opening, explanation);
    } catch (DeviceException onClosing) {
      // The weights have been fetched: a device that fails now takes nothing with it.
      Objects.requireNonNull(outcome, onClosing::getMessage);
    }
    // Now that the session's memory is free, there is some for the seen items.
    MfModel model =
        trained.of(
            outcome.weights(), outcome.epoch(), opening.backend(), opening.job().precision());
    if (options.keepSeenItems() && model.seenItems() == null) {
      throw withoutSeenItems(model, opening, outcome.epoch());
    }
    return new TrainingResult(
        model, history, outcome.stopReason(), bestEpoch, outcome.epoch(), explanation);
  }

  /**
   * How the epochs ended.
   *
   * @param weights of the result
   * @param epoch that they are of
   * @param stopReason why there was no further one
   */
  private record Outcome(Weights weights, int epoch, StopReason stopReason) {}

  /**
   * What the training would take; nothing is allocated.
   *
   * @return memory by part, on the backend that it would run on
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used
   * @throws DeviceException if the device cannot be asked
   */
  public TrainingPlan plan() {
    return opener.plan();
  }

  private Outcome train(
      TrainingSession session, TrainingOpener.Opening opening, String explanation) {
    try {
      session.keep(Slot.LAST_GOOD);
      int firstEpoch = history.size();
      TrainingListener.Start start =
          new TrainingListener.Start(
              explanation,
              ratings.size(),
              firstEpoch + 1,
              options.epochs(),
              opening.resumed().map(Checkpoints.Resumed::note));
      options.listeners().forEach(listener -> listener.started(start));
      // A training that had stopped early when it was checkpointed has nothing left to do.
      StopReason stopReason = verdict();
      for (int epoch = firstEpoch;
          epoch < options.epochs() && stopReason == StopReason.COMPLETED;
          epoch++) {
        stopReason = runEpoch(session, opening, epoch);
        if (opening.checkpoints().isPresent()) {
          saveCheckpoint(opening.checkpoints().get(), session, opening, stopReason);
        }
      }
      int epochs = restoresBest() ? bestEpoch : history.size();
      return new Outcome(result(session), epochs, stopReason);
    } catch (DeviceException failure) {
      throw failed(session, opening, failure);
    } catch (OutOfMemoryError full) {
      throw failed(session, opening, DeviceException.outOfHostMemory(opening.plan(), full));
    }
  }

  private @Nullable MfModel lastGood(TrainingSession session, String backend, Precision precision) {
    return keptEpoch == 0
        ? null
        : trained.of(session.take(Slot.LAST_GOOD), keptEpoch, backend, precision);
  }

  private String whatIsKept() {
    return keptEpoch == 0
        ? "no epoch had ended yet"
        : "the model of epoch " + keptEpoch + " is kept";
  }

  private BackendFailedException failed(
      TrainingSession session, TrainingOpener.Opening opening, DeviceException failure) {
    String backend = opening.backend();
    MfModel lastGood = lastGood(session, backend, opening.job().precision());
    int epoch = Math.min(history.size() + 1, options.epochs());
    return new BackendFailedException(
        "backend "
            + backend
            + " failed in epoch "
            + epoch
            + ": "
            + failure.getMessage()
            + "; "
            + whatIsKept(),
        epoch,
        lastGood,
        failure);
  }

  private BackendFailedException withoutSeenItems(
      MfModel model, TrainingOpener.Opening opening, int epoch) {
    DeviceException full =
        DeviceException.outOfHostMemory(
            opening.plan(), new OutOfMemoryError("no memory for the seen items of the model"));
    return new BackendFailedException(
        full.getMessage() + "; the model of epoch " + epoch + " is kept without them",
        history.size(),
        model,
        full);
  }

  private void goOnFrom(Checkpoint checkpoint) {
    history.addAll(checkpoint.history());
    bestRmse = checkpoint.bestRmse();
    bestEpoch = checkpoint.bestEpoch();
    resumedBest = checkpoint.best();
    keptEpoch = history.size();
  }

  private void saveCheckpoint(
      Checkpoints checkpoints,
      TrainingSession session,
      TrainingOpener.Opening opening,
      StopReason stopReason) {
    boolean stopped = stopReason == StopReason.EARLY_STOPPED;
    if (stopReason == StopReason.CANCELLED || !(stopped || checkpoints.isDue(history.size()))) {
      return;
    }
    try {
      checkpoints.write(
          new Checkpoint(
              checkpoints.identity(),
              session.state(),
              history,
              bestRmse,
              bestEpoch,
              restoresBest() ? best(session) : null));
    } catch (IOException failure) {
      throw new CheckpointException(
          checkpoints.refusal(history.size(), failure) + "; " + whatIsKept(),
          lastGood(session, opening.backend(), opening.job().precision()),
          failure);
    }
  }

  /** Nothing is allocated that could not be had now. */
  private Weights result(TrainingSession session) {
    if (!restoresBest()) {
      return session.take(Slot.LAST_GOOD);
    }
    return resumedBest != null ? resumedBest : session.take(Slot.BEST);
  }

  private boolean restoresBest() {
    return bestEpoch > 0 && options.earlyStopping().map(EarlyStopping::restoreBest).orElse(false);
  }

  private Weights best(TrainingSession session) {
    return resumedBest != null ? resumedBest : session.weights(Slot.BEST);
  }

  private StopReason runEpoch(TrainingSession session, TrainingOpener.Opening opening, int epoch) {
    TrainingJob job = opening.job();
    String backend = opening.backend();
    long batches = job.batchesPerEpoch();
    EpochTotals totals = EpochTotals.NONE;
    // Events register with the recorder when their class is loaded, which takes a tenth of a
    // second: not where nobody has recorded yet. Who begins to has the epochs from the next one on.
    @Nullable EpochEvent event = FlightRecorder.isInitialized() ? new EpochEvent() : null;
    if (event != null) {
      event.begin();
    }
    double seconds = 0;
    for (long batch = 0; batch < batches; ) {
      if (isCancelled()) {
        return StopReason.CANCELLED;
      }
      long end = Math.min(batches, batch + batchesPerCall);
      long startedAt = System.nanoTime();
      totals = session.run(epoch, batch, end);
      double took = (System.nanoTime() - startedAt) * 1e-9;
      if (totals.diverged()) {
        throw diverged(
            session,
            job,
            backend,
            epoch,
            totals.divergedBatch(),
            "its mean squared error is not below " + lossLimit.inWords());
      }
      adaptCallLength(end - batch, took);
      batch = end;
      seconds += took;
      long soFar = totals.ratings();
      options.listeners().forEach(listener -> listener.progressed(epoch + 1, soFar));
    }
    if (!session.keep(Slot.LAST_GOOD)) {
      throw diverged(
          session, job, backend, epoch, batches - 1, "its step left weights that are not finite");
    }
    keptEpoch = epoch + 1;
    Ratings heldOut = opening.validation();
    OptionalDouble validationRmse =
        heldOut == null
            ? OptionalDouble.empty()
            : OptionalDouble.of(rmse(session.squaredError(heldOut), heldOut.size()));
    EpochReport report =
        new EpochReport(
            epoch + 1,
            unit.squaredError(totals.loss() / totals.ratings()),
            rmse(totals.squaredError(), totals.ratings()),
            validationRmse,
            options.optimizer().learningRate().at((epoch + 1L) * batches - 1, batches),
            totals.ratings(),
            seconds);
    history.add(report);
    if (event != null) {
      event.commit(backend, report);
    }
    StopReason verdict = judge(session, report);
    options.listeners().forEach(listener -> listener.epochEnded(report));
    return verdict;
  }

  /** Of squared errors in units, in the unit of the ratings. */
  private double rmse(double squaredErrors, long count) {
    return unit.error(Math.sqrt(squaredErrors / count));
  }

  /** Keeps the best epoch and decides whether to go on. */
  private StopReason judge(TrainingSession session, EpochReport report) {
    if (report.validationRmse().isEmpty()) {
      return StopReason.COMPLETED;
    }
    double rmse = report.validationRmse().getAsDouble();
    double minImprovement = options.earlyStopping().map(EarlyStopping::minImprovement).orElse(0.0);
    if (rmse < bestRmse - minImprovement) {
      bestRmse = rmse;
      bestEpoch = report.epoch();
      if (options.earlyStopping().map(EarlyStopping::restoreBest).orElse(false)) {
        session.keep(Slot.BEST);
        resumedBest = null;
      }
    }
    return verdict();
  }

  /** Whether patience is over after the epochs so far. */
  private StopReason verdict() {
    boolean patienceIsOver =
        options.earlyStopping().isPresent()
            && history.size() - bestEpoch >= options.earlyStopping().get().patience();
    return patienceIsOver ? StopReason.EARLY_STOPPED : StopReason.COMPLETED;
  }

  private boolean isCancelled() {
    // A pool that shuts down interrupts its threads; the flag stays set for it to see.
    return Thread.currentThread().isInterrupted()
        || options.cancellation().map(Cancellation::isCancelled).orElse(false);
  }

  private void adaptCallLength(long batches, double seconds) {
    double fitting = batches * SECONDS_BETWEEN_LOOKS / Math.max(seconds, 1e-9);
    // At most twice as long as before: the first calls run before the JIT compiler has.
    batchesPerCall = (long) Math.max(1, Math.min(fitting, 2.0 * batchesPerCall));
  }

  private DivergedException diverged(
      TrainingSession session,
      TrainingJob job,
      String backend,
      int epoch,
      long batch,
      String what) {
    long step = epoch * job.batchesPerEpoch() + batch;
    double learningRate = options.optimizer().learningRate().at(step, job.batchesPerEpoch());
    return new DivergedException(
        "training diverged in epoch "
            + (epoch + 1)
            + (options.updates() == Updates.PER_RATING ? ", round " : ", batch ")
            + (batch + 1)
            + " of "
            + job.batchesPerEpoch()
            + ", at learning rate "
            + LossLimit.rounded(learningRate)
            + ": "
            + what
            + ". Try a learning rate of "
            + LossLimit.rounded(learningRate / 10)
            + ", a warm-up, or more regularization"
            + lossLimit.outliers()
            + "; "
            + whatIsKept(),
        epoch + 1,
        batch + 1,
        learningRate,
        lastGood(session, backend, job.precision()));
  }
}
