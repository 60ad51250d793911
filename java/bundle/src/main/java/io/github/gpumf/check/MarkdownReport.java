package io.github.gpumf.check;

import io.github.gpumf.check.Findings.Copy;
import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Kernel;
import io.github.gpumf.check.Findings.Prepared;
import io.github.gpumf.check.Findings.Snapshot;
import io.github.gpumf.check.Findings.Tests;
import io.github.gpumf.check.Findings.TopItems;
import java.util.List;
import java.util.Locale;

/** The findings for people: tables, and the charts beside them. */
final class MarkdownReport {
  private static final String EPOCH_NAMES =
      "| by | optimizer | ratings | users | items | k | batch | ms an epoch | M ratings/s | us a batch | RMSE |";
  private static final String EPOCH_RULES =
      "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|";

  private final StringBuilder text = new StringBuilder();

  private MarkdownReport() {}

  /**
   * Writes all of it.
   *
   * @param charts a line each
   */
  static String of(Snapshot found, String verdict, List<String> charts) {
    MarkdownReport report = new MarkdownReport();
    report.line("# gpu-check").line("").line(verdict).line("");
    found.machine().forEach((name, value) -> report.line("- " + name + ": " + value));
    found
        .seconds()
        .forEach(
            (part, time) ->
                report.line(String.format(Locale.ROOT, "- %s took %.1f s", part, time)));
    report.list("Problems", found.problems());
    report.list("Left out", found.notes());
    if (found.tests() != null) {
      report.tests(found.tests());
    }
    report.copies(found.copies());
    report.kernels(found.kernels());
    report.epochs("Epochs", found.epochs());
    report.epochs("Batch sizes", found.batchSizes());
    report.perRating(found.perRating());
    report.topItems(found.topItems());
    report.peers(found);
    if (!charts.isEmpty()) {
      report.heading("Charts");
      charts.forEach(chart -> report.line(chart).line(""));
    }
    return report.text.toString();
  }

  private MarkdownReport line(String line) {
    text.append(line).append('\n');
    return this;
  }

  private MarkdownReport heading(String heading) {
    return line("").line("## " + heading).line("");
  }

  private void list(String heading, List<String> lines) {
    if (!lines.isEmpty()) {
      heading(heading);
      lines.forEach(each -> line("- " + each));
    }
  }

  private void tests(Tests tests) {
    heading("Tests");
    line(
        String.format(
            Locale.ROOT,
            "%d passed, %d failed, %d left out, in %.0f s.",
            tests.passed(),
            tests.failed().size(),
            tests.leftOut().values().stream().mapToInt(Integer::intValue).sum(),
            tests.seconds()));
    tests.classes().forEach((name, count) -> line("- " + name + ": " + count + " passed"));
    tests.failed().forEach(each -> line("- failed: " + each));
    tests.leftOut().forEach((reason, count) -> line("- left out: " + count + ", " + reason));
  }

  private void copies(List<Copy> copies) {
    if (copies.isEmpty()) {
      return;
    }
    heading("Copies");
    line("On the device each byte counts twice: it is read and written.").line("");
    line("| copy | bytes | us | GB/s |").line("|---|---:|---:|---:|");
    for (Copy copy : copies) {
      line(
          String.format(
              Locale.ROOT,
              "| %s | %,d | %,.1f | %,.1f |",
              copy.what(),
              copy.bytes(),
              copy.microseconds(),
              copy.gigabytesPerSecond()));
    }
  }

  private void kernels(List<Kernel> kernels) {
    if (kernels.isEmpty()) {
      return;
    }
    heading("Kernels");
    line("The floor is the time of a copy of as many bytes, or of a launch. Bytes count caches as");
    line("empty: where they help, a kernel is faster than its floor.").line("");
    line("| kernel | on | k | MB | us | GB/s | floor, us | of the floor |");
    line("|---|---|---:|---:|---:|---:|---:|---:|");
    for (Kernel kernel : kernels) {
      line(
          String.format(
              Locale.ROOT,
              "| `%s` | %s | %s | %,.1f | %,.1f | %,.0f | %,.1f | %.0f %% |",
              kernel.kernel(),
              kernel.size(),
              kernel.factors() == 0 ? "" : kernel.factors(),
              kernel.bytes() / 1e6,
              kernel.microseconds(),
              kernel.gigabytesPerSecond(),
              kernel.floorMicroseconds(),
              100 * kernel.ofFloor()));
    }
  }

  private void epochs(String heading, List<Epoch> epochs) {
    if (epochs.isEmpty()) {
      return;
    }
    heading(heading);
    line(EPOCH_NAMES).line(EPOCH_RULES);
    epochs.forEach(epoch -> line(row(epoch)));
  }

  private static String row(Epoch epoch) {
    return String.format(
        Locale.ROOT,
        "| %s | %s | %,d | %,d | %,d | %d | %,d | %,.2f | %,.1f | %,.1f | %.4f |",
        epoch.by(),
        epoch.optimizer(),
        epoch.ratings(),
        epoch.users(),
        epoch.items(),
        epoch.factors(),
        epoch.batchSize(),
        epoch.milliseconds(),
        epoch.millionRatingsPerSecond(),
        epoch.microsecondsPerBatch(),
        epoch.rmse());
  }

  private void perRating(List<Prepared> epochs) {
    if (epochs.isEmpty()) {
      return;
    }
    heading("An update a rating, a batch is a round");
    line(
        "Preparing comes once, before the first epoch: the host deals the ratings to the blocks of");
    line("a grid, and they are copied to the device.").line("");
    line(EPOCH_NAMES + " preparing, s |").line(EPOCH_RULES + "---:|");
    for (Prepared each : epochs) {
      line(row(each.epoch()) + String.format(Locale.ROOT, " %.2f |", each.preparationSeconds()));
    }
  }

  private void peers(Snapshot found) {
    epochs("The same training in PyTorch", found.peers());
    for (Comparison each : Comparison.of(found)) {
      line("").line(each.sentence());
    }
  }

  private void topItems(List<TopItems> lists) {
    if (lists.isEmpty()) {
      return;
    }
    heading("Top items");
    line("| users | items | k | of a list | ms | users/s |");
    line("|---:|---:|---:|---:|---:|---:|");
    for (TopItems each : lists) {
      line(
          String.format(
              Locale.ROOT,
              "| %,d | %,d | %d | %d | %,.2f | %,.0f |",
              each.users(),
              each.items(),
              each.factors(),
              each.count(),
              each.milliseconds(),
              each.usersPerSecond()));
    }
  }
}
