package io.github.gpumf.backend.vector;

import java.util.Arrays;

/**
 * Rows that have rested, and the numbers by which {@link DeferredAdam} catches them up; see {@link
 * io.github.gpumf.backend.AdamTails}.
 *
 * <p>Rows that are caught up to the same step have the same numbers if they have rested equally
 * long, which many have. Those of a short rest are found once a step.
 */
final class Rests {
  /** Numbers of a rest, side by side: the terms of the move, then what is left of m and of v. */
  static final int NUMBERS = 8;

  static final int TERM_0 = 0;
  static final int TERM_1 = 1;
  static final int TERM_2 = 2;
  static final int TERM_3 = 3;
  static final int DECAY_1 = 4;
  static final int DECAY_2 = 5;

  /** Steps of a rest whose numbers are kept: 16 KiB of them. Longer rests are rare. */
  private static final int LONGEST = 511;

  final int[] rows;

  /** How many steps each has rested. */
  final int[] lengths;

  /** Where the numbers of each begin. */
  final int[] starts;

  /** By length; then those of rows that have rested longer, by row. */
  final float[] numbers;

  int count;

  /** The step for which the numbers of each length are. */
  private final long[] steps = new long[LONGEST + 1];

  Rests(int most) {
    rows = new int[most];
    lengths = new int[most];
    starts = new int[most];
    numbers = new float[(LONGEST + 1 + most) * NUMBERS];
    Arrays.fill(steps, -1);
  }

  /** Finds the numbers of all rows, which are caught up to a step. */
  void findNumbers(DeferredAdam adam, long step) {
    for (int number = 0; number < count; number++) {
      int length = lengths[number];
      boolean kept = length <= LONGEST;
      int start = (kept ? length : LONGEST + 1 + number) * NUMBERS;
      starts[number] = start;
      if (!kept || steps[length] != step) {
        adam.findNumbers(step - length, step, numbers, start);
        if (kept) {
          steps[length] = step;
        }
      }
    }
  }
}
