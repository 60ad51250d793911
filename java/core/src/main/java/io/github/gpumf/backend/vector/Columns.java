package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.backend.vector.Side.Range;
import java.lang.foreign.Arena;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Some columns of both tables of factors, with the optimizer's slots.
 *
 * <p>A row has two halves, of whole vectors. Where two threads each have a half of all columns,
 * neither reads a row that the other one has written: what they tell each other of a rating is the
 * dot product of their halves, 4 bytes instead of rows. So the dot product of a rating is the sum
 * of those of its halves, always, and the bits do not depend on who has them. The biases of users
 * stand by the first columns, those of items by the last.
 */
record Columns(Side users, Side items) {
  /** All columns together. */
  static List<Columns> together(
      TrainingState start, int @Nullable [] userOrder, int @Nullable [] itemOrder, Arena arena) {
    Range all = new Range(0, start.weights().userFactors().columns());
    return List.of(
        new Columns(
            Side.users(start, all, true, userOrder, arena),
            Side.items(start, all, true, itemOrder, arena)));
  }

  /** Both halves. */
  static List<Columns> halves(TrainingState start, Arena arena) {
    int columns = start.weights().userFactors().columns();
    Range first = new Range(0, firstHalf(columns));
    Range second = new Range(first.to(), columns);
    return List.of(
        new Columns(
            Side.users(start, first, true, null, arena),
            Side.items(start, first, false, null, arena)),
        new Columns(
            Side.users(start, second, false, null, arena),
            Side.items(start, second, true, null, arena)));
  }

  /** Whether there are two halves. */
  static boolean haveHalves(int columns) {
    return columns > Lanes.COUNT;
  }

  /** Columns of the first half of a row, if it has more than a vector: whole vectors. */
  private static int firstHalf(int columns) {
    return firstHalfBytes(Math.ceilDiv(columns, Lanes.COUNT) * Lanes.BYTES) / Float.BYTES;
  }

  /** Bytes of the first half of a padded row: the larger one. */
  static int firstHalfBytes(int rowBytes) {
    int vectors = rowBytes / Lanes.BYTES;
    return (vectors - vectors / 2) * Lanes.BYTES;
  }

  /** The dot product of two rows of these columns. */
  float dot(int user, int item) {
    return Rows.dot(users.factors.row(user), items.factors.row(item), users.factors.rowBytes());
  }

  /** The same, of columns that are both halves. */
  float dotOfHalves(int user, int item) {
    return Rows.dotOfHalves(
        users.factors.row(user), items.factors.row(item), users.factors.rowBytes());
  }
}
