package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Moves the rows of a group by AdaGrad with an accumulator for every weight. */
final class MoveGroupByElement implements GroupPhase {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void apply(RatingGroup group) {
    float shrinkage = group.step.shrinkage();
    float rate = group.step.rate();
    float epsilon = group.step.epsilon();
    for (int number = 0; number < group.size; number++) {
      long userRow = (long) group.users[number] * ROW_BYTES;
      long itemRow = (long) group.items[number] * ROW_BYTES;
      long p = Lanes.address(group.userSide.factors + userRow);
      long q = Lanes.address(group.itemSide.factors + itemRow);
      long sumsOfP = Lanes.address(group.userSide.first + userRow);
      long sumsOfQ = Lanes.address(group.itemSide.first + itemRow);
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
