package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Moves LazyAdam's moments of the rows of a group toward their gradients, {@code slope q +
 * shrinkage p} of a user's row; the rows themselves stay for {@link MoveGroupByMoments}.
 */
final class AddGroupToMoments implements GroupPhase {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void apply(RatingGroup group) {
    for (int number = 0; number < group.size; number++) {
      long userRow = (long) group.users[number] * ROW_BYTES;
      long itemRow = (long) group.items[number] * ROW_BYTES;
      long p = Lanes.address(group.userSide.factors + userRow);
      long q = Lanes.address(group.itemSide.factors + itemRow);
      float slope = group.slopes[number];
      RatingSide users = group.userSide;
      RatingSide items = group.itemSide;
      add(p, q, slope, users.first + userRow, users.second + userRow, group.step);
      add(q, p, slope, items.first + itemRow, items.second + itemRow, group.step);
    }
  }

  /** Moves the moments of row x toward its gradient {@code slope y + shrinkage x}. */
  private static void add(
      long x, long y, float slope, long firstRow, long secondRow, RatingStep step) {
    long first = Lanes.address(firstRow);
    long second = Lanes.address(secondRow);
    float shrinkage = step.shrinkage();
    float weight1 = step.weight1();
    float weight2 = step.weight2();
    for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
      FloatVector g = Lanes.load(y + byteAt).mul(slope).add(Lanes.load(x + byteAt).mul(shrinkage));
      FloatVector m = Lanes.load(first + byteAt);
      FloatVector v = Lanes.load(second + byteAt);
      Lanes.store(m.add(g.sub(m).mul(weight1)), first + byteAt);
      Lanes.store(v.add(g.mul(g).sub(v).mul(weight2)), second + byteAt);
    }
  }
}
