package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.RatingsReader.Report;
import io.github.gpumf.data.RatingsReader.Result;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class RatingsReaderBadInputTest {
  private static final RatingsReader STRICT = RatingsReader.of();
  private static final RatingsReader SKIPPING = STRICT.withSkipBadLines(true);

  @TempDir Path directory;

  private Path file(byte[] content) throws IOException {
    return Files.write(directory.resolve("bad.csv"), content);
  }

  private Path file(String content) throws IOException {
    return file(content.getBytes(StandardCharsets.UTF_8));
  }

  private static String message(RatingsReader reader, Path file) {
    return Thrown.message(InvalidDataException.class, () -> reader.read(file));
  }

  private static InvalidDataException refused(RatingsReader reader, Path file) {
    return assertThrows(InvalidDataException.class, () -> reader.read(file));
  }

  /** Second lines of a file, the quoted line in the message, and what is wrong with it. */
  static List<Arguments> badLines() {
    return List.of(
        Arguments.of("4,5", "\"4,5\"", "a column is missing: 2 where the first line has 4"),
        Arguments.of("4,5,3", "\"4,5,3\"", "a column is missing: 3 where the first line has 4"),
        Arguments.of("4,5,3,5,6", "\"4,5,3,5,6\"", "too many columns: 5"),
        Arguments.of("4", "\"4\"", "a column is missing: 1"),
        Arguments.of("4,5,good,1", "\"4,5,good,1\"", "the rating (column 3) \"good\" is not a"),
        Arguments.of("4,5,,1", "\"4,5,,1\"", "the rating (column 3) \"\" is not a number"),
        Arguments.of("4,5,3f,1", "\"4,5,3f,1\"", "the rating (column 3) \"3f\" is not a number"),
        Arguments.of("4,5,NaN,1", "\"4,5,NaN,1\"", "the rating (column 3) \"NaN\" is not finite"),
        Arguments.of("4,5,-inf,1", "\"4,5,-inf,1\"", "the rating (column 3) \"-inf\" is not"),
        Arguments.of("4,5,1e99,1", "\"4,5,1e99,1\"", "\"1e99\" is not finite or too large"),
        Arguments.of(",5,3,1", "\",5,3,1\"", "the user id (column 1) is empty"),
        Arguments.of("4,\"\",3,1", "\"4,\"\",3,1\"", "the item id (column 2) is empty"),
        Arguments.of("4,  ,3,1", "\"4,  ,3,1\"", "the item id (column 2) is empty"),
        Arguments.of("4,5,3,now", "\"4,5,3,now\"", "the timestamp (column 4) \"now\" is not a"),
        Arguments.of("4,5,3,", "\"4,5,3,\"", "the timestamp (column 4) \"\" is not a number"),
        Arguments.of("4,\"5,3,1", "\"4,\"5,3,1\"", "a quote is not closed"),
        Arguments.of("4,\"5\"x,3,1", "\"4,\"5\"x,3,1\"", "text behind a closing quote"),
        Arguments.of("4,5\0,3,1", "\"4,5\\u0000,3,1\"", "NUL bytes"),
        Arguments.of("4\t5", "\"4\\t5\"", "a column is missing: 1"),
        Arguments.of(
            "9".repeat(200) + ",5,x,1", "\"" + "9".repeat(80) + "\"...", "\"x\" is not a number"),
        Arguments.of("x".repeat(100_000), "\"" + "x".repeat(80) + "\"...", "longer than 65536"));
  }

  @ParameterizedTest
  @MethodSource("badLines")
  void badLineIsNamed(String line, String quoted, String problem) throws IOException {
    Path file = file("1,2,3.5,10\n" + line + "\n6,7,4,10\n");
    InvalidDataException error = refused(STRICT, file);
    assertEquals(file, error.file());
    assertEquals(2, error.line());
    String message = String.valueOf(error.getMessage());
    assertTrue(message.startsWith(file + ", line 2: "), message);
    assertTrue(message.contains(problem), message);
    assertTrue(message.contains(", in " + quoted + ". "), message);
    assertTrue(message.endsWith("Or skip bad lines (--skip-bad-lines, withSkipBadLines(true))."));
  }

  @ParameterizedTest
  @MethodSource("badLines")
  void badLineIsSkippedAloneAndReported(String line, String quoted, String problem)
      throws IOException {
    Path file = file("1,2,3.5,10\n" + line + "\n6,7,4,10\r\n" + line);
    Result result = SKIPPING.read(file);
    assertEquals(List.of("1,2,3.5@10", "6,7,4.0@10"), RatingsReaderTest.rows(result.ratings()));
    assertEquals(2, result.ratings().userCount());
    Report report = result.report();
    assertEquals(4, report.lines());
    assertEquals(2, report.badLines());
    for (int i = 0; i < 2; i++) {
      String message = report.firstBadLines().get(i);
      assertTrue(message.startsWith(file + ", line " + (2 + 2 * i) + ": "), message);
      assertTrue(message.contains(problem), message);
      assertTrue(message.endsWith(", in " + quoted), message);
    }
  }

  @Test
  void unclosedQuoteIsFoundInEveryFormat() throws IOException {
    for (String separator : List.of("::", "\t", ";", ",")) {
      String text = "1,2,3\n\"4,5,3\n6,7,\"4\"\n8,\"9,3\n5,6,1\n".replace(",", separator);
      InvalidDataException error = refused(STRICT, file(text));
      assertEquals(2, error.line());
      Result result = SKIPPING.read(file(text));
      assertEquals(
          List.of("1,2,3.0", "6,7,4.0", "5,6,1.0"), RatingsReaderTest.rows(result.ratings()));
      assertEquals(2, result.report().badLines());
    }
  }

  @Test
  void malformedUtf8IsNamed() throws IOException {
    byte[] content = "1,2,3\n4,M\u00fcnchen,4\n5,6,1\n".getBytes(StandardCharsets.ISO_8859_1);
    InvalidDataException error = refused(STRICT, file(content));
    assertEquals(2, error.line());
    assertTrue(
        String.valueOf(error.getMessage()).contains("not UTF-8 text, in \"4,M\u00fcnchen,4\""));
    assertEquals(1, SKIPPING.read(file(content)).report().badLines());
  }

  @Test
  void onlyTenBadLinesAreReported() throws IOException {
    Report report = SKIPPING.read(file("1,2,3\n" + "bad\n".repeat(25))).report();
    assertEquals(25, report.badLines());
    assertEquals(26, report.lines());
    assertEquals(10, report.firstBadLines().size());
  }

  @Test
  void firstLineIsNotTakenForAHeaderIfItHasNumbers() throws IOException {
    assertEquals(1, refused(STRICT, file("1,2,three\n4,5,3\n")).line());
    assertEquals(1, refused(STRICT, file("ann,film,NaN\n4,5,3\n")).line());
    assertEquals(1, refused(STRICT, file("ann,film,\n4,5,3\n")).line());
  }

  @Test
  void headersThatNameOnlySomeColumnsAreRefused() throws IOException {
    for (String header :
        List.of("movieId,userId,stars", "rating,a,b", "ts,user,item", "product,customer,stars")) {
      assertHeaderRefused(header, "the header does not name all of user, item and rating");
    }
  }

  @Test
  void headersWithTwoUsualNamesAreRefused() throws IOException {
    assertHeaderRefused(
        "user,artist,x,Track_ID,value", "two columns for the item, \"artist\" and \"Track_ID\"");
    assertHeaderRefused(
        "account,customer,item,rating", "two columns for the user, \"account\" and \"customer\"");
  }

  /** Skipping it would read the columns by position. */
  private void assertHeaderRefused(String header, String problem) throws IOException {
    for (RatingsReader reader : List.of(STRICT, SKIPPING)) {
      String message = message(reader, file(header + "\n1,2,3\n4,5,3\n"));
      assertTrue(message.contains(", line 1: "), message);
      assertTrue(message.contains(problem), message);
      assertTrue(
          message.endsWith(
              ", in \"" + header + "\". Say which columns they are (--columns, withColumns)."),
          message);
    }
  }

  @Test
  void wantedColumnsMustExist() throws IOException {
    String message =
        message(
            STRICT.withColumns("who", "item", "rating", null), file("user,item,rating\n1,2,3\n"));
    assertTrue(message.contains("no column \"who\" for the user"), message);
    assertTrue(message.contains("The header has the columns user, item, rating."), message);
    message = message(STRICT.withColumns("1", "2", "4", null), file("1,2,3\n"));
    assertTrue(message.contains("no column \"4\" for the rating"), message);
    assertTrue(message.contains("There is no header; give a position in 1..3."), message);
    assertTrue(
        message(STRICT.withColumns("1", "2", "3", "0"), file("1,2,3\n"))
            .contains("no column \"0\" for the timestamp"));
  }

  @Test
  void skippingIsOfferedOnlyWhereItHelps() throws IOException {
    RatingsReader wanting = STRICT.withColumns("who", "item", "rating", null);
    for (String message :
        List.of(
            message(wanting, file("user,item,rating\n1,2,3\n")),
            message(STRICT, file("user,item\n1,2\n3,4\n")),
            message(STRICT, file("user item rating\n1 2 3\n")))) {
      assertFalse(message.contains("skip"), message);
    }
    String message = message(STRICT, file("# made today\nuser,item,rating\n1,2,3\n"));
    assertTrue(message.contains("1 found where user, item and rating are needed"), message);
    assertTrue(message.contains("Or skip bad lines"), message);
  }

  @Test
  void wantedColumnsMustBeDifferent() throws IOException {
    Path file = file("who,what,stars,when\n1,2,3,4\n");
    for (RatingsReader reader : List.of(STRICT, SKIPPING)) {
      String message = message(reader.withColumns("2", "2", "1", null), file);
      assertTrue(
          message.contains("line 1: user = column 2 \"what\" is also the item's column"), message);
      assertTrue(message.endsWith("Name a column for each (--columns, withColumns)."), message);
      message = message(reader.withColumns("who", "what", "stars", "3"), file);
      assertTrue(
          message.contains("rating = column 3 \"stars\" is also the timestamp's column"), message);
    }
  }

  @Test
  void filesWithoutRatingsAreRefused() throws IOException {
    for (RatingsReader reader : List.of(STRICT, SKIPPING)) {
      for (String empty : List.of("", "\n\r\n  \n", "\uFEFF")) {
        InvalidDataException error = refused(reader, file(empty));
        assertEquals(InvalidDataException.NO_LINE, error.line());
        assertTrue(String.valueOf(error.getMessage()).contains("the file is empty"));
      }
      assertTrue(
          message(reader, file("user,item,rating\n")).contains("there is a header but no rating"));
    }
    String message = message(SKIPPING, file("user,item,rating\n1,2,x\n3\n"));
    assertTrue(message.contains("none of the 2 lines is a rating; the first: "), message);
    assertTrue(message.contains("line 2: the rating (column 3) \"x\""), message);
  }

  @Test
  void binaryJunkIsRefused() throws IOException {
    Random random = new Random(3);
    for (int size : new int[] {1, 100, 10_000, 300_000}) {
      byte[] junk = new byte[size];
      random.nextBytes(junk);
      Path file = file(junk);
      refused(STRICT, file);
      refused(SKIPPING, file);
    }
    refused(SKIPPING, file(new byte[500_000]));
    assertMessage("this text is UTF-16", "1,2,3\n".getBytes(StandardCharsets.UTF_16));
    assertMessage("zip archive", new byte[] {'P', 'K', 3, 4, 0, 0});
  }

  private void assertMessage(String part, byte[] content) throws IOException {
    String message = message(STRICT, file(content));
    assertTrue(message.contains(part), message);
  }

  private static byte[] someGzip() throws IOException {
    StringBuilder text = new StringBuilder();
    Random random = new Random(9);
    for (int line = 0; line < 3000; line++) {
      text.append(line).append('\t').append(random.nextInt()).append("\t3\n");
    }
    return RatingsReaderTest.gzip(text.toString().getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void truncatedGzipIsNeverReadAsComplete() throws IOException {
    byte[] whole = someGzip();
    assertEquals(3000, STRICT.read(file(whole)).ratings().size());
    for (int length = 1; length < whole.length; length += 37) {
      Path file = file(Arrays.copyOf(whole, length));
      refused(STRICT, file);
      refused(SKIPPING, file);
    }
    for (int length = whole.length - 20; length < whole.length; length++) {
      String message = message(SKIPPING, file(Arrays.copyOf(whole, length)));
      assertTrue(message.contains("the gzip data ends too early, after line "), message);
    }
  }

  /** What follows a gzip member is another whole one, or an error: at every length. */
  @Test
  void secondGzipMemberIsNeverDroppedSilently() throws IOException {
    byte[] first = RatingsReaderTest.gzip("1,2,3\n".getBytes(StandardCharsets.UTF_8));
    byte[] second = RatingsReaderTest.gzip("4,5,6\n".getBytes(StandardCharsets.UTF_8));
    for (int length = 1; length < second.length; length++) {
      byte[] cut = Arrays.copyOf(first, first.length + length);
      System.arraycopy(second, 0, cut, first.length, length);
      refused(SKIPPING, file(cut));
    }
    refused(SKIPPING, file(Arrays.copyOf(first, first.length + 1)));
    refused(SKIPPING, file(Arrays.copyOf(first, first.length + 100_000)));
  }

  @Test
  void damagedGzipIsRefused() throws IOException {
    byte[] damaged = someGzip();
    damaged[damaged.length - 6] ^= 1;
    assertMessage("the gzip data is damaged", damaged);
    byte[] inside = someGzip();
    inside[inside.length / 2] ^= 0x55;
    refused(SKIPPING, file(inside));
  }

  @Test
  void filesThatCannotBeOpenedAreNamed() {
    Path missing = directory.resolve("missing.csv");
    String message = Thrown.message(NoSuchFileException.class, () -> STRICT.read(missing));
    assertTrue(message.startsWith(missing + ": there is no such file"), message);
    message = Thrown.message(FileSystemException.class, () -> STRICT.read(directory));
    assertTrue(message.startsWith(directory + ": this is a directory"), message);
  }
}
