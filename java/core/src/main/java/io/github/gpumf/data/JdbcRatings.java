package io.github.gpumf.data;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;

/** Reads ratings from a database; see {@link Ratings#fromJdbc}. */
final class JdbcRatings {
  /** Large enough that the way to the server does not count, small enough for any memory. */
  private static final int FETCH_SIZE = 10_000;

  private JdbcRatings() {}

  static Ratings read(Connection connection, String sql) throws SQLException {
    try (Statement statement =
        connection.createStatement(ResultSet.TYPE_FORWARD_ONLY, ResultSet.CONCUR_READ_ONLY)) {
      statement.setFetchSize(FETCH_SIZE);
      try (ResultSet rows = statement.executeQuery(sql)) {
        return read(rows);
      }
    }
  }

  private static Ratings read(ResultSet rows) throws SQLException {
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
    boolean longUsers = isWhole(columns.getColumnType(1));
    boolean longItems = isWhole(columns.getColumnType(2));
    RatingCollector collector = new RatingCollector(hasTimestamps);
    for (long row = 1; rows.next(); row++) {
      int user = index(rows, row, 1, longUsers, collector.users());
      int item = index(rows, row, 2, longItems, collector.items());
      float rating = rows.getFloat(3);
      requireValue(rows, row, 3);
      if (!Float.isFinite(rating)) {
        throw bad(rows, row, 3, "is " + rating + ", not a finite number");
      }
      long timestamp = 0;
      if (hasTimestamps) {
        timestamp = rows.getLong(4);
        requireValue(rows, row, 4);
      }
      collector.addRow(user, item, rating, timestamp);
    }
    return collector.build();
  }

  private static int index(ResultSet rows, long row, int column, boolean whole, IdIndexer ids)
      throws SQLException {
    if (whole) {
      long id = rows.getLong(column);
      requireValue(rows, row, column);
      return ids.indexOf(id);
    }
    String id = rows.getString(column);
    if (id == null) {
      throw bad(rows, row, column, "is NULL");
    }
    if (id.isEmpty()) {
      throw bad(rows, row, column, "is an empty string");
    }
    return ids.indexOf(id);
  }

  private static boolean isWhole(int type) {
    return type == Types.BIGINT
        || type == Types.INTEGER
        || type == Types.SMALLINT
        || type == Types.TINYINT;
  }

  private static void requireValue(ResultSet rows, long row, int column) throws SQLException {
    if (rows.wasNull()) {
      throw bad(rows, row, column, "is NULL");
    }
  }

  private static SQLDataException bad(ResultSet rows, long row, int column, String problem)
      throws SQLException {
    return new SQLDataException(
        "row "
            + row
            + ": column "
            + column
            + " ("
            + rows.getMetaData().getColumnLabel(column)
            + ") "
            + problem
            + ". Filter such rows out in the query.");
  }
}
