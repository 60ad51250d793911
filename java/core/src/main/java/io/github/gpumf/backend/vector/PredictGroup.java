package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/**
 * Reads the ratings of a group with the numbers of their rows, and makes the dot products of the
 * rows. Which rows they are each phase reads from the ratings once more: to keep it in arrays took
 * an eighth of the time of an epoch.
 */
final class PredictGroup extends GroupPhase {
  private static final Shaped.Shape SHAPE = Shaped.Shape.of(MethodHandles.lookup());
  private static final int ROW_BYTES = SHAPE.rowBytes();
  private static final int STRIDE = SHAPE.stride();

  @Override
  void apply(RatingGroup group) {
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      long user = Lanes.getInt(at + RatingGrid.USER);
      long item = Lanes.getInt(at + RatingGrid.ITEM);
      group.values[number] = Lanes.get(at + RatingGrid.VALUE);
      group.weights[number] = STRIDE > RatingGrid.WEIGHT ? Lanes.get(at + RatingGrid.WEIGHT) : 1;
      Lanes.loadFour(Lanes.address(group.users.numbers + user * RowNumbers.BYTES))
          .intoArray(group.ofUsers.rows, RowNumbers.KINDS * number);
      Lanes.loadFour(Lanes.address(group.items.numbers + item * RowNumbers.BYTES))
          .intoArray(group.ofItems.rows, RowNumbers.KINDS * number);
      long p = Lanes.address(group.users.factors + user * ROW_BYTES);
      long q = Lanes.address(group.items.factors + item * ROW_BYTES);
      FloatVector products = FloatVector.zero(Lanes.SPECIES);
      for (int byteAt = 0; byteAt < ROW_BYTES; byteAt += Lanes.BYTES) {
        products = Lanes.load(p + byteAt).fma(Lanes.load(q + byteAt), products);
      }
      group.dots[number] = Lanes.sum(products);
    }
  }
}
