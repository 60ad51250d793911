package io.github.gpumf.data;

import de.siegmar.fastcsv.reader.CloseableIterator;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.github.gpumf.data.LineReader.UnclosedQuoteException;
import io.github.gpumf.data.RatingsReader.Report;
import io.github.gpumf.data.RatingsReader.Result;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One run of {@link RatingsReader} over one file. */
final class RatingsFile {
  private static final int REPORTED_BAD_LINES = 10;
  private static final String OR_SKIP =
      " Or skip bad lines (--skip-bad-lines, withSkipBadLines(true)).";

  private final Path file;
  private final LineReader lines;
  private final Columns.@Nullable Wanted wanted;
  private final boolean skipBadLines;
  private final Separator separator;
  private final boolean skippingHelps;

  private @Nullable CloseableIterator<LineFields> parser;
  private @Nullable Columns columns;
  private @Nullable RatingCollector collector;
  private long dataLines;
  private long badLines;
  private final List<String> firstBadLines = new ArrayList<>();

  RatingsFile(Path file, LineReader lines, Columns.@Nullable Wanted wanted, boolean skipBadLines) {
    this.file = file;
    this.lines = lines;
    this.wanted = wanted;
    this.skipBadLines = skipBadLines;
    String sample = lines.sample();
    separator = Separator.of(sample);
    skippingHelps = separator.splits(sample);
  }

  Result read(boolean gzip) throws IOException {
    boolean more = true;
    while (more) {
      try {
        more = lines.next();
        if (more && !lines.isBlank()) {
          readLine();
        }
      } catch (BadLineException bad) {
        dataLines++;
        report(bad);
      }
    }
    if (collector == null || columns == null || collector.size() == 0) {
      throw noRatings();
    }
    Ratings ratings = collector.build();
    String format =
        separator.format() + (columns.header() ? ", header" : "") + (gzip ? ", gzip" : "");
    return new Result(
        ratings,
        new Report(
            file,
            format,
            columns.description(),
            columns.byPosition(),
            dataLines,
            badLines,
            firstBadLines,
            collector.duplicates()));
  }

  private void readLine() throws IOException, BadLineException {
    LineFields fields = parse();
    if (columns == null || collector == null) {
      columns = Columns.of(fields, wanted);
      collector = new RatingCollector(columns.timestamp() != Columns.NONE);
      if (columns.header()) {
        return;
      }
    }
    add(fields, columns, collector);
    dataLines++;
  }

  private LineFields parse() throws IOException, BadLineException {
    if (parser == null) {
      parser =
          CsvReader.builder()
              .fieldSeparator(separator.characters())
              .allowUnclosedQuote(false)
              .skipEmptyLines(false)
              .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
              .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
              .build(new LineFields(), lines)
              .iterator();
    }
    try {
      return parser.next();
    } catch (CsvParseException malformed) {
      parser = null;
      throw new BadLineException(
          "there is text behind a closing quote", "Write a quote inside quotes twice.");
    } catch (UncheckedIOException failed) {
      parser = null;
      if (failed.getCause() instanceof UnclosedQuoteException) {
        throw new BadLineException(
            "a quote is not closed", "A field in quotes must end on the line it began on.");
      }
      throw failed.getCause();
    }
  }

  private static void add(LineFields fields, Columns columns, RatingCollector collector)
      throws BadLineException {
    if (fields.count() != columns.count()) {
      throw new BadLineException(
          (fields.count() < columns.count() ? "a column is missing: " : "too many columns: ")
              + fields.count()
              + " where the first line has "
              + columns.count(),
          "Give every line the same columns.");
    }
    checkId(fields, columns.user(), "user");
    checkId(fields, columns.item(), "item");
    float rating = rating(fields, columns.rating());
    long timestamp =
        columns.timestamp() == Columns.NONE ? 0 : timestamp(fields, columns.timestamp());
    char[] text = fields.text();
    int user =
        collector.users().indexOf(text, fields.start(columns.user()), fields.end(columns.user()));
    int item =
        collector.items().indexOf(text, fields.start(columns.item()), fields.end(columns.item()));
    collector.addRow(user, item, rating, timestamp);
  }

  private static void checkId(LineFields fields, int column, String role) throws BadLineException {
    if (fields.start(column) == fields.end(column)) {
      throw new BadLineException(
          "the " + role + " id (column " + (column + 1) + ") is empty", "Give every rating ids.");
    }
  }

  private static float rating(LineFields fields, int column) throws BadLineException {
    float rating;
    try {
      rating = Numbers.parseFloat(fields.text(), fields.start(column), fields.end(column));
    } catch (NumberFormatException notANumber) {
      throw new BadLineException(
          named("rating", fields, column) + " is not a number", "Write a number such as 3.5.");
    }
    if (!Float.isFinite(rating)) {
      throw new BadLineException(
          named("rating", fields, column) + " is not finite or too large for a float",
          "Write a number such as 3.5.");
    }
    return rating;
  }

  private static long timestamp(LineFields fields, int column) throws BadLineException {
    try {
      return Numbers.parseLong(fields.text(), fields.start(column), fields.end(column));
    } catch (NumberFormatException notANumber) {
      throw new BadLineException(
          named("timestamp", fields, column) + " is not a number",
          "Write seconds since 1970, or name the columns without a timestamp (--columns, withColumns).");
    }
  }

  private static String named(String role, LineFields fields, int column) {
    return "the "
        + role
        + " (column "
        + (column + 1)
        + ") "
        + InvalidDataException.quote(fields.get(column));
  }

  private void report(BadLineException bad) throws InvalidDataException {
    String problem = bad.problem() + ", in " + lines.quoted();
    if (bad.header() || !skipBadLines) {
      boolean offered = skippingHelps && bad.skippingHelps();
      String remedy = offered ? bad.remedy() + OR_SKIP : bad.remedy();
      throw new InvalidDataException(file, lines.number(), problem, remedy);
    }
    badLines++;
    if (firstBadLines.size() < REPORTED_BAD_LINES) {
      firstBadLines.add(InvalidDataException.place(file, lines.number()) + ": " + problem);
    }
  }

  private InvalidDataException noRatings() {
    String problem;
    if (dataLines > 0) {
      problem =
          "none of the " + dataLines + " lines is a rating; the first: " + firstBadLines.getFirst();
    } else if (columns != null) {
      problem = "there is a header but no rating";
    } else {
      problem = "the file is empty";
    }
    return new InvalidDataException(
        file,
        InvalidDataException.NO_LINE,
        problem,
        "Give a file with lines of user, item and rating.");
  }
}
