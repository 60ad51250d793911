package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.RatingsReader.Report;
import io.github.gpumf.data.RatingsReader.Result;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RatingsReaderTest {
  @TempDir Path directory;

  private Path file(byte[] content) throws IOException {
    return Files.write(directory.resolve("ratings"), content);
  }

  private Result read(String content) throws IOException {
    return read(RatingsReader.of(), content);
  }

  private Result read(RatingsReader reader, String content) throws IOException {
    return reader.read(file(content.getBytes(StandardCharsets.UTF_8)));
  }

  static byte[] gzip(byte[] content) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
      gzip.write(content);
    }
    return bytes.toByteArray();
  }

  /** Rows as {@code user,item,value[@timestamp]} with external ids. */
  static List<String> rows(Ratings ratings) {
    List<String> rows = new ArrayList<>();
    for (long row = 0; row < ratings.size(); row++) {
      rows.add(
          ratings.users().idOf(ratings.user(row))
              + ","
              + ratings.items().idOf(ratings.item(row))
              + ","
              + ratings.value(row)
              + (ratings.hasTimestamps() ? "@" + ratings.timestamp(row) : ""));
    }
    return rows;
  }

  @Test
  void readsMovieLens100K() throws IOException {
    Result result = read("196\t242\t3\t881250949\n186\t302\t3\t891717742\n196\t302\t1\t0\n");
    assertEquals(
        List.of("196,242,3.0@881250949", "186,302,3.0@891717742", "196,302,1.0@0"),
        rows(result.ratings()));
    assertInstanceOf(IdMap.OfLongs.class, result.ratings().users());
    assertEquals(0, result.ratings().users().indexOf(196));
    assertEquals(1, result.ratings().users().indexOf(186));
    Report report = result.report();
    assertEquals("TSV", report.format());
    assertEquals(3, report.lines());
    assertEquals(0, report.badLines());
    assertEquals(0, report.duplicates());
    assertEquals(directory.resolve("ratings"), report.file());
  }

  @Test
  void readsMovieLens1M() throws IOException {
    Result result = read("1::1193::5::978300760\n1::661::3::978302109");
    assertEquals(List.of("1,1193,5.0@978300760", "1,661,3.0@978302109"), rows(result.ratings()));
    assertEquals("MovieLens 1M (::)", result.report().format());
  }

  @Test
  void readsMovieLensLatest() throws IOException {
    Result result =
        read("userId,movieId,rating,timestamp\r\n1,1,4.0,964982703\r\n1,3,0.5,964981247\r\n");
    assertEquals(List.of("1,1,4.0@964982703", "1,3,0.5@964981247"), rows(result.ratings()));
    assertEquals("CSV, header", result.report().format());
    assertEquals(2, result.report().lines());
  }

  @Test
  void readsSemicolonsWithCommasInIds() throws IOException {
    Result result = read("a,b,c;x;1\na,b,d;y;2\n");
    assertEquals(List.of("a,b,c,x,1.0", "a,b,d,y,2.0"), rows(result.ratings()));
    assertEquals("CSV with semicolons", result.report().format());
  }

  @Test
  void separatorsInQuotesDoNotCount() throws IOException {
    Ratings ratings = read("\"a;b;c\",x,1\n\"d;\"\"e;f\",y,2\n").ratings();
    assertEquals("a;b;c", ratings.users().idOf(0));
    assertEquals("d;\"e;f", ratings.users().idOf(1));
    // A quote that is no field's first character is one like any other.
    assertEquals("5\"; x; y", read("5\"; x; y,i,1\n5\"; x; y,j,2\n").ratings().users().idOf(0));
  }

  @Test
  void anIdGoesBeforeANameAndTwoAreRefused() throws IOException {
    assertEquals(
        List.of("7,8,2.5"),
        rows(read("user,user_id,movie,movieId,rating\nann,7,Alien,8,2.5\n").ratings()));
    for (String header :
        List.of("user,item,user", "userId,user_id,item,rating", "item,item,rating")) {
      String refused =
          Thrown.message(InvalidDataException.class, () -> read(header + "\n1,2,3,4\n"));
      assertTrue(refused.contains("two columns for the"), refused);
    }
    String refused =
        Thrown.message(InvalidDataException.class, () -> read("user,user_id,rating\n1,2,3\n"));
    assertTrue(refused.contains("does not name all of user, item and rating"), refused);
  }

  @Test
  void columnsAreRecognisedByNameInAnyOrder() throws IOException {
    assertEquals(
        List.of("7,8,2.5@9"),
        rows(read("Time,SCORE,title,Movie_ID,user\n9,2.5,x,8,7\n").ratings()));
    assertEquals(List.of("7,8,2.5"), rows(read("rating,item,User_Id\n2.5,8,7\n").ratings()));
    assertEquals(List.of("7,8,2.5"), rows(read(",userid,itemid,value\n0,7,8,2.5\n").ratings()));
  }

  @Test
  void unknownHeadersAreReadByPosition() throws IOException {
    assertEquals(List.of("7,8,2.5"), rows(read("who,what,stars\n7,8,2.5\n").ratings()));
    assertEquals(List.of("7,8,2.5@4"), rows(read("who,what,stars,when\n7,8,2.5,4\n").ratings()));
    assertTrue(read("who,what,stars\n7,8,2.5\n").report().byPosition());
    assertFalse(read("user,item,rating\n7,8,2.5\n").report().byPosition());
    assertFalse(read("7,8,2.5\n").report().byPosition(), "there is no header to go by");
  }

  /**
   * A second rating is a number as a timestamp is, and would decide which of two ratings counts.
   */
  @Test
  void columnOfAnotherNameIsNoTimestamp() throws IOException {
    Result result =
        read("userID,placeID,rating,food_rating,service_rating\n7,8,2,2,1\n7,8,1,0,1\n");
    assertEquals(List.of("7,8,1.0"), rows(result.ratings()));
    assertTrue(result.report().byPosition());
    assertEquals(List.of("7,8,2.5"), rows(read("who,item,stars,when\n7,8,2.5,4\n").ratings()));
    assertEquals(List.of("7,8,2.5@4"), rows(read("who,item,stars,Time\n7,8,2.5,4\n").ratings()));
  }

  @Test
  void columnsAreRecognisedByUsualNames() throws IOException {
    for (String item : List.of("product", "book", "song", "track", "artist", "album", "article")) {
      for (String user : List.of("customer", "member", "account", "visitor", "reviewer")) {
        String header = "rating," + item + "_id," + user.toUpperCase(Locale.ROOT) + "-Id";
        assertEquals(List.of("7,8,2.5"), rows(read(header + "\n2.5,8,7\n").ratings()), header);
      }
    }
    assertEquals(
        List.of("7,8,2.5@9"), rows(read("Product ID,Customer,Time,Rating\n8,7,9,2.5\n").ratings()));
    assertEquals(
        List.of("7,8,2.5"),
        rows(read("account,product,book,item,value,user\n1,2,3,8,2.5,7\n").ratings()),
        "user and item go before the usual names");
    assertEquals(List.of("member,book,4.0"), rows(read("member,book,4\n").ratings()), "no header");
  }

  @Test
  void reportSaysWhichColumnsWereRead() throws IOException {
    assertEquals(
        "user = column 2 \"customer_id\", item = column 1 \"product_id\", rating = column 3"
            + " \"rating\"",
        read("product_id,customer_id,rating\n8,7,2.5\n").report().columns());
    assertEquals(
        "user = column 1, item = column 2, rating = column 3, timestamp = column 4",
        read("7\t8\t2.5\t9\n").report().columns());
    assertEquals(
        "user = column 1 \"who\", item = column 2 \"wh\\u0007at\", rating = column 3 \"stars\", by"
            + " position: the header does not name them",
        read("who,wh\u0007at,stars\n7,8,2.5\n").report().columns());
    RatingsReader reader = RatingsReader.of();
    assertEquals(
        "user = column 2 \"what\", item = column 1 \"who\", rating = column 4 \"stars\", timestamp ="
            + " column 3 \"when\"",
        read(reader.withColumns("what", "1", "stars", "3"), "who,what,when,stars\n7,8,9,2.5\n")
            .report()
            .columns());
    assertEquals(
        "user = column 3, item = column 2, rating = column 1",
        read(reader.withColumns("3", "2", "1", null), "2.5,8,7\n").report().columns());
  }

  @Test
  void columnsCanBeNamedOrNumbered() throws IOException {
    String named = "movieId,userId,rating,other,when\n1,2,3,4,5\n";
    RatingsReader reader = RatingsReader.of();
    assertEquals(
        List.of("2,1,4.0@5"),
        rows(read(reader.withColumns("userId", "movieid", "other", "when"), named).ratings()));
    assertEquals(
        List.of("1,2,4.0"), rows(read(reader.withColumns("1", "2", "4", null), named).ratings()));
    assertEquals(
        List.of("6,7,4.0@5"),
        rows(read(reader.withColumns("4", "3", "2", "1"), "5,4,7,6\n").ratings()));
    assertEquals(
        List.of("1,2,3.0"),
        rows(read(reader.withColumns("1", "2", "3", null), "1,2,3,not a time\n").ratings()));
    assertEquals(
        List.of("7,8,9.0"),
        rows(read(reader.withColumns("u", "i", "r", null), "u,i,r,2024\n7,8,9,1\n").ratings()));
  }

  @Test
  void oneIdThatIsNoLongMakesAllStrings() throws IOException {
    Result result = read("1,5,3\n01,5,4\n1,6,5\n");
    assertEquals(List.of("1,5,3.0", "01,5,4.0", "1,6,5.0"), rows(result.ratings()));
    assertInstanceOf(IdMap.OfStrings.class, result.ratings().users());
    assertInstanceOf(IdMap.OfLongs.class, result.ratings().items());
    assertFalse(result.ratings().hasTimestamps());
  }

  @Test
  void quotesSpacesAndBlankLines() throws IOException {
    Result result = read("\n  \n\"a,b\",\"say \"\"hi\"\"\",\"4\"\n c , \" d \",5\n");
    assertEquals(2, result.report().lines());
    assertEquals("a,b", result.ratings().users().idOf(0));
    assertEquals("say \"hi\"", result.ratings().items().idOf(0));
    assertEquals("c", result.ratings().users().idOf(1));
  }

  @Test
  void byteOrderMarkAndOtherScripts() throws IOException {
    Result result = read("\uFEFFuser,item,rating\nZoë,東京,4\n\uD83C\uDFAC,x,3\n");
    assertEquals(List.of("Zoë,東京,4.0", "\uD83C\uDFAC,x,3.0"), rows(result.ratings()));
    assertEquals(List.of("1,2,3.0"), rows(read("\uFEFF1,2,3").ratings()));
  }

  @Test
  void everyLineEndIsOne() throws IOException {
    List<String> expected = List.of("1,2,3.0", "4,5,6.0");
    for (String end : List.of("\n", "\r\n", "\r")) {
      assertEquals(expected, rows(read("1,2,3" + end + "4,5,6" + end).ratings()));
      assertEquals(expected, rows(read("1,2,3" + end + end + "4,5,6").ratings()));
    }
  }

  @Test
  void gzipIsRecognisedByItsFirstBytesAndMayHaveSeveralMembers() throws IOException {
    byte[] first = gzip("1\t2\t3\n".getBytes(StandardCharsets.UTF_8));
    byte[] second = gzip("4\t5\t6\n".getBytes(StandardCharsets.UTF_8));
    ByteArrayOutputStream both = new ByteArrayOutputStream();
    both.write(first);
    both.write(second);
    Result result = RatingsReader.of().read(file(both.toByteArray()));
    assertEquals(List.of("1,2,3.0", "4,5,6.0"), rows(result.ratings()));
    assertEquals("TSV, gzip", result.report().format());
  }

  @Test
  void latestTimestampWinsWhereThePairStoodFirst() throws IOException {
    Result result = read("1,1,1,10\n2,1,2,10\n1,1,3,30\n1,1,4,20\n2,1,5,10\n");
    assertEquals(List.of("1,1,3.0@30", "2,1,5.0@10"), rows(result.ratings()));
    assertEquals(3, result.report().duplicates());
    assertEquals(5, result.report().lines());
  }

  @Test
  void lastLineWinsWithoutTimestamps() throws IOException {
    Result result = read("1,1,1\n1,2,2\n1,1,3\n");
    assertEquals(List.of("1,1,3.0", "1,2,2.0"), rows(result.ratings()));
    assertEquals(1, result.report().duplicates());
  }

  /** Against a plain map, over several chunks of rows, buffers and mixed line ends. */
  @Test
  void agreesWithAPlainReaderOnManyLines() throws IOException {
    Random random = new Random(17);
    StringBuilder content = new StringBuilder();
    Map<String, String> expected = new LinkedHashMap<>();
    Map<String, Long> latest = new LinkedHashMap<>();
    int lines = 200_000;
    for (int line = 0; line < lines; line++) {
      String pair = random.nextInt(700) + "," + random.nextInt(500);
      float value = random.nextInt(11) / 2f;
      long time = random.nextInt(50);
      content.append(pair).append(',').append(value).append(',').append(time);
      content.append(random.nextInt(3) == 0 ? "\r\n" : "\n");
      if (time >= latest.getOrDefault(pair, -1L)) {
        latest.put(pair, time);
        expected.put(pair, pair + "," + value + "@" + time);
      }
    }
    Result result = read(content.toString());
    assertEquals(List.copyOf(expected.values()), rows(result.ratings()));
    assertEquals(lines - expected.size(), result.report().duplicates());
    assertTrue(result.ratings().size() > 1 << 16, "more than a chunk");
  }
}
