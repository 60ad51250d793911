package io.github.gpumf.data;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Reads ratings from a database; see {@link Ratings#fromJdbc}. */
final class JdbcRatings {
  /** Large enough that the way to the server does not count, small enough for any memory. */
  private static final int FETCH_SIZE = 10_000;

  /** More digits than numbers of databases have. */
  private static final int MOST_ZEROS = 1000;

  private JdbcRatings() {}

  static Ratings read(Connection connection, String sql) throws SQLException {
    Objects.requireNonNull(connection, "connection");
    Objects.requireNonNull(sql, "sql");
    try (Statement statement =
        connection.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      statement.setFetchSize(FETCH_SIZE);
      try (ResultSet rows = statement.executeQuery(sql)) {
        return read(rows);
      }
    }
  }

  static Ratings read(ResultSet rows) throws SQLException {
    ResultSetMetaData columns = rows.getMetaData();
    int count = columns.getColumnCount();
    if (count < 3 || count > 4) {
      throw new SQLDataException(
          "the query must give the columns user, item, rating and perhaps timestamp, in this"
              + " order, not "
              + count
              + " columns");
    }
    boolean hasTimestamps = count == 4;
    IdColumn users = IdColumn.of(columns.getColumnType(1));
    IdColumn items = IdColumn.of(columns.getColumnType(2));
    TimeColumn times = hasTimestamps ? TimeColumn.of(columns) : TimeColumn.SECONDS;
    RatingCollector collector = new RatingCollector(hasTimestamps);
    for (long row = 1; rows.next(); row++) {
      int user = index(rows, row, 1, users, collector.users());
      int item = index(rows, row, 2, items, collector.items());
      float rating = rating(rows, row);
      long timestamp = hasTimestamps ? timestamp(rows, row, times) : 0;
      collector.addRow(user, item, rating, timestamp);
    }
    return collector.build();
  }

  /** How the ids of a column are read. */
  private enum IdColumn {
    WHOLE,
    /** Numbers that may have a fraction, or a scale of zeros. */
    DECIMAL,
    /** Strings that the database fills up with spaces to the column's length. */
    PADDED,
    STRING;

    static IdColumn of(int type) {
      return switch (type) {
        case Types.BIGINT, Types.INTEGER, Types.SMALLINT, Types.TINYINT -> WHOLE;
        case Types.DECIMAL, Types.NUMERIC, Types.DOUBLE, Types.FLOAT, Types.REAL -> DECIMAL;
        case Types.CHAR, Types.NCHAR -> PADDED;
        default -> STRING;
      };
    }
  }

  private static int index(ResultSet rows, long row, int column, IdColumn kind, IdIndexer ids)
      throws SQLException {
    if (kind == IdColumn.WHOLE) {
      Object value = object(rows, row, column, "an id", "Select it as BIGINT or VARCHAR.");
      if (value instanceof Long || value instanceof Integer) {
        return ids.indexOf(((Number) value).longValue());
      }
      if (value == null) {
        throw bad(rows, row, column, "is NULL");
      }
      // SQLite has values of any type in any column, and other drivers shorter or unsigned numbers.
      return index(rows, row, column, withoutZeros(value.toString()), ids);
    }
    String id = rows.getString(column);
    if (id == null) {
      throw bad(rows, row, column, "is NULL");
    }
    id =
        switch (kind) {
          case DECIMAL -> withoutZeros(id);
          case PADDED -> withoutPadding(id);
          default -> id;
        };
    return index(rows, row, column, id, ids);
  }

  private static int index(ResultSet rows, long row, int column, String id, IdIndexer ids)
      throws SQLException {
    if (id.isEmpty()) {
      throw bad(rows, row, column, "is an empty string");
    }
    return ids.indexOf(id);
  }

  private static @Nullable Object object(
      ResultSet rows, long row, int column, String what, String remedy) throws SQLException {
    try {
      return rows.getObject(column);
    } catch (SQLException refusal) {
      throw unreadable(rows, row, column, what, remedy, refusal);
    }
  }

  /** The digits of a whole number, which a driver may write as 7.00, 7.0 or 7E+2. */
  private static String withoutZeros(String number) {
    BigDecimal value;
    try {
      value = new BigDecimal(number).stripTrailingZeros();
    } catch (NumberFormatException notANumber) {
      return number; // NaN is an id like any other.
    }
    // As digits, unless that makes 1E+3000000 three million of them.
    return value.scale() <= 0 && -value.scale() <= MOST_ZEROS
        ? value.toBigInteger().toString()
        : number;
  }

  private static String withoutPadding(String id) {
    int end = id.length();
    while (end > 0 && id.charAt(end - 1) == ' ') {
      end--;
    }
    return id.substring(0, end);
  }

  private static float rating(ResultSet rows, long row) throws SQLException {
    float rating;
    try {
      // A text is read here: SQLite's driver makes 5 of '5 stars', and 0 of 'none'.
      Object value = rows.getObject(3);
      if (value instanceof String text) {
        rating = number(text, Numbers::parseFloat);
      } else {
        rating = value instanceof Number number ? number.floatValue() : rows.getFloat(3);
      }
    } catch (SQLException refusal) {
      throw unreadable(rows, row, 3, "a rating", "Select it as a number.", refusal);
    }
    requireValue(rows, row, 3);
    if (!Float.isFinite(rating)) {
      throw bad(rows, row, 3, "is " + rating + ", not a finite number");
    }
    return rating;
  }

  /** How the timestamps are read. */
  private enum TimeColumn {
    SECONDS,
    DATE,
    DATE_AND_TIME,
    DATE_AND_TIME_WITH_ZONE;

    static TimeColumn of(ResultSetMetaData columns) throws SQLException {
      return switch (columns.getColumnType(4)) {
        case Types.DATE -> DATE;
        case Types.TIMESTAMP_WITH_TIMEZONE -> DATE_AND_TIME_WITH_ZONE;
        // PostgreSQL's driver calls both of its timestamps so.
        case Types.TIMESTAMP ->
            columns.getColumnTypeName(4).equalsIgnoreCase("timestamptz")
                ? DATE_AND_TIME_WITH_ZONE
                : DATE_AND_TIME;
        default -> SECONDS;
      };
    }
  }

  private static long timestamp(ResultSet rows, long row, TimeColumn kind) throws SQLException {
    long seconds;
    try {
      // SQLite's driver goes by the declared type, and a column of any may hold numbers.
      Object value = rows.getObject(4);
      if (kind == TimeColumn.SECONDS && value instanceof String text) {
        seconds = number(text, Numbers::parseLong);
      } else {
        boolean isNumber = kind == TimeColumn.SECONDS || value instanceof Number;
        seconds = isNumber ? rows.getLong(4) : secondsOf(rows, kind);
      }
    } catch (SQLException refusal) {
      throw unreadable(
          rows,
          row,
          4,
          "a timestamp",
          "Select it as whole seconds since the epoch, a TIMESTAMP or a DATE.",
          refusal);
    }
    requireValue(rows, row, 4);
    return seconds;
  }

  /** The seconds of a time, or 0 for NULL. */
  private static long secondsOf(ResultSet rows, TimeColumn kind) throws SQLException {
    return switch (kind) {
      case SECONDS -> rows.getLong(4);
      case DATE -> {
        LocalDate date = rows.getObject(4, LocalDate.class);
        yield date == null ? 0 : date.toEpochSecond(LocalTime.MIN, ZoneOffset.UTC);
      }
      case DATE_AND_TIME -> {
        LocalDateTime time = rows.getObject(4, LocalDateTime.class);
        yield time == null ? 0 : time.toEpochSecond(ZoneOffset.UTC);
      }
      case DATE_AND_TIME_WITH_ZONE -> {
        OffsetDateTime time = rows.getObject(4, OffsetDateTime.class);
        yield time == null ? 0 : time.toEpochSecond();
      }
    };
  }

  /** How a part of a text is read as a number. */
  @FunctionalInterface
  private interface Parser<T> {
    T parse(char[] text, int from, int to);
  }

  private static <T> T number(String text, Parser<T> parser) throws SQLException {
    String stripped = text.strip();
    try {
      return parser.parse(stripped.toCharArray(), 0, stripped.length());
    } catch (NumberFormatException none) {
      throw new SQLDataException(InvalidDataException.quote(text) + " is not a number", none);
    }
  }

  private static void requireValue(ResultSet rows, long row, int column) throws SQLException {
    if (rows.wasNull()) {
      throw bad(rows, row, column, "is NULL");
    }
  }

  private static SQLDataException unreadable(
      ResultSet rows, long row, int column, String what, String remedy, SQLException refusal)
      throws SQLException {
    String type = rows.getMetaData().getColumnTypeName(column);
    SQLDataException failure =
        new SQLDataException(
            place(rows, row, column)
                + " of SQL type "
                + type
                + " cannot be read as "
                + what
                + ": "
                + refusal.getMessage()
                + ". "
                + remedy);
    failure.initCause(refusal);
    return failure;
  }

  private static SQLDataException bad(ResultSet rows, long row, int column, String problem)
      throws SQLException {
    return new SQLDataException(
        place(rows, row, column) + " " + problem + ". Filter such rows out in the query.");
  }

  private static String place(ResultSet rows, long row, int column) throws SQLException {
    return "row "
        + row
        + ": column "
        + column
        + " ("
        + rows.getMetaData().getColumnLabel(column)
        + ")";
  }
}
