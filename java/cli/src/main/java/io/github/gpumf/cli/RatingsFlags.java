package io.github.gpumf.cli;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.RatingsReader.Report;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** How to read ratings files. */
final class RatingsFlags {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(
      names = "--columns",
      split = ",",
      paramLabel = "NAME",
      description = {
        "Columns of user, item, rating and, if wanted, timestamp:",
        "names out of the header, or positions from 1.",
        "Example: --columns who,what,stars"
      })
  private @Nullable List<String> columns;

  @Option(
      names = "--skip-bad-lines",
      description = "Skip and count lines that are not ratings, instead of failing at the first.")
  private boolean skipBadLines;

  @SuppressWarnings("NullAway.Init") // picocli sets the command before anything is called.
  RatingsFlags() {}

  /** Reads a file and says on standard error what was read, skipped or replaced. */
  Ratings read(Path file) throws IOException {
    RatingsReader.Result result = reader().read(file);
    report(result.ratings(), result.report());
    return result.ratings();
  }

  private RatingsReader reader() {
    RatingsReader reader = RatingsReader.of().withSkipBadLines(skipBadLines);
    if (columns == null) {
      return reader;
    }
    if (columns.size() < 3 || columns.size() > 4) {
      throw new ParameterException(
          command.commandLine(),
          "--columns needs user, item, rating and perhaps timestamp, not " + columns);
    }
    List<String> names = columns.stream().map(String::strip).toList();
    return reader.withColumns(
        names.get(0), names.get(1), names.get(2), names.size() == 4 ? names.get(3) : null);
  }

  private void report(Ratings ratings, Report report) {
    PrintWriter err = command.commandLine().getErr();
    String read = report.file() + ": " + ratings + ", " + report.format();
    if (report.byPosition()) {
      err.println(read);
      err.println(report.file() + ": " + report.columns() + "; name others with --columns");
    } else {
      err.println(read + "; " + report.columns());
    }
    if (report.badLines() > 0) {
      err.println(report.file() + ": " + report.badLines() + " bad lines skipped, the first are");
      report.firstBadLines().forEach(message -> err.println("  " + message));
    }
    if (report.duplicates() > 0) {
      err.println(
          report.file()
              + ": "
              + report.duplicates()
              + " ratings replaced by later ones of the same user and item");
    }
  }
}
