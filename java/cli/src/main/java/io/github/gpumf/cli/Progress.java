package io.github.gpumf.cli;

import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingListener;
import java.io.PrintWriter;
import java.util.Locale;
import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;
import org.jspecify.annotations.Nullable;

/**
 * Shows how a training goes: a progress bar where a person watches, a line an epoch where standard
 * error is a file or a pipe.
 */
final class Progress implements TrainingListener, AutoCloseable {
  private static final int WIDTH = 100;

  /** From here on counts in thousands have more digits than anybody reads. */
  private static final long MANY = 10_000_000;

  /** What ratings are counted in. */
  private record Unit(String name, long ratings) {}

  private final PrintWriter err;
  private final boolean watched;
  private final Decimals decimals;
  private @Nullable ProgressBar bar;
  private long ratings;
  private int firstEpoch;
  private int lastEpoch;

  Progress(PrintWriter err, boolean watched, Decimals decimals) {
    this.err = err;
    this.watched = watched;
    this.decimals = decimals;
  }

  /** Whether a person is likely to watch standard error. */
  @SuppressWarnings("SystemConsoleNull") // It is null where the JDK has no terminal library.
  static boolean isWatched() {
    return System.console() != null && System.console().isTerminal();
  }

  @Override
  public void started(Start start) {
    err.println("backend " + start.backend());
    start.resumed().ifPresent(err::println);
    ratings = start.ratings();
    firstEpoch = start.firstEpoch();
    lastEpoch = start.lastEpoch();
    if (watched) {
      long total = ratings * (lastEpoch - firstEpoch + 1);
      Unit unit = total < MANY ? new Unit("k", 1000) : new Unit("M", 1_000_000);
      bar =
          new ProgressBarBuilder()
              .setTaskName("train")
              .setUnit(" " + unit.name() + " ratings", unit.ratings())
              .setInitialMax(total)
              .setStyle(ProgressBarStyle.ASCII)
              .setMaxRenderedLength(WIDTH)
              .setUpdateIntervalMillis(100)
              .setConsumer(new DelegatingProgressBarConsumer(this::redraw, WIDTH))
              .build();
    }
  }

  private void redraw(String line) {
    err.print("\r" + line);
    err.flush();
  }

  @Override
  public void progressed(int epoch, long done) {
    if (bar != null) {
      bar.stepTo((epoch - firstEpoch) * ratings + done);
    }
  }

  @Override
  public void epochEnded(EpochReport report) {
    String rmse =
        "RMSE "
            + decimals.text(report.trainingRmse())
            + (report.validationRmse().isPresent()
                ? ", held out " + decimals.text(report.validationRmse().getAsDouble())
                : "");
    if (bar != null) {
      bar.setExtraMessage(" epoch " + report.epoch() + "/" + lastEpoch + " " + rmse);
    } else {
      err.printf(
          Locale.ROOT,
          "epoch %d/%d: %s, %.2f M ratings/s%n",
          report.epoch(),
          lastEpoch,
          rmse,
          report.ratingsPerSecond() * 1e-6);
    }
  }

  @Override
  public void close() {
    if (bar != null) {
      bar.close();
      err.println();
    }
  }
}
