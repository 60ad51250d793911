package io.github.gpumf.backend.vector;

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
    GroupPhase predict = Shaped.make(PredictGroup.class, shape);
    List<GroupPhase> moves =
        switch (rule) {
          case ADAGRAD_BY_ROW ->
              List.of(
                  RatingGroup::growRows,
                  RatingGroup::moveSquares,
                  RatingGroup::growBiases,
                  Shaped.make(MoveGroupByRow.class, shape));
          case ADAGRAD_BY_ELEMENT ->
              List.of(RatingGroup::growBiases, Shaped.make(MoveGroupByElement.class, shape));
          case LAZY_ADAM ->
              List.of(
                  RatingGroup::moveBiasesByMoments,
                  Shaped.make(AddGroupToMoments.class, shape),
                  Shaped.make(MoveGroupByMoments.class, shape));
          case SGD -> throw new IllegalArgumentException("SgdRatings is for Sgd");
        };
    List<GroupPhase> phases = new java.util.ArrayList<>();
    phases.add(predict);
    phases.add(RatingGroup::gather);
    phases.add(RatingGroup::findSlopes);
    phases.addAll(moves);
    phases.add(RatingGroup::scatter);
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
