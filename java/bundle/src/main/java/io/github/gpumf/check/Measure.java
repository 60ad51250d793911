package io.github.gpumf.check;

import java.io.IOException;

/** A part of a check. */
interface Measure {
  /** What it is, for people. */
  String name();

  /**
   * Adds what it finds as soon as it finds it, so that a failure loses nothing that came before.
   *
   * @throws IOException if it cannot go on
   * @throws InterruptedException if it is told to end
   */
  void run(Findings findings) throws IOException, InterruptedException;
}
