package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.HostMemory;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.MemoryPlan.Part;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.util.ArrayList;
import java.util.List;

/** The processor's vector units, on several threads. */
final class VectorBackend implements Backend {
  @Override
  public String name() {
    return "vector";
  }

  @Override
  public String arithmetic() {
    return Lanes.SPECIES.vectorBitSize() + "-bit vectors";
  }

  @Override
  public String device() {
    return arithmetic() + ", up to " + Runtime.getRuntime().availableProcessors() + " threads";
  }

  /** Off-heap tables, and the arrays that grow with the batch or the tables. */
  @Override
  public MemoryPlan plan(TrainingShape shape) {
    int factors = shape.spec().factors();
    int slots = TrainingState.slotNames(shape.optimizer()).size();
    boolean byRow = TrainingState.slotColumns(shape.optimizer(), factors) < factors;
    List<Part> parts = new ArrayList<>();
    parts.add(new Part("weights", bytes(shape, false)));
    parts.add(new Part("optimizer state", slots * bytes(shape, byRow)));
    parts.addAll(
        switch (shape.updates()) {
          case PER_BATCH -> partsOfBatch(shape);
          case PER_RATING -> partsOfRatings(shape);
        });
    return HostMemory.plan(shape, parts);
  }

  private static List<Part> partsOfBatch(TrainingShape shape) {
    return List.of(
        new Part("gradients", BatchSteps.bytes(shape)),
        new Part("batches", BatchAhead.bytes(shape)));
  }

  private static List<Part> partsOfRatings(TrainingShape shape) {
    long rows = (long) shape.users() + shape.items();
    RatingRule rule = RatingRule.of(shape.optimizer());
    return List.of(
        new Part("ratings in order", RatingGrid.bytes(shape.ratings(), shape.weighted())),
        new Part(
            "rows in order",
            rows * 2 * Integer.BYTES
                + RatingSide.bytes(rule, shape.users())
                + RatingSide.bytes(rule, shape.items())));
  }

  /** Of the weights, or of numbers beside them. */
  private static long bytes(TrainingShape shape, boolean byRow) {
    int factors = shape.spec().factors();
    long tables =
        byRow
            ? bytesOfColumns(shape)
            : PaddedTable.bytesOfRows(shape.users(), factors)
                + PaddedTable.bytesOfRows(shape.items(), factors);
    return tables
        + (shape.spec().head() == Mf.Head.DENSE
            ? PaddedTable.bytesOfRows(1, 2)
            : bytesOfColumns(shape));
  }

  private static long bytesOfColumns(TrainingShape shape) {
    return PaddedTable.bytesOfColumn(shape.users()) + PaddedTable.bytesOfColumn(shape.items());
  }

  @Override
  public TrainingSession openTraining(TrainingJob job) {
    if (job.precision() != Precision.SINGLE) {
      throw new IllegalArgumentException(
          "the vector backend stores factors in single precision, not "
              + job.precision()
              + "; give the job what precision() answers, or use another backend");
    }
    if (job.updates() == Updates.PER_RATING
        && job.cut().visits() != RatingGrid.Visits.USERS_IN_TURN) {
      throw new IllegalArgumentException(
          "the vector backend works on groups of ratings that share no row, in the order USERS_IN_TURN, not "
              + job.cut().visits()
              + "; give the job what cut() answers, or use another backend");
    }
    return VectorSession.open(job);
  }

  @Override
  public Scorer openScorer(MfModel model) {
    return new VectorScorer(model, Runtime.getRuntime().availableProcessors());
  }
}
