package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Moves the rows of a group by LazyAdam's moments, which {@link AddGroupToMoments} has moved. */
final class MoveGroupByMoments implements GroupPhase {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void apply(RatingGroup group) {
    float rate = group.step.rate();
    float epsilon = group.step.epsilon();
    for (int number = 0; number < group.size; number++) {
      move(group.userSide, (long) group.users[number] * ROW_BYTES, rate, epsilon);
      move(group.itemSide, (long) group.items[number] * ROW_BYTES, rate, epsilon);
    }
  }

  private static void move(RatingSide side, long offset, float rate, float epsilon) {
    long row = Lanes.address(side.factors + offset);
    long first = Lanes.address(side.first + offset);
    long second = Lanes.address(side.second + offset);
    for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
      FloatVector root = Lanes.load(second + byteAt).sqrt().add(epsilon);
      FloatVector move = Lanes.load(first + byteAt).mul(rate).div(root);
      Lanes.store(Lanes.load(row + byteAt).sub(move), row + byteAt);
    }
  }
}
