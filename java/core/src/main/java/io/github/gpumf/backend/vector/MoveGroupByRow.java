package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Moves the rows of a group: {@code p' = keep p + move q}, and the same the other way round. */
final class MoveGroupByRow extends GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  void apply(RatingGroup group) {
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      long user = Lanes.getInt(at + RatingGrid.USER);
      long item = Lanes.getInt(at + RatingGrid.ITEM);
      long p = Lanes.address(group.users.factors + user * ROW_BYTES);
      long q = Lanes.address(group.items.factors + item * ROW_BYTES);
      FloatVector userKeep = FloatVector.broadcast(Lanes.SPECIES, group.ofUsers.keep[number]);
      FloatVector userMove = FloatVector.broadcast(Lanes.SPECIES, group.ofUsers.move[number]);
      FloatVector itemKeep = FloatVector.broadcast(Lanes.SPECIES, group.ofItems.keep[number]);
      FloatVector itemMove = FloatVector.broadcast(Lanes.SPECIES, group.ofItems.move[number]);
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        FloatVector ofP = Lanes.load(p + byteAt);
        FloatVector ofQ = Lanes.load(q + byteAt);
        Lanes.store(ofQ.fma(userMove, ofP.mul(userKeep)), p + byteAt);
        Lanes.store(ofP.fma(itemMove, ofQ.mul(itemKeep)), q + byteAt);
      }
    }
  }
}
