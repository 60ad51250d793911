package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.RatingGrid;
import java.lang.invoke.MethodHandles;
import jdk.incubator.vector.FloatVector;

/** Writes the numbers of a group's rows, sums up its losses, and goes to the next group. */
final class FinishGroup extends GroupPhase {
  private static final int STRIDE = Shaped.Shape.of(MethodHandles.lookup()).stride();

  @Override
  void apply(RatingGroup group) {
    double loss = 0;
    for (int number = 0; number < group.size; number++) {
      long at = Lanes.address(group.first + (long) number * STRIDE);
      write(group.ofUsers, number, group.users, Lanes.getInt(at + RatingGrid.USER));
      write(group.ofItems, number, group.items, Lanes.getInt(at + RatingGrid.ITEM));
      loss += group.losses[number];
    }
    group.squaredError += loss;
    group.first += (long) group.size * STRIDE;
  }

  private static void write(RowNumbers numbers, int number, RatingSide side, long row) {
    Lanes.storeFour(
        FloatVector.fromArray(Lanes.FOUR, numbers.rows, RowNumbers.KINDS * number),
        Lanes.address(side.numbers + row * RowNumbers.BYTES));
  }
}
