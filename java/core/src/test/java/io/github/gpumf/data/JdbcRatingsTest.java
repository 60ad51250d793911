package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
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

  @Test
  void timesBecomeSecondsSinceTheEpoch() throws SQLException {
    for (String zone : List.of("UTC", "Asia/Kathmandu", "America/New_York")) {
      TimeZone before = TimeZone.getDefault();
      TimeZone.setDefault(TimeZone.getTimeZone(zone));
      try {
        assertEquals(
            List.of("1,1,3.0@1678588200", "1,2,3.0@-1"),
            RatingsReaderTest.rows(
                read(
                    "values (1, 1, 3, timestamp '2023-03-12 02:30:00.75'),"
                        + " (1, 2, 3, timestamp '1969-12-31 23:59:59.5')")),
            zone);
        assertEquals(
            List.of("1,1,3.0@1678581000"),
            RatingsReaderTest.rows(
                read("values (1, 1, 3, timestamp with time zone '2023-03-12 02:30:00.75+02')")),
            zone);
        assertEquals(
            List.of("1,1,3.0@1678579200"),
            RatingsReaderTest.rows(read("values (1, 1, 3, date '2023-03-12')")),
            zone);
      } finally {
        TimeZone.setDefault(before);
      }
    }
    // The later one wins, as with seconds.
    assertEquals(
        List.of("1,1,4.0@86400"),
        RatingsReaderTest.rows(
            read("values (1, 1, 4, date '1970-01-02'), (1, 1, 2, date '1970-01-01')")));
    for (String type : List.of("date", "timestamp", "timestamp with time zone")) {
      String message = refused("values (1, 2, 3, cast(null as " + type + "))");
      assertTrue(message.contains("row 1: column 4 (C4) is NULL. Filter"), message);
    }
  }

  /** Reads a query whose fourth column another driver would call by another type. */
  private Ratings readAs(int type, String name, String sql) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql)) {
      ResultSetMetaData columns =
          fake(
              ResultSetMetaData.class,
              rows.getMetaData(),
              Map.of("getColumnType", type, "getColumnTypeName", name));
      return JdbcRatings.read(fake(ResultSet.class, rows, Map.of("getMetaData", columns)));
    }
  }

  /** Gives some answers of its own; {@code getColumn...} only of the fourth column. */
  private static <T> T fake(Class<T> type, T real, Map<String, Object> answers) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (proxy, method, arguments) -> {
              boolean other = arguments != null && !arguments[0].equals(4);
              Object answer = other ? null : answers.get(method.getName());
              return answer == null ? method.invoke(real, arguments) : answer;
            }));
  }

  @Test
  void driversNameTheirTimesInWaysOfTheirOwn() throws SQLException {
    String zoned = "values (1, 1, 3, timestamp with time zone '1970-01-01 03:00:00+02')";
    assertEquals(
        List.of("1,1,3.0@3600"),
        RatingsReaderTest.rows(readAs(Types.TIMESTAMP, "timestamptz", zoned)));
    String number = "values (1, 1, 3, 1678588200)";
    assertEquals(
        List.of("1,1,3.0@1678588200"),
        RatingsReaderTest.rows(readAs(Types.TIMESTAMP, "TIMESTAMP", number)));
    assertEquals(
        List.of("1,1,3.0@1678588200"), RatingsReaderTest.rows(readAs(Types.DATE, "DATE", number)));
  }

  @Test
  void whatCannotBeReadIsNamedWithItsType() {
    String message =
        refused("select 1, 2, 3, b as \"when\" from (values (time '10:20:30')) as r(b)");
    assertTrue(
        message.startsWith(
            "row 1: column 4 (when) of SQL type TIME cannot be read as a timestamp: "),
        message);
    assertTrue(
        message.endsWith(". Select it as whole seconds since the epoch, a TIMESTAMP or a DATE."),
        message);
    message = refused("values (1, 2, '3'), (1, 3, 'three')");
    assertTrue(
        message.startsWith(
            "row 2: column 3 (C3) of SQL type CHARACTER VARYING cannot be read as a rating: "),
        message);
  }

  @Test
  void wholeNumbersOfAnyTypeAreWholeIds() throws SQLException {
    Ratings ratings =
        read(
            "values (cast(7 as decimal(9, 2)), cast(700 as double precision), 1),"
                + " (-100, -0.0, 2), (1234567, 12345678901, 3)");
    assertEquals(
        List.of("7,700,1.0", "-100,0,2.0", "1234567,12345678901,3.0"),
        RatingsReaderTest.rows(ratings));
    assertInstanceOf(IdMap.OfLongs.class, ratings.users());
    assertInstanceOf(IdMap.OfLongs.class, ratings.items());
    assertEquals(0, ratings.users().indexOf(7));
    assertEquals(
        List.of("1E+3000000,1,1.0"), // not three million digits
        RatingsReaderTest.rows(read("values (cast('1E+3000000' as decfloat), 1, 1)")));
    assertEquals(
        List.of("7.50,0.5,1.0", "8,NaN,2.0"),
        RatingsReaderTest.rows(
            read(
                "values (cast(7.5 as decimal(9, 2)), cast(0.5 as double precision), 1),"
                    + " (8, cast('NaN' as double precision), 2)")));
  }

  @Test
  void idsLoseThePaddingOfChar() throws SQLException {
    assertEquals(
        List.of("ann,tea ,1.0", "7, tea,2.0"),
        RatingsReaderTest.rows(
            read("values (cast('ann' as char(8)), 'tea ', 1), (cast('7' as char(8)), ' tea', 2)")));
    assertTrue(
        refused("values (cast(' ' as char(3)), 1, 1)")
            .contains("row 1: column 1 (C1) is an empty string"));
  }
}
