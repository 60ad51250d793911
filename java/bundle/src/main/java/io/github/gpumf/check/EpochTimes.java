package io.github.gpumf.check;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingSession.EpochTotals;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.AdaGrad;
import io.github.gpumf.optim.AdaGrad.Accumulator;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import java.util.ArrayList;
import java.util.List;

/**
 * Epochs as a training runs them, by the host's clock: from the first launch until the totals are
 * back.
 */
final class EpochTimes implements Measure {
  /** After one that is not counted. */
  private static final int MOST_EPOCHS = 5;

  /** The property that says whether launches are recorded into graphs; read at opening. */
  private static final String GRAPHS = "gpumf.graphs";

  /** Of one case; the first epoch counts if there is no time for another. */
  private static final double MOST_SECONDS = 6;

  /** Put ratings in order where every one is an update: a part of what is timed. */
  private static final int PROCESSORS = Runtime.getRuntime().availableProcessors();

  /** Over what epochs are timed. */
  enum Part {
    /** Shows what a small batch costs, with graphs of launches and without. */
    BATCH_SIZES("batch sizes"),

    /** Numbers of ratings. */
    EPOCHS("epochs"),

    /**
     * Each of its kernels has a case. Large batches go through the same ratings, to be compared
     * with PyTorch's.
     */
    PER_RATING("an update a rating");

    private final String title;

    Part(String title) {
      this.title = title;
    }
  }

  private final Part part;
  private final Backend backend;
  private final SkewedRatings skewedRatings;
  private final Sizes sizes;

  EpochTimes(Part part, Backend backend, SkewedRatings skewedRatings, Sizes sizes) {
    this.part = part;
    this.backend = backend;
    this.skewedRatings = skewedRatings;
    this.sizes = sizes;
  }

  /** The optimizers that are timed, with rates that no batch size makes diverge. */
  private static List<Optimizer> optimizers() {
    return List.of(new LazyAdam(1e-3), new Adam(1e-3), new Sgd(1e-2), new AdaGrad(1e-2));
  }

  /**
   * Those of the batch sizes: the two that PyTorch has, too, with its epsilon of 1e-8 in place of
   * Keras' 1e-7. The mean gradients of a million ratings are so small that it decides how fast rows
   * move: after six epochs of an eighth of the ratings in such batches the RMSE is 0.68 with 1e-7
   * and 0.606 with 1e-8, where PyTorch has 0.609.
   */
  static List<Optimizer> adams() {
    LearningRate rate = LearningRate.constant(1e-3);
    return List.of(new LazyAdam(rate, 0.9, 0.999, 1e-8), new Adam(rate, 0.9, 0.999, 1e-8));
  }

  /** Those with an update a rating; a G a row costs as good as no bytes. */
  private static List<Optimizer> optimizersPerRating() {
    return List.of(
        new Sgd(1e-2), new LazyAdam(1e-3), adaGrad(Accumulator.ROW), adaGrad(Accumulator.ELEMENT));
  }

  private static Optimizer adaGrad(Accumulator accumulator) {
    return new AdaGrad(LearningRate.constant(0.05), accumulator, 1e-10);
  }

  @Override
  public String name() {
    return part.title;
  }

  @Override
  public void run(Findings findings) throws InterruptedException {
    switch (part) {
      case BATCH_SIZES -> batchSizes(findings);
      case EPOCHS -> epochs(findings);
      case PER_RATING -> perRating(findings);
    }
  }

  private void batchSizes(Findings findings) throws InterruptedException {
    Ratings swept = skewedRatings.of(sizes.sweep());
    for (int batchSize : sizes.sweptBatchSizes()) {
      for (Optimizer optimizer : adams()) {
        findings.addBatchSize(time(swept, optimizer, batchSize));
        if (batchSize <= sizes.batchSize()) {
          findings.addBatchSize(timeWithoutGraphs(swept, optimizer, batchSize));
        }
      }
    }
  }

  private void epochs(Findings findings) throws InterruptedException {
    for (Shape shape : sizes.epochs()) {
      Ratings ratings = skewedRatings.of(shape);
      for (Optimizer optimizer : optimizers()) {
        findings.add(time(ratings, optimizer, sizes.batchSize()));
      }
    }
  }

  private void perRating(Findings findings) throws InterruptedException {
    Ratings oneByOne = skewedRatings.of(sizes.perRating());
    for (int batchSize : sizes.largeBatchSizes()) {
      for (Optimizer optimizer : adams()) {
        findings.addBatchSize(time(oneByOne, optimizer, batchSize));
      }
    }
    for (int factors : sizes.perRatingFactors()) {
      for (Optimizer optimizer : optimizersPerRating()) {
        for (Precision precision : Precision.values()) {
          findings.addPerRating(timePerRating(oneByOne, optimizer, factors, precision));
        }
      }
    }
  }

  private Findings.Prepared timePerRating(
      Ratings ratings, Optimizer optimizer, int factors, Precision precision)
      throws InterruptedException {
    Mf spec = Mf.biased(factors).withMeanOffset(true);
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            optimizer,
            Updates.PER_RATING,
            precision,
            1,
            backend.cut(),
            true,
            1,
            PROCESSORS,
            1e6,
            TrainingState.initial(ratings, spec, optimizer, 1));
    int ofRound = Math.toIntExact(Math.ceilDiv(ratings.size(), job.batchesPerEpoch()));
    String what = name(optimizer) + (precision == Precision.HALF ? ", factors as halves" : "");
    return time(job, what, ofRound);
  }

  private Findings.Epoch timeWithoutGraphs(Ratings ratings, Optimizer optimizer, int batchSize)
      throws InterruptedException {
    String before = System.getProperty(GRAPHS);
    System.setProperty(GRAPHS, "off");
    try {
      return time(ratings, optimizer, batchSize, name(optimizer) + ", no graphs");
    } finally {
      if (before == null) {
        System.clearProperty(GRAPHS);
      } else {
        System.setProperty(GRAPHS, before);
      }
    }
  }

  private Findings.Epoch time(Ratings ratings, Optimizer optimizer, int batchSize)
      throws InterruptedException {
    return time(ratings, optimizer, batchSize, name(optimizer));
  }

  private Findings.Epoch time(Ratings ratings, Optimizer optimizer, int batchSize, String what)
      throws InterruptedException {
    Mf spec = Mf.biased(sizes.epochFactors()).withMeanOffset(true);
    TrainingJob job =
        new TrainingJob(
            ratings,
            spec,
            optimizer,
            batchSize,
            true,
            1,
            1,
            1e6,
            TrainingState.initial(ratings, spec, optimizer, 1));
    return time(job, what, batchSize).epoch();
  }

  private static String name(Optimizer optimizer) {
    String name = optimizer.getClass().getSimpleName();
    return optimizer instanceof AdaGrad adaGrad && adaGrad.accumulator() == Accumulator.ROW
        ? name + " by row"
        : name;
  }

  private Findings.Prepared time(TrainingJob job, String what, int batchSize)
      throws InterruptedException {
    List<Double> milliseconds = new ArrayList<>();
    double firstError = 0;
    EpochTotals totals = EpochTotals.NONE;
    long open = System.nanoTime();
    double preparation;
    try (TrainingSession session = backend.openTraining(job)) {
      long begin = System.nanoTime();
      preparation = (begin - open) / 1e9;
      for (int epoch = 0; epoch <= MOST_EPOCHS; epoch++) {
        long start = System.nanoTime();
        totals = session.run(epoch, 0, job.batchesPerEpoch());
        milliseconds.add((System.nanoTime() - start) / 1e6);
        if (epoch == 0) {
          firstError = totals.squaredError();
        }
        if (Thread.interrupted()) {
          throw new InterruptedException("in epochs with " + what);
        }
        if (epoch > 0 && (System.nanoTime() - begin) / 1e9 > MOST_SECONDS) {
          break;
        }
      }
    }
    // A fast wrong epoch is worth nothing.
    if (totals.diverged() || !(totals.squaredError() < firstError)) {
      throw new IllegalStateException(
          "%s with batches of %d does not learn: squared error %.6g, then %.6g"
              .formatted(what, batchSize, firstError, totals.squaredError()));
    }
    double[] counted = milliseconds.stream().skip(1).mapToDouble(Double::doubleValue).toArray();
    Ratings ratings = job.ratings();
    Findings.Epoch epoch =
        new Findings.Epoch(
            "gpumf",
            what,
            ratings.size(),
            ratings.userCount(),
            ratings.itemCount(),
            job.spec().factors(),
            batchSize,
            EventTimer.median(counted),
            Math.sqrt(totals.squaredError() / ratings.size()));
    return new Findings.Prepared(epoch, preparation);
  }
}
