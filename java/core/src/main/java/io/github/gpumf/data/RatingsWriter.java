package io.github.gpumf.data;

import de.siegmar.fastcsv.writer.CsvWriter;
import de.siegmar.fastcsv.writer.LineDelimiter;
import de.siegmar.fastcsv.writer.QuoteStrategy;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.CharsetEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/** Writes ratings as tab-separated text that {@link RatingsReader} reads back. */
public final class RatingsWriter {
  /** The reader drops spaces around fields without quotes. */
  private static final QuoteStrategy QUOTE_OUTER_SPACES =
      new QuoteStrategy() {
        @Override
        public boolean quoteValue(int line, int field, String value) {
          return value.startsWith(" ") || value.endsWith(" ");
        }
      };

  /** Two of three bytes a character fit a line, with the numbers behind them. */
  private static final int LONGEST_ID = LineReader.LONGEST_LINE / 8;

  private RatingsWriter() {}

  /**
   * Writes a file with the header {@code userId itemId rating timestamp}, the last only if there
   * are timestamps. The file appears under its name once it is whole and on disk; a file that was
   * there stays until then.
   *
   * @param ratings without weights
   * @param file where to write
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if the ratings have weights, or an id that the reader would
   *     refuse or read as another one: empty, with a line break, a NUL or half a surrogate pair in
   *     it, or too long for a line
   */
  public static void write(Ratings ratings, Path file) throws IOException {
    if (ratings.hasWeights()) {
      throw new IllegalArgumentException(
          "ratings with weights cannot be written: the file has no column for them");
    }
    requireReadable(ratings.users());
    requireReadable(ratings.items());
    AtomicFiles.write(
        file,
        out -> {
          OutputStream buffered = new BufferedOutputStream(out, 1 << 16);
          writeRows(ratings, buffered);
          buffered.flush();
        });
  }

  private static void writeRows(Ratings ratings, OutputStream out) throws IOException {
    CsvWriter csv =
        CsvWriter.builder()
            .fieldSeparator('\t')
            .lineDelimiter(LineDelimiter.LF)
            .quoteStrategy(QUOTE_OUTER_SPACES)
            .build(out, StandardCharsets.UTF_8);
    try {
      if (ratings.hasTimestamps()) {
        csv.writeRecord("userId", "itemId", "rating", "timestamp");
      } else {
        csv.writeRecord("userId", "itemId", "rating");
      }
      for (long row = 0; row < ratings.size(); row++) {
        String user = ratings.users().idOf(ratings.user(row));
        String item = ratings.items().idOf(ratings.item(row));
        String value = format(ratings.value(row));
        if (ratings.hasTimestamps()) {
          csv.writeRecord(user, item, value, Long.toString(ratings.timestamp(row)));
        } else {
          csv.writeRecord(user, item, value);
        }
      }
      csv.flush();
    } catch (UncheckedIOException failed) {
      throw failed.getCause();
    }
  }

  /** Whole stars as MovieLens writes them, without a point. */
  private static String format(float value) {
    int whole = (int) value;
    return whole == value && Math.abs(whole) < 1_000_000
        ? Integer.toString(whole)
        : Float.toString(value);
  }

  private static void requireReadable(IdMap ids) {
    if (!(ids instanceof IdMap.OfStrings strings)) {
      return;
    }
    CharsetEncoder encoder = StandardCharsets.UTF_8.newEncoder();
    for (String id : strings.toList()) {
      if (id.length() > LONGEST_ID) {
        throw new IllegalArgumentException(
            "an id of "
                + id.length()
                + " characters cannot be written, of which the first are "
                + InvalidDataException.quote(id)
                + "; ids of up to "
                + LONGEST_ID
                + " fit a line");
      }
      if (!encoder.canEncode(id)) {
        throw new IllegalArgumentException(
            "the id "
                + InvalidDataException.quote(id)
                + " has half a surrogate pair in it, which no text file can hold");
      }
      if (id.indexOf('\n') >= 0 || id.indexOf('\r') >= 0 || id.indexOf(0) >= 0) {
        throw new IllegalArgumentException(
            "the id "
                + InvalidDataException.quote(id)
                + " cannot be written as a line of text; ids must not contain line breaks or"
                + " NUL");
      }
    }
  }
}
