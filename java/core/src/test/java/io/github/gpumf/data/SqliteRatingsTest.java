package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * SQLite has values of any type in any column, and its driver makes numbers of texts: 0 of "ann", 5
 * of "5 stars".
 */
class SqliteRatingsTest {
  private Connection connection;

  @SuppressWarnings("NullAway.Init") // open() runs before anything else
  SqliteRatingsTest() {}

  @BeforeEach
  void open() throws SQLException {
    connection = DriverManager.getConnection("jdbc:sqlite::memory:");
    try (Statement statement = connection.createStatement()) {
      statement.execute("create table r (u integer, i text, v real, t integer)");
    }
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private void insert(String values) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("insert into r values " + values);
    }
  }

  private List<String> rows() throws SQLException {
    return RatingsReaderTest.rows(Ratings.fromJdbc(connection, "select u, i, v, t from r"));
  }

  private void assertRefused(String values, String message) throws SQLException {
    insert(values);
    String refused = Thrown.message(SQLException.class, this::rows);
    assertTrue(refused.contains(message), refused);
    try (Statement statement = connection.createStatement()) {
      statement.execute("delete from r");
    }
  }

  @Test
  void textsInColumnsOfNumbersAreWhatTheyAre() throws SQLException {
    insert(
        "(1, 'a', 3.5, 100), ('ann', 'b', '4', '5'), ('bob', 'c', 2, 6), (1.5, 'd', 3, 7.9),"
            + " (9000000000000000000, 'e', 1, 8), (2.0, 'f', 5, 9)");
    assertEquals(
        List.of(
            "1,a,3.5@100",
            "ann,b,4.0@5",
            "bob,c,2.0@6",
            "1.5,d,3.0@7",
            "9000000000000000000,e,1.0@8",
            "2,f,5.0@9"),
        rows());
  }

  @Test
  void whatIsNoNumberIsRefused() throws SQLException {
    assertRefused(
        "(1, 'a', '5 stars', 1)", "cannot be read as a rating: \"5 stars\" is not a number");
    assertRefused("(1, 'a', 'none', 1)", "cannot be read as a rating");
    assertRefused(
        "(1, 'a', 3, '2020-01-01')",
        "cannot be read as a timestamp: \"2020-01-01\" is not a number");
    assertRefused("(null, 'a', 3, 1)", "is NULL");
    assertRefused("(1, 'a', null, 1)", "is NULL");
    assertRefused("(1, 'a', 3, null)", "is NULL");
    assertRefused("('', 'a', 3, 1)", "is an empty string");
  }
}
