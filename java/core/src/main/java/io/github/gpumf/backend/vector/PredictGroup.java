package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Reads the ratings of a group, and makes the dot products of their rows. */
final class PredictGroup implements GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  public void apply(RatingGroup group) {
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.next + (long) number * STRIDE);
      int user = Lanes.getInt(at + RatingGrid.USER);
      int item = Lanes.getInt(at + RatingGrid.ITEM);
      group.users[number] = user;
      group.items[number] = item;
      group.values[number] = Lanes.get(at + RatingGrid.VALUE);
      group.weights[number] = STRIDE > RatingGrid.WEIGHT ? Lanes.get(at + RatingGrid.WEIGHT) : 1;
      long p = Lanes.address(group.userSide.factors + (long) user * ROW_BYTES);
      long q = Lanes.address(group.itemSide.factors + (long) item * ROW_BYTES);
      FloatVector products = FloatVector.zero(Lanes.SPECIES);
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        products = Lanes.load(p + byteAt).fma(Lanes.load(q + byteAt), products);
      }
      group.dots[number] = Lanes.sum(products);
    }
    group.next += (long) group.size * STRIDE;
  }
}
