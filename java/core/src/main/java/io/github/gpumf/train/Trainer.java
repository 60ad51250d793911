package io.github.gpumf.train;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.BatchReport;
import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.Weights;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The epoch loop: opens one session on the chosen backend, runs epochs on it, and makes a model of
 * what it hands back.
 *
 * <p>A trainer is used once, by one thread.
 */
public final class Trainer {
  /**
   * A batch has diverged when its mean squared error passes this many times the loss of predicting
   * 0. Trainings that recover stay far below it; those that do not pass it within a few steps.
   */
  private static final double DIVERGENCE_FACTOR = 1e4;

  /**
   * How long the session should work between two looks at the cancellation and two calls of the
   * listeners.
   */
  private static final double SECONDS_BETWEEN_LOOKS = 0.1;

  private final Ratings ratings;
  private final @Nullable Ratings validation;
  private final Mf spec;
  private final TrainingOptions options;
  private final List<EpochReport> history = new ArrayList<>();

  /** Batches a call, adapted to the speed seen. The result does not depend on it. */
  private long batchesPerCall = 1;

  private double bestRmse = Double.POSITIVE_INFINITY;
  private int bestEpoch;

  /**
   * Prepares a training.
   *
   * @param ratings training ratings, at least one
   * @param validation ratings to measure each epoch on, or null. Their ids are matched with those
   *     of the training ratings, and rows with an unknown user or item are left out
   * @param spec the model
   * @param options how to train
   * @throws IllegalArgumentException if there are no ratings, or if early stopping is asked for
   *     without validation ratings
   */
  public Trainer(Ratings ratings, @Nullable Ratings validation, Mf spec, TrainingOptions options) {
    if (ratings.size() == 0) {
      throw new IllegalArgumentException("there are no ratings to train on; give at least one");
    }
    this.ratings = ratings;
    this.validation =
        validation == null ? null : validation.alignedTo(ratings.users(), ratings.items());
    this.spec = spec;
    this.options = options;
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
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used
   * @throws DivergedException if the loss explodes
   */
  public TrainingResult train() {
    Backends.Selection selection = Backends.select(options.backend());
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            options.optimizer(),
            options.batchSize(),
            options.shuffle(),
            options.seed(),
            options.threads(),
            DIVERGENCE_FACTOR * Math.max(1, ratings.meanSquare()),
            TrainingState.initial(ratings, spec, options.optimizer(), options.seed()));
    int firstEpoch = 0;
    try (TrainingSession session = selection.backend().openTraining(job)) {
      session.keep(Slot.LAST_GOOD);
      TrainingListener.Start start =
          new TrainingListener.Start(
              selection.explanation(), ratings.size(), firstEpoch + 1, options.epochs());
      options.listeners().forEach(listener -> listener.started(start));
      StopReason stopReason = StopReason.COMPLETED;
      for (int epoch = firstEpoch;
          epoch < options.epochs() && stopReason == StopReason.COMPLETED;
          epoch++) {
        stopReason = runEpoch(session, job, epoch);
      }
      Slot slot = resultSlot(stopReason);
      MfModel model = model(session.weights(slot), selection.backend().name());
      return new TrainingResult(model, history, stopReason, bestEpoch, selection.explanation());
    }
  }

  private Slot resultSlot(StopReason stopReason) {
    boolean restoreBest =
        options.earlyStopping().isPresent() && options.earlyStopping().get().restoreBest();
    if (restoreBest && bestEpoch > 0) {
      return Slot.BEST;
    }
    return stopReason == StopReason.CANCELLED ? Slot.LAST_GOOD : Slot.CURRENT;
  }

  private StopReason runEpoch(TrainingSession session, TrainingJob job, int epoch) {
    long batches = job.batchesPerEpoch();
    long done = 0;
    double loss = 0;
    double squaredError = 0;
    double seconds = 0;
    for (long batch = 0; batch < batches; ) {
      if (isCancelled()) {
        return StopReason.CANCELLED;
      }
      long end = Math.min(batches, batch + batchesPerCall);
      long startedAt = System.nanoTime();
      BatchReport report = session.run(epoch, batch, end);
      double took = (System.nanoTime() - startedAt) * 1e-9;
      if (report.divergedBatch() >= 0) {
        throw diverged(
            session,
            job,
            epoch,
            report.divergedBatch(),
            "its mean squared error is not below " + job.lossLimit());
      }
      adaptCallLength(end - batch, took);
      batch = end;
      seconds += took;
      done += report.ratings();
      loss += report.loss();
      squaredError += report.squaredError();
      long soFar = done;
      options.listeners().forEach(listener -> listener.progressed(epoch + 1, soFar));
    }
    if (!session.keep(Slot.LAST_GOOD)) {
      throw diverged(session, job, epoch, batches - 1, "its step left weights that are not finite");
    }
    OptionalDouble validationRmse =
        validation == null
            ? OptionalDouble.empty()
            : OptionalDouble.of(Math.sqrt(session.squaredError(validation) / validation.size()));
    EpochReport report =
        new EpochReport(
            epoch + 1,
            loss / done,
            Math.sqrt(squaredError / done),
            validationRmse,
            options.optimizer().learningRate().at((epoch + 1L) * batches - 1, batches),
            done,
            seconds);
    history.add(report);
    StopReason verdict = judge(session, report);
    options.listeners().forEach(listener -> listener.epochEnded(report));
    return verdict;
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
      }
    }
    boolean patienceIsOver =
        options.earlyStopping().isPresent()
            && report.epoch() - bestEpoch >= options.earlyStopping().get().patience();
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
      TrainingSession session, TrainingJob job, int epoch, long batch, String what) {
    long step = epoch * job.batchesPerEpoch() + batch;
    double learningRate = options.optimizer().learningRate().at(step, job.batchesPerEpoch());
    MfModel lastGood = history.isEmpty() ? null : model(session.weights(Slot.LAST_GOOD), "");
    return new DivergedException(
        "training diverged in epoch "
            + (epoch + 1)
            + ", batch "
            + (batch + 1)
            + " of "
            + job.batchesPerEpoch()
            + ", at learning rate "
            + learningRate
            + ": "
            + what
            + ". Try a learning rate of "
            + learningRate / 10
            + ", a warm-up, or more regularization; "
            + (lastGood == null
                ? "no epoch had ended yet"
                : "the model of epoch " + history.size() + " is kept"),
        epoch + 1,
        batch + 1,
        learningRate,
        lastGood);
  }

  private MfModel model(Weights weights, String backend) {
    clearUntrainedRows(weights);
    return new MfModel(
        spec,
        weights,
        ratings.users(),
        ratings.items(),
        scale(),
        options.keepSeenItems() ? SeenItems.of(ratings) : null,
        provenance(backend));
  }

  private RatingScale scale() {
    float mean = (float) ratings.meanValue();
    return new RatingScale(
        Math.clamp(mean, ratings.minValue(), ratings.maxValue()),
        ratings.minValue(),
        ratings.maxValue());
  }

  /**
   * Users and items without a training rating still have the random factors they started from.
   * Zeros in their place make a prediction fall back on the offset and the biases that are known.
   */
  private void clearUntrainedRows(Weights weights) {
    boolean[] users = new boolean[ratings.userCount()];
    boolean[] items = new boolean[ratings.itemCount()];
    for (long row = 0; row < ratings.size(); row++) {
      users[ratings.user(row)] = true;
      items[ratings.item(row)] = true;
    }
    clear(weights.userFactors(), weights.userBias(), users);
    clear(weights.itemFactors(), weights.itemBias(), items);
  }

  private static void clear(FloatTable factors, @Nullable FloatTable bias, boolean[] trained) {
    for (int row = 0; row < trained.length; row++) {
      if (trained[row]) {
        continue;
      }
      for (int column = 0; column < factors.columns(); column++) {
        factors.set(row, column, 0);
      }
      if (bias != null) {
        bias.set(row, 0, 0);
      }
    }
  }

  private Map<String, String> provenance(String backend) {
    Map<String, String> entries = new TreeMap<>();
    entries.put("optimizer", options.optimizer().toString());
    entries.put("batch_size", Integer.toString(options.batchSize()));
    entries.put("seed", Long.toString(options.seed()));
    entries.put("shuffle", Boolean.toString(options.shuffle()));
    entries.put("epochs", Integer.toString(history.size()));
    entries.put("backend", backend);
    entries.put("ratings", Long.toString(ratings.size()));
    entries.put("data_fingerprint", ratings.fingerprint());
    return entries;
  }
}
