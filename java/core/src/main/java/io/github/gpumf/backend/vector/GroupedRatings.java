package io.github.gpumf.backend.vector;

import java.util.ArrayList;
import java.util.List;

/**
 * AdaGrad and LazyAdam by rating, a group of ratings at a time. A rating alone is a chain of
 * operations that wait for each other: a dot product, its sum, a root, a division, and only then
 * the rows can move; a processor has room for little more than one such chain. The ratings of a
 * group share no row, so each of these operations is done for all of them before the next, and the
 * result is that of one after the other.
 */
final class GroupedRatings implements RatingKernel {
  private final GroupPhase[] phases;

  private GroupedRatings(List<GroupPhase> phases) {
    this.phases = phases.toArray(GroupPhase[]::new);
  }

  /** The kernel of a rule other than Sgd's. */
  static GroupedRatings of(RatingRule rule, Shaped.Shape shape) {
    List<GroupPhase> phases = new ArrayList<>();
    phases.add(Shaped.make(PredictGroup.class, shape));
    phases.add(new GroupNumbers.Spread());
    phases.add(new GroupNumbers.FindSlopes());
    switch (rule) {
      case ADAGRAD_BY_ROW -> {
        phases.add(new GroupNumbers.GrowRows());
        phases.add(new GroupNumbers.GrowBiases());
        phases.add(new GroupNumbers.MoveSquares());
        phases.add(Shaped.make(MoveGroupByRow.class, shape));
      }
      case ADAGRAD_BY_ELEMENT -> {
        phases.add(new GroupNumbers.GrowBiases());
        phases.add(Shaped.make(MoveGroupByElement.class, shape));
      }
      case LAZY_ADAM -> {
        phases.add(new GroupNumbers.MoveBiases());
        phases.add(Shaped.make(MoveItemMoments.class, shape));
        phases.add(Shaped.make(MoveGroupByMoments.class, shape));
      }
      case SGD -> throw new IllegalArgumentException("SgdRatings is for Sgd");
    }
    phases.add(new GroupNumbers.Join());
    phases.add(Shaped.make(FinishGroup.class, shape));
    return new GroupedRatings(phases);
  }

  @Override
  public double run(
      long from, long end, byte[] groups, RatingSide users, RatingSide items, RatingStep step) {
    RatingGroup group = new RatingGroup(from, users, items, step);
    for (byte size : groups) {
      group.size = size;
      for (GroupPhase phase : phases) {
        phase.apply(group);
      }
    }
    return group.squaredError;
  }
}
