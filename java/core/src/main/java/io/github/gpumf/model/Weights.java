package io.github.gpumf.model;

import java.lang.foreign.Arena;
import org.jspecify.annotations.Nullable;

/**
 * The numbers that training finds, or one optimizer slot of each of them (a moment, an
 * accumulator). All tables are off heap.
 *
 * @param userFactors users x k
 * @param itemFactors items x k
 * @param userBias users x 1, or null with a Dense head
 * @param itemBias items x 1, or null with a Dense head
 * @param dense 1 x 2, the kernel w and the bias b of a Dense head, or null with biases
 */
public record Weights(
    FloatTable userFactors,
    FloatTable itemFactors,
    @Nullable FloatTable userBias,
    @Nullable FloatTable itemBias,
    @Nullable FloatTable dense) {
  /** Checks that the tables belong together. */
  public Weights {
    if (userFactors.columns() != itemFactors.columns()) {
      throw new IllegalArgumentException(
          "users have "
              + userFactors.columns()
              + " factors and items "
              + itemFactors.columns()
              + "; they must have as many");
    }
    if ((userBias == null) != (itemBias == null) || (userBias == null) == (dense == null)) {
      throw new IllegalArgumentException(
          "weights have either biases of users and items or a Dense head");
    }
    check("user bias", userBias, userFactors.rows(), 1);
    check("item bias", itemBias, itemFactors.rows(), 1);
    check("Dense head", dense, 1, 2);
  }

  private static void check(String name, @Nullable FloatTable table, long rows, int columns) {
    if (table != null && (table.rows() != rows || table.columns() != columns)) {
      throw new IllegalArgumentException(
          name
              + " must be "
              + rows
              + " x "
              + columns
              + ", not "
              + table.rows()
              + " x "
              + table.columns());
    }
  }

  /**
   * Allocates zeros.
   *
   * @param head decides which parts there are
   * @param users number of users
   * @param items number of items
   * @param columns columns of the factor tables: k, or 1 for a slot with one number a row
   * @param arena owner of the memory
   * @return the weights
   */
  public static Weights zeros(Mf.Head head, long users, long items, int columns, Arena arena) {
    boolean biases = head == Mf.Head.BIASES;
    return new Weights(
        FloatTable.allocate(users, columns, arena),
        FloatTable.allocate(items, columns, arena),
        biases ? FloatTable.allocate(users, 1, arena) : null,
        biases ? FloatTable.allocate(items, 1, arena) : null,
        biases ? null : FloatTable.allocate(1, 2, arena));
  }

  /**
   * The same numbers, not to be written through the view.
   *
   * @return read-only views
   */
  public Weights asReadOnly() {
    return new Weights(
        userFactors.asReadOnly(),
        itemFactors.asReadOnly(),
        userBias == null ? null : userBias.asReadOnly(),
        itemBias == null ? null : itemBias.asReadOnly(),
        dense == null ? null : dense.asReadOnly());
  }

  /**
   * Copies all tables.
   *
   * @param arena owner of the copies
   * @return writable copies
   */
  public Weights copy(Arena arena) {
    return new Weights(
        userFactors.copy(arena),
        itemFactors.copy(arena),
        userBias == null ? null : userBias.copy(arena),
        itemBias == null ? null : itemBias.copy(arena),
        dense == null ? null : dense.copy(arena));
  }

  /**
   * Overwrites all tables.
   *
   * @param other weights of the same shape
   * @throws IllegalArgumentException if the shapes differ
   */
  public void copyFrom(Weights other) {
    userFactors.copyFrom(other.userFactors);
    itemFactors.copyFrom(other.itemFactors);
    copy(other.userBias, userBias);
    copy(other.itemBias, itemBias);
    copy(other.dense, dense);
  }

  private static void copy(@Nullable FloatTable from, @Nullable FloatTable to) {
    if (from == null || to == null) {
      if (from != to) {
        throw new IllegalArgumentException(
            "weights with biases do not fit those with a Dense head");
      }
      return;
    }
    to.copyFrom(from);
  }

  /**
   * Looks for infinities and NaN.
   *
   * @return whether all numbers of all tables are finite
   */
  public boolean isFinite() {
    return userFactors.isFinite()
        && itemFactors.isFinite()
        && (userBias == null || userBias.isFinite())
        && (itemBias == null || itemBias.isFinite())
        && (dense == null || dense.isFinite());
  }

  /**
   * The rating predicted from these weights alone, without offset or clip.
   *
   * @param user 0..users-1
   * @param item 0..items-1
   * @return {@code w * (p_u . q_i) + b} or {@code p_u . q_i + b_u + b_i}, summed in the order of
   *     the factors
   */
  public float score(long user, long item) {
    float dot = 0;
    for (int factor = 0; factor < userFactors.columns(); factor++) {
      dot += userFactors.get(user, factor) * itemFactors.get(item, factor);
    }
    if (dense != null) {
      return dense.get(0, 0) * dot + dense.get(0, 1);
    }
    return dot
        + java.util.Objects.requireNonNull(userBias).get(user, 0)
        + java.util.Objects.requireNonNull(itemBias).get(item, 0);
  }
}
