package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Moves the rows of a group by AdaGrad with an accumulator for every weight. */
final class MoveGroupByElement extends GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  void apply(RatingGroup group) {
    float shrinkage = group.step.shrinkage();
    float rate = group.step.rate();
    float epsilon = group.step.epsilon();
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      long userRow = (long) Lanes.getInt(at + RatingGrid.USER) * ROW_BYTES;
      long itemRow = (long) Lanes.getInt(at + RatingGrid.ITEM) * ROW_BYTES;
      long p = Lanes.address(group.users.factors + userRow);
      long q = Lanes.address(group.items.factors + itemRow);
      long sumsOfP = Lanes.address(group.users.first + userRow);
      long sumsOfQ = Lanes.address(group.items.first + itemRow);
      float slope = group.slopes[number];
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        FloatVector ofP = Lanes.load(p + byteAt);
        FloatVector ofQ = Lanes.load(q + byteAt);
        FloatVector g = ofQ.mul(slope).add(ofP.mul(shrinkage));
        FloatVector sums = Lanes.load(sumsOfP + byteAt).add(g.mul(g));
        Lanes.store(sums, sumsOfP + byteAt);
        Lanes.store(ofP.sub(g.mul(rate).div(sums.sqrt().add(epsilon))), p + byteAt);
        g = ofP.mul(slope).add(ofQ.mul(shrinkage));
        sums = Lanes.load(sumsOfQ + byteAt).add(g.mul(g));
        Lanes.store(sums, sumsOfQ + byteAt);
        Lanes.store(ofQ.sub(g.mul(rate).div(sums.sqrt().add(epsilon))), q + byteAt);
      }
    }
  }
}
