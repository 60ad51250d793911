package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Moves LazyAdam's moments of the users of a group toward their gradients, {@code slope q +
 * shrinkage p}, and the rows of users and items by their moments. Those of the items {@link
 * MoveItemMoments} has moved before: all of it in one loop is more than the compiler inlines.
 *
 * <p>The limit: 2 k / 16 roots and divisions of 16 lanes, which at k = 64 take 32 ns of a
 * processor's one divider. What else the loop does fits beside them.
 */
final class MoveGroupByMoments extends GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  void apply(RatingGroup group) {
    RatingSide users = group.users;
    RatingSide items = group.items;
    float shrinkage = group.step.shrinkage();
    float weight1 = group.step.weight1();
    float weight2 = group.step.weight2();
    float rate = group.step.rate();
    float epsilon = group.step.epsilon();
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      long userRow = (long) Lanes.getInt(at + RatingGrid.USER) * ROW_BYTES;
      long itemRow = (long) Lanes.getInt(at + RatingGrid.ITEM) * ROW_BYTES;
      long p = Lanes.address(users.factors + userRow);
      long mp = Lanes.address(users.first + userRow);
      long vp = Lanes.address(users.second + userRow);
      long q = Lanes.address(items.factors + itemRow);
      long mq = Lanes.address(items.first + itemRow);
      long vq = Lanes.address(items.second + itemRow);
      float slope = group.slopes[number];
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        FloatVector ofP = Lanes.load(p + byteAt);
        FloatVector ofQ = Lanes.load(q + byteAt);
        FloatVector g = ofQ.mul(slope).add(ofP.mul(shrinkage));
        FloatVector m = Lanes.load(mp + byteAt);
        FloatVector v = Lanes.load(vp + byteAt);
        m = m.add(g.sub(m).mul(weight1));
        v = v.add(g.mul(g).sub(v).mul(weight2));
        Lanes.store(m, mp + byteAt);
        Lanes.store(v, vp + byteAt);
        Lanes.store(ofP.sub(m.mul(rate).div(v.sqrt().add(epsilon))), p + byteAt);
        FloatVector root = Lanes.load(vq + byteAt).sqrt().add(epsilon);
        Lanes.store(ofQ.sub(Lanes.load(mq + byteAt).mul(rate).div(root)), q + byteAt);
      }
    }
  }
}
