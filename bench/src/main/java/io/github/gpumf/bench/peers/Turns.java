package io.github.gpumf.bench.peers;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * A process's end of a contest: it waits until it is its turn, trains an epoch, tells how long that
 * took, and waits again. So processes that stay warm are timed one after the other, over and over,
 * and never at the same time.
 *
 * <p>On standard input a line is a turn, and the end of the input the end of the contest. On
 * standard output a line {@code turn SECONDS TRAINING_RMSE HELD_OUT_RMSE}, {@code NaN} for what is
 * not measured, answers it; {@code ready} says that the data is loaded. Other lines are ignored.
 */
public final class Turns {
  /** How a line of an answer begins. */
  static final String TURN = "turn ";

  /** The line of a process that has loaded its data. */
  static final String READY = "ready";

  private final BufferedReader input;
  private final PrintStream output;

  /**
   * Takes turns on two streams.
   *
   * @param input of turns
   * @param output of answers
   */
  public Turns(InputStream input, PrintStream output) {
    this.input = new BufferedReader(new InputStreamReader(input, StandardCharsets.UTF_8));
    this.output = output;
  }

  /**
   * Takes turns on the standard streams.
   *
   * @return the turns of this process
   */
  public static Turns ofProcess() {
    return new Turns(System.in, System.out);
  }

  /** Says that everything is loaded. */
  public void ready() {
    output.println(READY);
    output.flush();
  }

  /**
   * Waits.
   *
   * @return whether there is another turn
   */
  public boolean await() {
    try {
      return input.readLine() != null;
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  /**
   * Answers a turn.
   *
   * @param seconds the training of the epoch took
   * @param trainingRmse of the epoch's own predictions, or NaN
   * @param heldOutRmse after the epoch, or NaN
   */
  public void answer(double seconds, double trainingRmse, double heldOutRmse) {
    output.println(
        String.format(Locale.ROOT, TURN + "%.6f %.6f %.6f", seconds, trainingRmse, heldOutRmse));
    output.flush();
  }
}
