package io.github.gpumf.train;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the backend of a training, plans its memory there, and opens its session: anew, or where
 * a checkpoint left it.
 *
 * @param ratings training ratings
 * @param validation ratings to measure epochs on, of users and items of the training, or null
 * @param spec the model
 * @param options how to train
 * @param lossLimit of a batch
 */
record TrainingOpener(
    Ratings ratings,
    @Nullable Ratings validation,
    Mf spec,
    TrainingOptions options,
    LossLimit lossLimit) {
  /**
   * A session that is ready, and what it was opened with.
   *
   * @param validation in the unit of the job
   */
  record Opening(
      String backend,
      MemoryPlan plan,
      TrainingJob job,
      @Nullable Ratings validation,
      TrainingSession session,
      Optional<Checkpoints> checkpoints,
      Optional<Checkpoints.Resumed> resumed) {}

  /** Opens it on the backend that is asked for, or on the first that has the memory. */
  Backends.Opened<Opening> open() {
    return Backends.open(options.backend(), this::open);
  }

  private Opening open(Backend on) {
    requireMemory(on);
    try {
      return opened(on);
    } catch (OutOfMemoryError full) {
      throw DeviceException.outOfHostMemory(on.plan(shape(on)), full);
    }
  }

  private Opening opened(Backend on) {
    Precision precision = on.precision(options.precision());
    Optional<Checkpoints> checkpoints =
        options
            .checkpointing()
            .map(
                where -> new Checkpoints(where, ratings, validation, spec, options, precision, on));
    Optional<Checkpoints.Resumed> resumed = checkpoints.flatMap(Checkpoints::resume);
    RatingUnit unit = lossLimit.unit();
    TrainingJob job =
        new TrainingJob(
            unit.of(ratings),
            spec,
            options.optimizer(),
            options.updates(),
            precision,
            options.batchSize(),
            on.cut(),
            options.shuffle(),
            options.seed(),
            options.threads(),
            lossLimit.value(),
            resumed
                .map(last -> last.checkpoint().state())
                .orElseGet(
                    () ->
                        TrainingState.initial(ratings, spec, options.optimizer(), options.seed())));
    Ratings heldOut = validation == null ? null : unit.of(validation);
    return new Opening(
        on.name(), plan(on), job, heldOut, on.openTraining(job), checkpoints, resumed);
  }

  /** A device is asked before anything is allocated there; of the host the JVM knows better. */
  private MemoryPlan requireMemory(Backend on) {
    MemoryPlan plan = plan(on);
    if (!plan.fits() && !plan.onHost()) {
      throw DeviceException.outOfMemory(on, shape(on), null);
    }
    return plan;
  }

  private MemoryPlan plan(Backend on) {
    MemoryPlan plan = on.plan(shape(on));
    long rows = ratings.size() + (validation == null ? 0 : validation.size());
    return plan.onHost()
        ? plan.with(new MemoryPlan.Part("ratings in units", lossLimit.unit().bytes(rows)))
        : plan;
  }

  /** Says of a backend that was chosen what it does not do as it was asked to. */
  String explanation(Backends.Selection selection) {
    Backend backend = selection.backend();
    boolean followed = backend.precision(options.precision()) == options.precision();
    return followed
        ? selection.explanation()
        : selection.explanation()
            + "; factors are stored as floats, since "
            + backend.name()
            + " gains nothing by half precision";
  }

  private TrainingShape shape(Backend on) {
    TrainingShape shape =
        TrainingShape.of(ratings, spec, options.optimizer(), options.batchSize(), options.threads())
            .withUpdates(options.updates())
            .withPrecision(on.precision(options.precision()))
            .withSeen(options.keepSeenItems());
    return validation == null
        ? shape
        : shape.withHeldOut(
            validation.size(),
            options.earlyStopping().map(EarlyStopping::restoreBest).orElse(false));
  }

  /** As {@link Trainer#plan}. */
  TrainingPlan plan() {
    // One that is asked for by name is planned for even if the training does not fit it.
    Backends.Opened<MemoryPlan> plan =
        options.backend().equals(Backends.AUTO)
            ? Backends.open(Backends.AUTO, this::requireMemory)
            : Backends.open(options.backend(), this::plan);
    return new TrainingPlan(explanation(plan.selection()), plan.opened());
  }
}
