package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class JdbcRatingsTest {
  private Connection connection;

  @BeforeEach
  void open() throws SQLException {
    connection = DriverManager.getConnection("jdbc:h2:mem:");
  }

  @AfterEach
  void close() throws SQLException {
    connection.close();
  }

  private Ratings read(String sql) throws SQLException {
    return Ratings.fromJdbc(connection, sql);
  }

  private String refused(String sql) {
    return Thrown.message(SQLException.class, () -> Ratings.fromJdbc(connection, sql));
  }

  @Test
  void readsNumbersAndTimestamps() throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "create table r (u bigint, i int, v double precision, t bigint, primary key (u, i))");
      statement.execute(
          "insert into r values (9000000000, 7, 4.5, 100), (1, 7, 2, 50), (1, 3, 1, 60)");
    }
    Ratings ratings = read("select u, i, v, t from r order by t desc");
    assertEquals(
        List.of("9000000000,7,4.5@100", "1,3,1.0@60", "1,7,2.0@50"),
        RatingsReaderTest.rows(ratings));
    assertInstanceOf(IdMap.OfLongs.class, ratings.users());
    assertFalse(connection.isClosed());
    assertFalse(read("select u, i, v from r").hasTimestamps());
    assertEquals(0, read("select u, i, v from r where u = 5").size());
  }

  @Test
  void readsStringsAndKeepsStringsOfLongsAsLongs() throws SQLException {
    Ratings ratings = read("values ('ann', '10', 1.5), ('bob', '20', 2), ('ann', '20', 3)");
    assertEquals(
        List.of("ann,10,1.5", "bob,20,2.0", "ann,20,3.0"), RatingsReaderTest.rows(ratings));
    assertInstanceOf(IdMap.OfStrings.class, ratings.users());
    assertInstanceOf(IdMap.OfLongs.class, ratings.items());
  }

  @Test
  void duplicatesFollowTheReadersPolicy() throws SQLException {
    assertEquals(
        List.of("1,1,3.0@30", "2,1,5.0@10"),
        RatingsReaderTest.rows(
            read("values (1,1,1,10), (2,1,2,10), (1,1,3,30), (1,1,4,20), (2,1,5,10)")));
  }

  @Test
  void moreRowsThanAFetch() throws SQLException {
    Ratings ratings = read("select x, mod(x, 97), mod(x, 5) from system_range(1, 70000)");
    assertEquals(70_000, ratings.size());
    assertEquals("70000,63,0.0", RatingsReaderTest.rows(ratings).getLast());
  }

  @Test
  void badRowsAreNamed() {
    String message =
        refused("select * from (values (1, 2, 3), (null, 2, 3)) as r(who, what, stars)");
    assertTrue(message.contains("row 2: column 1 (WHO) is NULL"), message);

    assertTrue(refused("values ('a', 2, 3.0), ('b', 2, null)").contains("row 2: column 3"));
    assertTrue(refused("values (1, 2, 3, 4), (1, 2, 3, null)").contains("row 2: column 4"));
    assertTrue(refused("values ('', 'i', 1)").contains("row 1: column 1 (C1) is an empty string"));
    assertTrue(refused("values ('u', cast(null as varchar), 1)").contains("column 2 (C2) is NULL"));
    message = refused("values (1, 2, cast('NaN' as double precision))");
    assertTrue(message.contains("row 1: column 3 (C3) is NaN, not a finite number"), message);
    assertTrue(refused("values (1, 2)").contains("not 2 columns"));
    assertTrue(refused("values (1, 2, 3, 4, 5)").contains("not 5 columns"));
    assertTrue(refused("select nothing").contains("NOTHING"));
  }
}
