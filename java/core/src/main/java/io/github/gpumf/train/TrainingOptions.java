package io.github.gpumf.train;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * How to train. Immutable; {@link #keras} and {@link #tuned} are the two starting points, {@link
 * #toBuilder} changes some of it.
 */
public final class TrainingOptions {
  private final int epochs;
  private final int batchSize;
  private final Updates updates;
  private final Precision precision;
  private final Optimizer optimizer;
  private final double ratingUnit;
  private final long seed;
  private final boolean shuffle;
  private final int threads;
  private final String backend;
  private final boolean keepSeenItems;
  private final @Nullable EarlyStopping earlyStopping;
  private final @Nullable Checkpointing checkpointing;
  private final @Nullable Cancellation cancellation;
  private final List<TrainingListener> listeners;

  private TrainingOptions(Builder builder) {
    epochs = builder.epochs;
    batchSize = builder.batchSize;
    updates = builder.updates;
    precision = builder.precision;
    optimizer = builder.optimizer;
    ratingUnit = builder.ratingUnit;
    seed = builder.seed;
    shuffle = builder.shuffle;
    threads = builder.threads;
    backend = builder.backend;
    keepSeenItems = builder.keepSeenItems;
    earlyStopping = builder.earlyStopping;
    checkpointing = builder.checkpointing;
    cancellation = builder.cancellation;
    listeners = List.copyOf(builder.listeners);
  }

  /**
   * Keras' defaults: Adam with a learning rate of 0.001, batches of 32; 10 epochs, where Keras has
   * no habit of its own.
   *
   * @return the options
   */
  public static TrainingOptions keras() {
    return builder(new Adam(1e-3)).build();
  }

  /**
   * What does well on MovieLens with {@link Mf#tuned}; chosen by measurement, see {@code
   * bench/results/accuracy.md}: 20 epochs of Sgd with {@linkplain Updates#PER_RATING an update per
   * rating}, and a learning rate of 17 / 1024 that falls to zero along a cosine.
   *
   * @return the options
   */
  public static TrainingOptions tuned() {
    return TunedOptions.perRating();
  }

  /**
   * {@link #tuned()} in batches. The loss is a mean over the batch, so the learning rate grows with
   * it: each rating pulls as hard.
   *
   * @param batchSize ratings in a step, at least 1
   * @return the options, with an update per batch
   */
  public static TrainingOptions tuned(int batchSize) {
    return TunedOptions.inBatches(batchSize);
  }

  /**
   * What does well on MovieLens with a model's head. With biases {@link #tuned()}, and with Keras'
   * L2 on top, which needs batches, {@code tuned(256)}. With a Dense head 5 epochs of LazyAdam in
   * batches of 256, with a learning rate of 0.002: Sgd's rate would be too high for the head's two
   * numbers, which every rating moves, and their kernel grows until regularization of the factors
   * has no hold, so it pays to stop early.
   *
   * @param spec the model
   * @return the options
   */
  public static TrainingOptions tunedFor(Mf spec) {
    return TunedOptions.of(spec);
  }

  /**
   * {@link #tunedFor(Mf)} fitted to the ratings, so that it does as well on sets that are not like
   * MovieLens; on MovieLens it is the same. Ratings are trained on in {@linkplain #tunedUnit units}
   * in which they span about 4, as stars do. Batches, if there are any, are those of {@link
   * #tunedInBatchesFor}.
   *
   * @param spec the model
   * @param ratings what it is to be trained on
   * @return the options
   */
  public static TrainingOptions tunedFor(Mf spec, Ratings ratings) {
    return TunedOptions.of(spec, ratings);
  }

  /**
   * {@link #tunedFor(Mf, Ratings)} with an update per batch, of 256 ratings or fewer. A batch is
   * not larger than the set, has no more than 23 ratings of one user or item on average, and leaves
   * a last batch of at least an eighth of its size. The mean over a batch is what the learning rate
   * was chosen for: ratings of one row that add up in it, or a last one alone, would overshoot.
   *
   * @param spec the model
   * @param ratings what it is to be trained on
   * @return the options
   */
  public static TrainingOptions tunedInBatchesFor(Mf spec, Ratings ratings) {
    return TunedOptions.inBatches(spec, ratings);
  }

  /**
   * The learning rate of {@link #tunedFor(Mf, Ratings)}, in its {@linkplain #tunedUnit unit}, for
   * batches of another size.
   *
   * @param ratings what a model with biases is to be trained on, at least one
   * @param batchSize ratings in a step; 1 with an update per rating
   * @return the rate at the start
   */
  public static double tunedRate(Ratings ratings, int batchSize) {
    return TunedOptions.rate(ratings, batchSize);
  }

  /**
   * The {@linkplain Builder#ratingUnit unit} of {@link #tunedFor(Mf, Ratings)}: a quarter of what
   * ratings span without the highest and the lowest hundredth of them, which may be anything.
   *
   * @param ratings what a model is to be trained on
   * @return 1 for stars and half stars, which span 3 to 5.3; 1/4 for 0 and 1, 25 for percents; 1 if
   *     all ratings are the same or there are none
   */
  public static double tunedUnit(Ratings ratings) {
    return TunedOptions.unit(ratings);
  }

  /**
   * Starts from nothing but an optimizer: 10 epochs, batches of 32, seed 0, shuffled, as many
   * threads as processors, any backend.
   *
   * @param optimizer how weights move
   * @return a builder
   */
  public static Builder builder(Optimizer optimizer) {
    return new Builder(optimizer);
  }

  /**
   * Starts from these options.
   *
   * @return a builder
   */
  public Builder toBuilder() {
    Builder builder = new Builder(optimizer);
    builder.epochs = epochs;
    builder.batchSize = batchSize;
    builder.updates = updates;
    builder.precision = precision;
    builder.ratingUnit = ratingUnit;
    builder.seed = seed;
    builder.shuffle = shuffle;
    builder.threads = threads;
    builder.backend = backend;
    builder.keepSeenItems = keepSeenItems;
    builder.earlyStopping = earlyStopping;
    builder.checkpointing = checkpointing;
    builder.cancellation = cancellation;
    builder.listeners.addAll(listeners);
    return builder;
  }

  /**
   * These options over another number of epochs. A cosine that reaches zero with the last epoch, as
   * {@link #tuned}'s does, reaches it with the new last one; any other schedule stays.
   *
   * @param number of epochs, at least 1
   * @return the new options
   */
  public TrainingOptions withEpochs(int number) {
    Builder builder = toBuilder().epochs(number);
    LearningRate rate = optimizer.learningRate();
    if (rate.decay() instanceof LearningRate.Cosine cosine && cosine.epochs() == epochs) {
      LearningRate.Decay whole = new LearningRate.Cosine(number, cosine.floor());
      builder.optimizer(
          optimizer.withLearningRate(new LearningRate(rate.initial(), whole, rate.warmUpEpochs())));
    }
    return builder.build();
  }

  /**
   * How often each rating is visited.
   *
   * @return at least 1
   */
  public int epochs() {
    return epochs;
  }

  /**
   * Ratings a step, with {@linkplain Updates#PER_BATCH an update per batch}.
   *
   * @return at least 1
   */
  public int batchSize() {
    return batchSize;
  }

  /**
   * How often weights move.
   *
   * @return once a batch by default
   */
  public Updates updates() {
    return updates;
  }

  /**
   * How factors are stored while the model is trained.
   *
   * @return as floats by default
   */
  public Precision precision() {
    return precision;
  }

  /**
   * How weights move.
   *
   * @return the optimizer
   */
  public Optimizer optimizer() {
    return optimizer;
  }

  /**
   * The unit that ratings are trained on in.
   *
   * @return positive and finite; 1 unless it was set
   */
  public double ratingUnit() {
    return ratingUnit;
  }

  /**
   * Where all randomness comes from.
   *
   * @return any value
   */
  public long seed() {
    return seed;
  }

  /**
   * Whether each epoch has a random order of its own.
   *
   * @return false for the order of the ratings
   */
  public boolean shuffle() {
    return shuffle;
  }

  /**
   * How many threads may work. The result does not depend on it.
   *
   * @return at least 1
   */
  public int threads() {
    return threads;
  }

  /**
   * Which backend.
   *
   * @return as {@link Backends#select} takes it
   */
  public String backend() {
    return backend;
  }

  /**
   * Whether the model keeps each user's training items, so that recommendations can leave them out.
   *
   * @return true by default
   */
  public boolean keepSeenItems() {
    return keepSeenItems;
  }

  /**
   * When to stop early.
   *
   * @return empty by default
   */
  public Optional<EarlyStopping> earlyStopping() {
    return Optional.ofNullable(earlyStopping);
  }

  /**
   * Where to save the state.
   *
   * @return empty by default
   */
  public Optional<Checkpointing> checkpointing() {
    return Optional.ofNullable(checkpointing);
  }

  /**
   * The switch that stops the training.
   *
   * @return empty by default
   */
  public Optional<Cancellation> cancellation() {
    return Optional.ofNullable(cancellation);
  }

  /**
   * Who hears how it goes.
   *
   * @return in the order they are called
   */
  public List<TrainingListener> listeners() {
    return listeners;
  }

  /**
   * Collects options. A setter throws an {@link IllegalArgumentException} that names the value and
   * the limit where it is out of range, and a {@link NullPointerException} for null where null has
   * no meaning; the builder is then as it was. Not safe for several threads.
   */
  public static final class Builder {
    /** More than any machine has use for; each thread takes memory, and the system has a limit. */
    private static final int MAX_THREADS = 1024;

    private int epochs = 10;
    private int batchSize = 32;
    private Updates updates = Updates.PER_BATCH;
    private Precision precision = Precision.SINGLE;
    private Optimizer optimizer;
    private double ratingUnit = 1;
    private long seed;
    private boolean shuffle = true;
    private int threads = Math.min(Runtime.getRuntime().availableProcessors(), MAX_THREADS);
    private String backend = Backends.AUTO;
    private boolean keepSeenItems = true;
    private @Nullable EarlyStopping earlyStopping;
    private @Nullable Checkpointing checkpointing;
    private @Nullable Cancellation cancellation;
    private final List<TrainingListener> listeners = new ArrayList<>();

    private Builder(Optimizer optimizer) {
      this.optimizer = Objects.requireNonNull(optimizer, "optimizer");
    }

    private static int atLeastOne(String name, int value) {
      if (value < 1) {
        throw new IllegalArgumentException(name + " must be at least 1, not " + value);
      }
      return value;
    }

    /**
     * Sets how often each rating is visited. The learning rate's schedule stays as it is: for a
     * cosine over the whole training there is {@link TrainingOptions#withEpochs}.
     *
     * @param value at least 1
     * @return this
     */
    public Builder epochs(int value) {
      epochs = atLeastOne("epochs", value);
      return this;
    }

    /**
     * Sets the ratings a step.
     *
     * @param value at least 1
     * @return this
     */
    public Builder batchSize(int value) {
      batchSize = atLeastOne("batch size", value);
      return this;
    }

    /**
     * Sets how often weights move.
     *
     * @param value once a batch, or once a rating: then there are no batches, and the learning rate
     *     is one for batches of 1
     * @return this
     */
    public Builder updates(Updates value) {
      updates = Objects.requireNonNull(value, "updates");
      return this;
    }

    /**
     * Sets how factors are stored while the model is trained.
     *
     * @param value as floats or, with {@linkplain Updates#PER_RATING an update per rating}, as
     *     halves; a backend that gains nothing by halves stores floats, and the line that says
     *     which backend was chosen says so
     * @return this
     */
    public Builder precision(Precision value) {
      precision = Objects.requireNonNull(value, "precision");
      return this;
    }

    /**
     * Sets how weights move.
     *
     * @param value the optimizer
     * @return this
     */
    public Builder optimizer(Optimizer value) {
      optimizer = Objects.requireNonNull(value, "optimizer");
      return this;
    }

    /**
     * Sets the unit that ratings are trained on in: they are divided by it, and the model's weights
     * are multiplied back. Learning rates, regularization and the factors to start from are those
     * of ratings in this unit, so that what was chosen for stars does as well for percents. What is
     * reported of epochs, and what the model predicts, is in the unit of the ratings as they are.
     *
     * @param value positive and finite
     * @return this
     */
    public Builder ratingUnit(double value) {
      if (!(value > 0 && value < Double.POSITIVE_INFINITY)) {
        throw new IllegalArgumentException("rating unit must be positive and finite, not " + value);
      }
      ratingUnit = value;
      return this;
    }

    /**
     * Sets where all randomness comes from.
     *
     * @param value any
     * @return this
     */
    public Builder seed(long value) {
      seed = value;
      return this;
    }

    /**
     * Sets whether each epoch has a random order of its own.
     *
     * @param value false for the order of the ratings
     * @return this
     */
    public Builder shuffle(boolean value) {
      shuffle = value;
      return this;
    }

    /**
     * Sets how many threads may work.
     *
     * @param value 1..1024
     * @return this
     */
    public Builder threads(int value) {
      if (value < 1 || value > MAX_THREADS) {
        throw new IllegalArgumentException(
            "threads must be in 1.." + MAX_THREADS + ", not " + value);
      }
      threads = value;
      return this;
    }

    /**
     * Sets the backend.
     *
     * @param value {@link Backends#AUTO}, or a name such as {@code cuda} or, for one of several
     *     devices, {@code cuda:1}
     * @return this
     */
    public Builder backend(String value) {
      backend = Objects.requireNonNull(value, "backend");
      return this;
    }

    /**
     * Sets whether the model keeps each user's training items.
     *
     * @param value whether to keep them
     * @return this
     */
    public Builder keepSeenItems(boolean value) {
      keepSeenItems = value;
      return this;
    }

    /**
     * Sets when to stop early; needs validation ratings.
     *
     * @param value the rule, or null for none
     * @return this
     */
    public Builder earlyStopping(@Nullable EarlyStopping value) {
      earlyStopping = value;
      return this;
    }

    /**
     * Sets where to save the state.
     *
     * @param value where and how often, or null for not at all
     * @return this
     */
    public Builder checkpointing(@Nullable Checkpointing value) {
      checkpointing = value;
      return this;
    }

    /**
     * Sets the switch that stops the training.
     *
     * @param value the switch, or null for none
     * @return this
     */
    public Builder cancellation(@Nullable Cancellation value) {
      cancellation = value;
      return this;
    }

    /**
     * Adds somebody who hears how it goes.
     *
     * @param value the listener
     * @return this
     */
    public Builder listener(TrainingListener value) {
      listeners.add(Objects.requireNonNull(value, "listener"));
      return this;
    }

    /**
     * Makes the options.
     *
     * @return the options
     */
    public TrainingOptions build() {
      return new TrainingOptions(this);
    }
  }
}
