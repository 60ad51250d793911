package io.github.gpumf.cli;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cli.Values.BackendName;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.EarlyStopping;
import io.github.gpumf.train.TrainingOptions;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * What to train and how, as flags. A flag that is not given keeps the value of the preset, which
 * for the tuned one depends on the optimizer.
 */
final class TrainingFlags {
  /** What flags that are not given mean. */
  enum Preset {
    /** What does well on MovieLens. */
    TUNED,
    /** Keras' defaults. */
    KERAS
  }

  /** The model's formula. */
  enum Model {
    BASIC,
    L2,
    BIASED
  }

  /** How weights move. */
  enum OptimizerName {
    ADAM,
    LAZY_ADAM,
    SGD,
    ADAGRAD
  }

  /** How often weights move. */
  enum UpdatesName {
    RATING,
    BATCH
  }

  /** How the learning rate goes. */
  enum Schedule {
    CONSTANT,
    EXPONENTIAL,
    COSINE
  }

  /** Of 1e-5 and 1e-4 the better one on MovieLens. */
  private static final double USUAL_L2 = 1e-4;

  private static final int USUAL_BATCH = 256;

  /** Every rating moves the two numbers of a Dense head, so a mean gradient must not overshoot. */
  private static final double DENSE_SGD_RATE = 0.1;

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--preset",
      defaultValue = "tuned",
      paramLabel = "NAME",
      description =
          "Meaning of flags that are not given: tuned (for accuracy, the default) or keras.")
  private Preset preset = Preset.TUNED;

  @Option(
      names = "--model",
      defaultValue = "biased",
      paramLabel = "NAME",
      description = {
        "biased: p.q + b_u + b_i (the default);",
        "basic: w (p.q) + b, Keras' Dense(1) head;",
        "l2: basic with L2 on both whole tables."
      })
  private Model model = Model.BIASED;

  @Option(
      names = "--factors",
      defaultValue = "64",
      paramLabel = "K",
      description = "Length of the factor vectors, 1..1024 (default: ${DEFAULT-VALUE}).")
  private int factors;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      description =
          "How often each rating is visited (default: 20, 5 with a Dense head, keras 10).")
  private @Nullable Integer epochs;

  @Option(
      names = "--updates",
      paramLabel = "HOW",
      description =
          "Weights move once a rating or once a batch (default: rating, the fastest; batch with "
              + "--batch-size, adam, L2 or a Dense head, which need it, and with keras).")
  private @Nullable UpdatesName updates;

  @Option(
      names = "--precision",
      defaultValue = "single",
      paramLabel = "NAME",
      description =
          "How factors are stored while an update per rating trains them: single or half, for a GPU "
              + "(default: ${DEFAULT-VALUE}). Half takes half the memory, and rounds them to 11 bits.")
  private Precision precision = Precision.SINGLE;

  @Option(
      names = "--batch-size",
      paramLabel = "B",
      description = "Ratings in a batch (default: 256, or what small sets allow; keras 32).")
  private @Nullable Integer batchSize;

  @Option(
      names = "--optimizer",
      paramLabel = "NAME",
      description =
          "sgd, adagrad, lazy-adam or adam (default: sgd, lazy-adam with a Dense head, keras adam).")
  private @Nullable OptimizerName optimizer;

  @Option(
      names = "--learning-rate",
      paramLabel = "X",
      description =
          "Initial learning rate (default: by optimizer; sgd's grows with the batch size, 3 at 256). "
              + "The tuned preset trains on ratings in units in which they span about 4, and rates and "
              + "regularization are those of these units.")
  private @Nullable Double learningRate;

  @Option(
      names = "--schedule",
      paramLabel = "NAME",
      description = "constant, exponential or cosine (default: cosine, keras constant).")
  private @Nullable Schedule schedule;

  @Option(
      names = "--decay",
      paramLabel = "X",
      description = "Factor an epoch of the exponential schedule, in (0, 1].")
  private @Nullable Double decay;

  @Option(
      names = "--warm-up",
      defaultValue = "0",
      paramLabel = "EPOCHS",
      description = "Epochs over which the learning rate rises from 0 (default: ${DEFAULT-VALUE}).")
  private double warmUp;

  @Option(
      names = "--l2",
      paramLabel = "X",
      description =
          "Keras' L2: X times the squares of both whole tables is part of every batch's loss "
              + "(default: 0; 1e-4 with --model l2).")
  private @Nullable Double l2;

  @Option(
      names = "--regularization",
      paramLabel = "X",
      description =
          "Each rating adds X times the squares of its two rows "
              + "(default: 0.05, 0.25 with a Dense head, 0 with L2 or keras).")
  private @Nullable Double regularization;

  @Option(
      names = "--bias-regularization",
      paramLabel = "X",
      description = "The same for biases (default: 0.01, or as --regularization if that is given).")
  private @Nullable Double biasRegularization;

  @Option(
      names = "--mean-offset",
      negatable = true,
      description = "Add the mean rating to every prediction (default: yes, keras no).")
  private @Nullable Boolean meanOffset;

  @Option(
      names = "--clip",
      negatable = true,
      description = "Hold predictions in the range of the ratings (default: yes, keras no).")
  private @Nullable Boolean clip;

  @Option(
      names = "--shuffle",
      negatable = true,
      defaultValue = "true",
      fallbackValue = "true",
      description = "Visit the ratings in a new order in each epoch (default: yes).")
  private boolean shuffle;

  @Option(
      names = "--seed",
      defaultValue = "0",
      paramLabel = "S",
      description = "Seed of weights and order; same seed, same bits (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--backend",
      converter = BackendName.class,
      defaultValue = Backends.AUTO,
      paramLabel = "NAME",
      description =
          "auto, scalar, vector or cuda (default: ${DEFAULT-VALUE}). One asked for by name is used or fails. "
              + "A GPU is chosen by number or UUID: cuda:1.")
  private String backend = Backends.AUTO;

  @Option(
      names = "--threads",
      paramLabel = "T",
      description = "Threads, for the vector backend (default: one a processor).")
  private @Nullable Integer threads;

  @Option(
      names = "--early-stopping",
      paramLabel = "N",
      description =
          "Stop after N epochs in a row without a lower validation RMSE, and keep the best epoch.")
  private @Nullable Integer earlyStopping;

  @SuppressWarnings("NullAway.Init") // picocli sets the command before anything is called.
  TrainingFlags() {}

  /** Fails if the backend asked for cannot be used here: before anything is read. */
  void requireBackend() {
    Backends.select(backend);
  }

  /** Whether the best epoch is kept rather than the last. */
  boolean stopsEarly() {
    return earlyStopping != null;
  }

  private boolean tuned() {
    return preset == Preset.TUNED;
  }

  /** The model; wrong usage if the numbers do not fit together. */
  Mf spec() {
    return checked(
        () -> {
          Mf spec = model == Model.BIASED ? Mf.biased(factors) : Mf.basic(factors);
          double keras = l2 != null ? l2 : model == Model.L2 ? USUAL_L2 : 0;
          spec = spec.withL2(keras);
          if (tuned()) {
            spec = spec.withTunedOptions();
          }
          if (spec.l2() > 0) {
            spec = spec.withRegularization(0, 0); // one kind unless both are asked for
          }
          if (regularization != null) {
            spec = spec.withRegularization(regularization);
          }
          if (biasRegularization != null && biasRegularization != 0 && model != Model.BIASED) {
            throw new IllegalArgumentException(
                "--bias-regularization " + biasRegularization + " needs --model biased");
          }
          if (biasRegularization != null) {
            spec = spec.withRegularization(spec.regularization(), biasRegularization);
          }
          spec = spec.withMeanOffset(meanOffset != null ? meanOffset : spec.meanOffset());
          return spec.withClip(clip != null ? clip : spec.clip());
        });
  }

  /** The options, still without listeners; wrong usage if a number is out of range. */
  TrainingOptions.Builder options() {
    return checked(
        () -> {
          TrainingOptions base = presetOptions();
          int epochCount = epochs != null ? epochs : base.epochs();
          boolean perRating = updates() == Updates.PER_RATING;
          if (perRating && batchSize != null) {
            throw new IllegalArgumentException(
                "--updates rating has no batches; leave --batch-size " + batchSize + " out");
          }
          int batch = batchSize != null ? batchSize : tuned() ? USUAL_BATCH : base.batchSize();
          TrainingOptions.Builder builder =
              base.toBuilder()
                  .epochs(epochCount)
                  .updates(updates())
                  .precision(precision)
                  .batchSize(batch);
          batch = perRating ? 1 : batch;
          Optimizer rule = optimizer(batch, epochCount);
          TrainingJob.requireUpdates(updates(), spec(), rule);
          TrainingJob.requirePrecision(precision, updates());
          builder.optimizer(rule);
          if (threads != null) {
            builder.threads(threads);
          }
          if (earlyStopping != null) {
            Counts.requirePositive(command, "--early-stopping", earlyStopping);
            builder.earlyStopping(new EarlyStopping(earlyStopping));
          }
          return builder.shuffle(shuffle).seed(seed).backend(backend);
        });
  }

  /** Fits what was not given to the ratings: before, only the values could be checked. */
  void fit(TrainingOptions.Builder options, Ratings training) {
    if (!tuned()) {
      return;
    }
    options.ratingUnit(TrainingOptions.tunedUnit(training));
    if (model != Model.BIASED || optimizerName() != OptimizerName.SGD) {
      return;
    }
    boolean perRating = updates() == Updates.PER_RATING;
    int batch =
        batchSize != null
            ? batchSize
            : TrainingOptions.tunedInBatchesFor(spec(), training).batchSize();
    double rate =
        learningRate != null
            ? learningRate
            : TrainingOptions.tunedRate(training, perRating ? 1 : batch);
    int epochCount = epochs != null ? epochs : presetOptions().epochs();
    options.batchSize(batch).optimizer(new Sgd(schedule(rate, epochCount).withWarmUp(warmUp)));
  }

  /** An update per rating wherever the model and the optimizer allow it. */
  private Updates updates() {
    if (updates != null) {
      return updates == UpdatesName.RATING ? Updates.PER_RATING : Updates.PER_BATCH;
    }
    boolean batches = !tuned() || batchSize != null || optimizerName() == OptimizerName.ADAM;
    return batches ? Updates.PER_BATCH : TrainingOptions.tunedFor(spec()).updates();
  }

  private TrainingOptions presetOptions() {
    return tuned() ? TrainingOptions.tunedFor(spec()) : TrainingOptions.keras();
  }

  private OptimizerName optimizerName() {
    if (optimizer != null) {
      return optimizer;
    }
    return switch (presetOptions().optimizer()) {
      case Sgd sgd -> OptimizerName.SGD;
      case Adam adam -> OptimizerName.ADAM;
      case LazyAdam lazyAdam -> OptimizerName.LAZY_ADAM;
      case AdaGrad adaGrad -> OptimizerName.ADAGRAD;
    };
  }

  private Optimizer optimizer(int batch, int epochCount) {
    double rate = learningRate != null ? learningRate : presetRate(batch);
    LearningRate goes = schedule(rate, epochCount).withWarmUp(warmUp);
    return switch (optimizerName()) {
      case SGD -> new Sgd(goes);
      case ADAM -> new Adam(goes);
      case LAZY_ADAM -> new LazyAdam(goes);
      case ADAGRAD -> new AdaGrad(goes);
    };
  }

  private double presetRate(int batch) {
    if (!tuned()) {
      return optimizerName() == OptimizerName.SGD ? 0.01 : 0.001; // Keras' defaults
    }
    return switch (optimizerName()) {
      case SGD ->
          model == Model.BIASED
              ? TrainingOptions.tuned(batch).optimizer().learningRate().initial()
              : DENSE_SGD_RATE;
      case ADAGRAD -> 0.045;
      case ADAM, LAZY_ADAM -> 0.002;
    };
  }

  private LearningRate schedule(double rate, int epochCount) {
    Schedule shape = schedule != null ? schedule : tuned() ? Schedule.COSINE : Schedule.CONSTANT;
    if ((shape == Schedule.EXPONENTIAL) != (decay != null)) {
      throw new IllegalArgumentException(
          shape == Schedule.EXPONENTIAL
              ? "--schedule exponential needs --decay, a factor an epoch such as 0.9"
              : "--decay " + decay + " needs --schedule exponential");
    }
    return switch (shape) {
      case CONSTANT -> LearningRate.constant(rate);
      case EXPONENTIAL -> LearningRate.exponential(rate, java.util.Objects.requireNonNull(decay));
      case COSINE -> LearningRate.cosine(rate, epochCount);
    };
  }

  /** Numbers that a record refuses are wrong usage of a flag. */
  private <T> T checked(Supplier<T> make) {
    try {
      return make.get();
    } catch (IllegalArgumentException wrong) {
      throw new ParameterException(
          command.commandLine(), String.valueOf(wrong.getMessage()), wrong);
    }
  }
}
