package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Moves LazyAdam's moments of the items of a group toward their gradients, {@code slope p +
 * shrinkage q}; the rows stay for {@link MoveGroupByMoments}.
 */
final class MoveItemMoments extends GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  void apply(RatingGroup group) {
    RatingSide items = group.items;
    float shrinkage = group.step.shrinkage();
    float weight1 = group.step.weight1();
    float weight2 = group.step.weight2();
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      long userRow = (long) Lanes.getInt(at + RatingGrid.USER) * ROW_BYTES;
      long itemRow = (long) Lanes.getInt(at + RatingGrid.ITEM) * ROW_BYTES;
      long p = Lanes.address(group.users.factors + userRow);
      long q = Lanes.address(items.factors + itemRow);
      long first = Lanes.address(items.first + itemRow);
      long second = Lanes.address(items.second + itemRow);
      float slope = group.slopes[number];
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        FloatVector g =
            Lanes.load(p + byteAt).mul(slope).add(Lanes.load(q + byteAt).mul(shrinkage));
        FloatVector m = Lanes.load(first + byteAt);
        FloatVector v = Lanes.load(second + byteAt);
        Lanes.store(m.add(g.sub(m).mul(weight1)), first + byteAt);
        Lanes.store(v.add(g.mul(g).sub(v).mul(weight2)), second + byteAt);
      }
    }
  }
}
