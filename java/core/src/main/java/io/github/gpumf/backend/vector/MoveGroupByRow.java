package io.github.gpumf.backend.vector;

import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Moves the rows of a group: {@code p' = keep p + move q}, and the same the other way round. */
final class MoveGroupByRow implements GroupPhase {
  private static final int ROW_BYTES = Shaped.Shape.of(MethodHandles.lookup()).rowBytes();

  @Override
  public void apply(RatingGroup group) {
    for (int number = 0; number < group.size; number++) {
      long p = Lanes.address(group.userSide.factors + (long) group.users[number] * ROW_BYTES);
      long q = Lanes.address(group.itemSide.factors + (long) group.items[number] * ROW_BYTES);
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
