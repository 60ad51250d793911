package io.github.gpumf.data;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.Objects;
import java.util.function.LongUnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Ratings in columns outside the Java heap: user index, item index, value, and optionally a
 * timestamp and a weight. Rows are counted in 64 bits. A row takes 12 bytes, 8 more with
 * timestamps, 4 more with weights.
 *
 * <p>Values and weights are finite, weights positive, and indices lie within the id maps: whoever
 * makes a {@code Ratings} proves that once, and nothing downstream checks again. The same (user,
 * item) may occur more than once.
 *
 * <p>Immutable, safe for any number of threads. The memory is freed when the last reference is
 * gone.
 */
public final class Ratings {
  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG;

  /** Columns start on a cache line. */
  private static final long ALIGNMENT = 64;

  /**
   * Values read into an array at a time, since code that is not compiled well yet is fast on it.
   */
  private static final int PIECE = 4096;

  /** The user of a row that is still to be set; no index, and the same byte four times. */
  private static final int UNSET = -1;

  private final long size;
  private final IdMap users;
  private final IdMap items;

  private final MemorySegment userColumn;
  private final MemorySegment itemColumn;
  private final MemorySegment valueColumn;
  private final @Nullable MemorySegment timestampColumn;
  private final @Nullable MemorySegment weightColumn;
  private final float minValue;
  private final float maxValue;
  private final double meanValue;
  private final double meanSquare;

  /** Null until it is asked for. Threads that ask at the same time find the same. */
  private volatile @Nullable String fingerprint;

  private Ratings(
      long size,
      IdMap users,
      IdMap items,
      MemorySegment userColumn,
      MemorySegment itemColumn,
      MemorySegment valueColumn,
      @Nullable MemorySegment timestampColumn,
      @Nullable MemorySegment weightColumn) {
    this.size = size;
    this.users = users;
    this.items = items;
    this.userColumn = userColumn.asReadOnly();
    this.itemColumn = itemColumn.asReadOnly();
    this.valueColumn = valueColumn.asReadOnly();
    this.timestampColumn = timestampColumn == null ? null : timestampColumn.asReadOnly();
    this.weightColumn = weightColumn == null ? null : weightColumn.asReadOnly();
    float min = Float.POSITIVE_INFINITY;
    float max = Float.NEGATIVE_INFINITY;
    double sum = 0;
    double squares = 0;
    float[] values = new float[PIECE];
    for (long from = 0; from < size; from += PIECE) {
      int piece = (int) Math.min(PIECE, size - from);
      MemorySegment.copy(valueColumn, FLOAT, from * Float.BYTES, values, 0, piece);
      for (int at = 0; at < piece; at++) {
        float value = values[at];
        min = Math.min(min, value);
        max = Math.max(max, value);
        sum += value;
        squares += (double) value * value;
      }
    }
    minValue = min;
    maxValue = max;
    meanValue = size == 0 ? 0 : sum / size;
    meanSquare = size == 0 ? 0 : squares / size;
  }

  /**
   * Makes ratings of arrays with dense indices; index and id are the same.
   *
   * @param users user of each rating, 0..userCount-1
   * @param items item of each rating, 0..itemCount-1
   * @param values finite ratings
   * @param userCount number of users, also those without a rating
   * @param itemCount number of items, also those without a rating
   * @return the ratings, a copy
   * @throws IllegalArgumentException naming the row and the value if a column is shorter than
   *     another, an index is out of range or a value is not finite, or if a count is negative
   */
  public static Ratings of(int[] users, int[] items, float[] values, int userCount, int itemCount) {
    if (users.length != items.length || users.length != values.length) {
      throw new IllegalArgumentException(
          "columns must have one length, not "
              + users.length
              + " users, "
              + items.length
              + " items and "
              + values.length
              + " values");
    }
    Builder builder =
        new Builder(IdMap.dense(userCount), IdMap.dense(itemCount), users.length, false, false);
    for (int row = 0; row < users.length; row++) {
      builder.set(row, users[row], items[row], values[row]);
    }
    return builder.build();
  }

  /**
   * Reads the rows of a query: user, item, rating and, if there is a fourth column, timestamp, in
   * this order. If a (user, item) occurs more than once, the latest timestamp wins, among equals or
   * without timestamps the last row; the rating stands where the pair stood first.
   *
   * <p>Ids are numbers or strings. A whole number is one whatever its column: 7.00 of a DECIMAL and
   * 7.0 of a DOUBLE are the id 7. A CHAR loses the spaces that fill it up; other strings are taken
   * as they are.
   *
   * <p>Timestamps are whole numbers, taken as they are, or times, which become seconds since the
   * epoch, rounded down: a TIMESTAMP WITH TIME ZONE is that moment, a TIMESTAMP without one is read
   * in UTC, and a DATE is its midnight in UTC.
   *
   * <p>Rows are streamed, as far as the driver does it: PostgreSQL's wants auto-commit off.
   *
   * @param connection a connection, which stays open
   * @param sql the query; let it order its rows, or indices depend on the database's mood
   * @return the ratings, none if there are no rows
   * @throws SQLException if the query fails or does not have three or four columns, or naming row
   *     and column if there is a NULL, an empty id, a rating that is not finite, or a value of a
   *     type that cannot be read as what the column is
   */
  public static Ratings fromJdbc(Connection connection, String sql) throws SQLException {
    return JdbcRatings.read(connection, sql);
  }

  /**
   * Starts ratings of unknown ids and number of rows; with both known, {@link #builder} takes less
   * memory.
   *
   * @return a collector without ratings
   */
  public static RatingCollector collector() {
    return new RatingCollector(false);
  }

  /**
   * Starts ratings of a known number of rows.
   *
   * @param users the users' ids
   * @param items the items' ids
   * @param size number of rows
   * @param timestamps whether rows have timestamps
   * @param weights whether rows have weights
   * @return a builder whose rows are all still to be set
   * @throws IllegalArgumentException if the size is negative
   */
  public static Builder builder(
      IdMap users, IdMap items, long size, boolean timestamps, boolean weights) {
    return new Builder(users, items, size, timestamps, weights);
  }

  /**
   * Number of ratings.
   *
   * @return rows
   */
  public long size() {
    return size;
  }

  /**
   * The users' ids; some may have no rating.
   *
   * @return the map
   */
  public IdMap users() {
    return users;
  }

  /**
   * The items' ids; some may have no rating.
   *
   * @return the map
   */
  public IdMap items() {
    return items;
  }

  /**
   * Number of users.
   *
   * @return size of {@link #users}
   */
  public int userCount() {
    return users.size();
  }

  /**
   * Number of items.
   *
   * @return size of {@link #items}
   */
  public int itemCount() {
    return items.size();
  }

  /**
   * The user of a rating.
   *
   * @param row 0..size-1
   * @return its index
   * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such row
   */
  public int user(long row) {
    return userColumn.getAtIndex(INT, checkRow(row, size));
  }

  /**
   * The item of a rating.
   *
   * @param row 0..size-1
   * @return its index
   * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such row
   */
  public int item(long row) {
    return itemColumn.getAtIndex(INT, checkRow(row, size));
  }

  /**
   * The rating itself.
   *
   * @param row 0..size-1
   * @return a finite value
   * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such row
   */
  public float value(long row) {
    return valueColumn.getAtIndex(FLOAT, checkRow(row, size));
  }

  /**
   * Whether rows have timestamps.
   *
   * @return true if {@link #timestamp} may be called
   */
  public boolean hasTimestamps() {
    return timestampColumn != null;
  }

  /**
   * When a rating was given.
   *
   * @param row 0..size-1
   * @return a time; the unit is the source's, seconds since 1970 in MovieLens
   * @throws IllegalStateException if rows have no timestamps
   * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such row
   */
  public long timestamp(long row) {
    if (timestampColumn == null) {
      throw new IllegalStateException("these ratings have no timestamps");
    }
    return timestampColumn.getAtIndex(LONG, checkRow(row, size));
  }

  /**
   * Whether rows have weights.
   *
   * @return false if every weight is 1
   */
  public boolean hasWeights() {
    return weightColumn != null;
  }

  /**
   * How much a rating counts in the loss.
   *
   * @param row 0..size-1
   * @return a positive, finite weight; 1 if rows have no weights
   * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such row
   */
  public float weight(long row) {
    checkRow(row, size);
    return weightColumn == null ? 1f : weightColumn.getAtIndex(FLOAT, row);
  }

  /**
   * The column of user indices.
   *
   * @return {@code size} native-endian ints, read-only
   */
  public MemorySegment userColumn() {
    return userColumn;
  }

  /**
   * The column of item indices.
   *
   * @return {@code size} native-endian ints, read-only
   */
  public MemorySegment itemColumn() {
    return itemColumn;
  }

  /**
   * The column of values.
   *
   * @return {@code size} native-endian floats, read-only
   */
  public MemorySegment valueColumn() {
    return valueColumn;
  }

  /**
   * The column of weights.
   *
   * @return {@code size} native-endian floats, read-only, or null if every weight is 1
   */
  public @Nullable MemorySegment weightColumn() {
    return weightColumn;
  }

  /**
   * The smallest value.
   *
   * @return infinity if there are no ratings
   */
  public float minValue() {
    return minValue;
  }

  /**
   * The largest value.
   *
   * @return minus infinity if there are no ratings
   */
  public float maxValue() {
    return maxValue;
  }

  /**
   * The mean of the values, weights aside.
   *
   * @return 0 if there are no ratings
   */
  public double meanValue() {
    return meanValue;
  }

  /**
   * The mean of the squared values, weights aside: the loss of predicting 0.
   *
   * @return 0 if there are no ratings
   */
  public double meanSquare() {
    return meanSquare;
  }

  /** Users, items and values, and then timestamps and weights if there are any. */
  List<MemorySegment> columns() {
    return Stream.of(userColumn, itemColumn, valueColumn, timestampColumn, weightColumn)
        .filter(Objects::nonNull)
        .toList();
  }

  private static long checkRow(long row, long size) {
    if (row < 0 || row >= size) {
      throw new IndexOutOfBoundsException(
          "there is no row " + row + " among " + size + " rows, which count from 0");
    }
    return row;
  }

  /** Refuses a rating that is not finite. */
  static void requireFinite(long row, float value) {
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException("row " + row + ": rating " + value + " is not finite");
    }
  }

  /** Refuses a weight that is not positive and finite. */
  static void requireWeight(long row, float weight) {
    if (!(weight > 0) || !Float.isFinite(weight)) {
      throw new IllegalArgumentException(
          "row " + row + ": weight " + weight + " is not positive and finite");
    }
  }

  /**
   * Some of the rows, in a new order, with the same id maps.
   *
   * @param count number of rows to take
   * @param rowAt the row here of each row there; asked for each once, in order
   * @return the selection, a copy
   * @throws IllegalArgumentException if the count is negative
   * @throws IndexOutOfBoundsException naming a row that is not here
   */
  public Ratings select(long count, LongUnaryOperator rowAt) {
    Builder builder = builderLike(count);
    for (long target = 0; target < count; target++) {
      builder.copy(target, this, rowAt.applyAsLong(target));
    }
    return builder.build();
  }

  /**
   * The same ratings in another unit: values divided by it. All other columns are shared.
   *
   * @param unit positive and finite; with a power of two nothing is rounded
   * @return the ratings; these if the unit is 1
   * @throws IllegalArgumentException if the unit is not positive and finite, or naming the row if
   *     its value in this unit is not finite
   */
  public Ratings inUnitsOf(double unit) {
    if (!(unit > 0 && unit < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException("unit must be positive and finite, not " + unit);
    }
    if (unit == 1) {
      return this;
    }
    MemorySegment values =
        Arena.ofAuto().allocate(Math.multiplyExact(size, (long) Float.BYTES), ALIGNMENT);
    float[] piece = new float[PIECE];
    for (long from = 0; from < size; from += PIECE) {
      int count = (int) Math.min(PIECE, size - from);
      MemorySegment.copy(valueColumn, FLOAT, from * Float.BYTES, piece, 0, count);
      for (int at = 0; at < count; at++) {
        piece[at] = (float) (piece[at] / unit);
        requireFinite(from + at, piece[at]);
      }
      MemorySegment.copy(piece, 0, values, FLOAT, from * Float.BYTES, count);
    }
    return new Ratings(
        size, users, items, userColumn, itemColumn, values, timestampColumn, weightColumn);
  }

  /** Starts ratings with the same id maps and columns as these. */
  Builder builderLike(long count) {
    return new Builder(users, items, count, hasTimestamps(), hasWeights());
  }

  /**
   * The rows whose user and item both occur in other maps, with the indices of those maps: held-out
   * ratings that were read from a file of their own, seen with a model's eyes.
   *
   * @param otherUsers the users' ids to go by
   * @param otherItems the items' ids to go by
   * @return the rows that can be expressed, in order; compare sizes to see how many could not
   */
  public Ratings alignedTo(IdMap otherUsers, IdMap otherItems) {
    if (otherUsers == users && otherItems == items) {
      return this;
    }
    int[] toUser = users.translateTo(otherUsers);
    int[] toItem = items.translateTo(otherItems);
    long count = 0;
    for (long row = 0; row < size; row++) {
      if (toUser[user(row)] != IdMap.UNKNOWN && toItem[item(row)] != IdMap.UNKNOWN) {
        count++;
      }
    }
    Builder builder = new Builder(otherUsers, otherItems, count, hasTimestamps(), hasWeights());
    long target = 0;
    for (long row = 0; row < size; row++) {
      int user = toUser[user(row)];
      int item = toItem[item(row)];
      if (user == IdMap.UNKNOWN || item == IdMap.UNKNOWN) {
        continue;
      }
      builder.set(target, user, item, value(row)).copyRest(target, this, row);
      target++;
    }
    return builder.build();
  }

  /**
   * A digest of ids, indices, values, timestamps and weights, in row order: equal fingerprints mean
   * the same training data.
   *
   * @return the first 128 bits of a SHA-256, in hexadecimal
   */
  public String fingerprint() {
    return fingerprint(Workers.CALLER);
  }

  /**
   * The same, on several threads.
   *
   * @param workers do most of it
   * @return the same
   */
  public String fingerprint(Workers workers) {
    String known = fingerprint;
    if (known == null) {
      known = Fingerprint.of(this, workers);
      fingerprint = known;
    }
    return known;
  }

  @Override
  public String toString() {
    return size + " ratings of " + itemCount() + " items by " + userCount() + " users";
  }

  /**
   * Fills the columns of {@link Ratings} row by row, and makes them once. Not safe for several
   * threads.
   */
  public static final class Builder {
    private final IdMap users;
    private final IdMap items;
    private final long size;
    private final MemorySegment userColumn;
    private final MemorySegment itemColumn;
    private final MemorySegment valueColumn;
    private final @Nullable MemorySegment timestampColumn;
    private final @Nullable MemorySegment weightColumn;
    private boolean built;

    private Builder(IdMap users, IdMap items, long size, boolean timestamps, boolean weights) {
      if (size < 0) {
        throw new IllegalArgumentException("size must not be negative: " + size);
      }
      this.users = users;
      this.items = items;
      this.size = size;
      Arena arena = Arena.ofAuto();
      userColumn = arena.allocate(Math.multiplyExact(size, 4L), ALIGNMENT).fill((byte) UNSET);
      itemColumn = arena.allocate(Math.multiplyExact(size, 4L), ALIGNMENT);
      valueColumn = arena.allocate(Math.multiplyExact(size, 4L), ALIGNMENT);
      timestampColumn = timestamps ? arena.allocate(Math.multiplyExact(size, 8L), ALIGNMENT) : null;
      weightColumn = weights ? arena.allocate(Math.multiplyExact(size, 4L), ALIGNMENT) : null;
    }

    /**
     * Sets a row; its weight, if rows have weights, is 1 until it is set, and its timestamp, if
     * rows have timestamps, is 0.
     *
     * @param row 0..size-1
     * @param user index of the user
     * @param item index of the item
     * @param value the rating
     * @return this
     * @throws IllegalArgumentException naming the row if an index is out of range or the value is
     *     not finite
     * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such
     *     row
     * @throws IllegalStateException if the ratings are built
     */
    public Builder set(long row, int user, int item, float value) {
      requireRow(row);
      if (user < 0 || user >= users.size()) {
        throw new IllegalArgumentException(
            "row " + row + ": user " + user + " is not in 0.." + (users.size() - 1));
      }
      if (item < 0 || item >= items.size()) {
        throw new IllegalArgumentException(
            "row " + row + ": item " + item + " is not in 0.." + (items.size() - 1));
      }
      requireFinite(row, value);
      userColumn.setAtIndex(INT, row, user);
      itemColumn.setAtIndex(INT, row, item);
      valueColumn.setAtIndex(FLOAT, row, value);
      if (weightColumn != null) {
        weightColumn.setAtIndex(FLOAT, row, 1f);
      }
      return this;
    }

    /**
     * Sets a row's timestamp.
     *
     * @param row 0..size-1
     * @param timestamp any value
     * @return this
     * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such
     *     row
     * @throws IllegalStateException if rows have no timestamps, or the ratings are built
     */
    public Builder timestamp(long row, long timestamp) {
      requireRow(row);
      if (timestampColumn == null) {
        throw new IllegalStateException("these ratings were started without timestamps");
      }
      timestampColumn.setAtIndex(LONG, row, timestamp);
      return this;
    }

    /**
     * Sets a row's weight, after {@link #set}.
     *
     * @param row 0..size-1
     * @param weight positive and finite
     * @return this
     * @throws IllegalArgumentException naming the row if the weight is not positive and finite
     * @throws IndexOutOfBoundsException naming the row and the number of rows if there is no such
     *     row
     * @throws IllegalStateException if rows have no weights, or the ratings are built
     */
    public Builder weight(long row, float weight) {
      requireRow(row);
      if (weightColumn == null) {
        throw new IllegalStateException("these ratings were started without weights");
      }
      requireWeight(row, weight);
      weightColumn.setAtIndex(FLOAT, row, weight);
      return this;
    }

    /** Sets a row to that of ratings with the same id maps and columns. */
    void copy(long target, Ratings source, long row) {
      set(target, source.user(row), source.item(row), source.value(row))
          .copyRest(target, source, row);
    }

    private void copyRest(long target, Ratings source, long row) {
      if (source.hasTimestamps()) {
        timestamp(target, source.timestamp(row));
      }
      if (source.hasWeights()) {
        weight(target, source.weight(row));
      }
    }

    /**
     * Makes the ratings; the builder cannot be used afterwards.
     *
     * @return the ratings
     * @throws IllegalStateException if rows are not set, naming how many and the first of them, or
     *     if the ratings are built already
     */
    public Ratings build() {
      requireNotBuilt();
      requireAllSet();
      built = true;
      return new Ratings(
          size, users, items, userColumn, itemColumn, valueColumn, timestampColumn, weightColumn);
    }

    private void requireRow(long row) {
      requireNotBuilt();
      checkRow(row, size);
    }

    /** The ratings and the builder share their memory. */
    private void requireNotBuilt() {
      if (built) {
        throw new IllegalStateException(
            "these ratings are built and immutable; start others with Ratings.builder");
      }
    }

    private void requireAllSet() {
      long unset = 0;
      long first = 0;
      int[] piece = new int[(int) Math.min(PIECE, size)];
      for (long from = 0; from < size; from += piece.length) {
        int count = (int) Math.min(piece.length, size - from);
        MemorySegment.copy(userColumn, INT, from * Integer.BYTES, piece, 0, count);
        for (int at = 0; at < count; at++) {
          if (piece[at] == UNSET) {
            first = unset == 0 ? from + at : first;
            unset++;
          }
        }
      }
      if (unset > 0) {
        throw new IllegalStateException(
            unset
                + " of "
                + size
                + " rows are not set, the first is row "
                + first
                + "; set every row, or start with as many as there are");
      }
    }
  }
}
