package io.github.gpumf.data;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Reads ratings from files. The format is found from the content, not the name: columns separated
 * by tab (MovieLens 100K), {@code ::} (MovieLens 1M), comma or semicolon; with or without a header;
 * plain or gzip; UTF-8. Blank lines are passed over, and a field may stand in double quotes but
 * must end on its line.
 *
 * <p>The first line is a header if no field of it is a number. Columns are recognised by these
 * names, in any case and with or without underscores, hyphens and spaces:
 *
 * <ul>
 *   <li>user or, where there is none, customer, member, account, visitor, reviewer;
 *   <li>item, movie or, where there is neither, product, book, song, track, artist, album, article;
 *       all of these also with "id" behind them;
 *   <li>rating, score, value;
 *   <li>timestamp, time, ts.
 * </ul>
 *
 * <p>Without names that are known the columns are user, item, rating and, if there is a fourth,
 * timestamp; {@link Report#columns} says so. A header that names some of them, where position has
 * them too, leaves the others to position, but a fourth column of another name is no timestamp. A
 * header that names some of them elsewhere, or two users or items (of which a userId goes before a
 * user), is refused, also where bad lines are skipped. Every line must have as many columns as the
 * first, and is at most 65,536 bytes long.
 *
 * <p>Ids are longs if every one of a column is the usual decimal form of a long, else strings.
 * Their indices follow the order of first appearance. If a (user, item) occurs more than once, the
 * latest timestamp wins, among equals or without timestamps the last line; the rating stands where
 * the pair stood first.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class RatingsReader {
  private static final RatingsReader DEFAULT = new RatingsReader(false, null);

  private final boolean skipBadLines;
  private final Columns.@Nullable Wanted columns;

  private RatingsReader(boolean skipBadLines, Columns.@Nullable Wanted columns) {
    this.skipBadLines = skipBadLines;
    this.columns = columns;
  }

  /**
   * What was read.
   *
   * @param ratings at least one rating, each (user, item) once
   * @param report where they came from
   */
  public record Result(Ratings ratings, Report report) {}

  /**
   * How reading went. {@code lines - badLines - duplicates} ratings were read.
   *
   * @param file the file
   * @param format what was found, for example {@code "CSV, header, gzip"}
   * @param columns which columns were read, by number from 1 and name, for example {@code user =
   *     column 2 "customer_id", item = column 1 "product_id", rating = column 3 "rating"}, and
   *     whether by position because the header has other names
   * @param byPosition whether they were taken by position although there is a header, as it does
   *     not name them
   * @param lines number of lines, blank lines and the header aside
   * @param badLines how many of them were skipped
   * @param firstBadLines a message for each of the first ten of these, naming file, line and
   *     content
   * @param duplicates number of ratings that another one of the same user and item replaced
   */
  public record Report(
      Path file,
      String format,
      String columns,
      boolean byPosition,
      long lines,
      long badLines,
      List<String> firstBadLines,
      long duplicates) {
    /** Copies the list. */
    public Report {
      firstBadLines = List.copyOf(firstBadLines);
    }
  }

  /**
   * A reader that recognises the columns and stops at the first bad line.
   *
   * @return the reader
   */
  public static RatingsReader of() {
    return DEFAULT;
  }

  /**
   * What to do about lines that are not ratings.
   *
   * @param skip whether to skip and count them instead of failing at the first
   * @return a changed copy
   */
  public RatingsReader withSkipBadLines(boolean skip) {
    return new RatingsReader(skip, columns);
  }

  /**
   * Which columns to read: names out of the header, or positions from 1 in decimal.
   *
   * @param user column of the user's id
   * @param item column of the item's id
   * @param rating column of the rating
   * @param timestamp column of the timestamp, a number, or null to read none
   * @return a changed copy
   */
  public RatingsReader withColumns(
      String user, String item, String rating, @Nullable String timestamp) {
    return new RatingsReader(skipBadLines, new Columns.Wanted(user, item, rating, timestamp));
  }

  /**
   * Reads a file.
   *
   * @param file a file of ratings
   * @return the ratings, and how reading went
   * @throws InvalidDataException if the file holds no ratings, ends too early, its header does not
   *     say which columns to read or, unless bad lines are skipped, a line is not a rating; the
   *     message names file, line, content and remedy
   * @throws IOException if the file cannot be read
   */
  public Result read(Path file) throws IOException {
    TextFile.Opened opened = TextFile.open(file);
    try (InputStream content = opened.content();
        LineReader lines = new LineReader(file, content)) {
      return new RatingsFile(file, lines, columns, skipBadLines).read(opened.gzip());
    }
  }
}
