package io.github.gpumf.check;

import static io.github.gpumf.check.KernelBench.A;
import static io.github.gpumf.check.KernelBench.B;
import static io.github.gpumf.check.KernelBench.EPSILON;
import static io.github.gpumf.check.KernelBench.RATE;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.check.KernelBench.Load;
import io.github.gpumf.check.KernelTables.Side;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.KernelCall;
import io.github.gpumf.cuda.driver.LaunchShape;
import io.github.gpumf.data.Ratings;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/**
 * Rounds of an update a rating in the order of a grid: a launch is a round, and the next launch the
 * next round, so that the floor is that of an average round.
 *
 * @param bench to time with
 * @param t to time on
 * @param cut of the grid
 */
record RoundKernels(KernelBench bench, KernelTables t, RatingGrid.Cut cut) {
  /** As the backend launches them. */
  private static final int WARPS_OF_BLOCK = 4;

  private static final int WARP = 32;

  /** Floats of a row that a warp has in registers, once. */
  private static final int HELD_ONCE = 2 * WARP;

  private static final int MOST_HELD = 4;
  private static final int WORDS = RatingGrid.stride(false) / Integer.BYTES;

  // Places of the arguments that are new in each launch.
  private static final int ROUND = 2;
  private static final int SIZE = 3;

  /** A grid on the device. */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares grids.
  private record Grid(
      RatingGrid.Size size, DeviceBuffer ratings, DeviceBuffer blocks, long[] ofRound) {}

  /** Times all of them. */
  void time() {
    Grid grid = upload();
    // Bytes a rating: the user's row and an optimizer's numbers each way; items' rows are few.
    for (boolean halves : new boolean[] {false, true}) {
      double row = 2.0 * (halves ? 8 : 16) * t.vectors + 4 * WORDS;
      time(grid, "sgd", halves, row);
      time(grid, "adagrad_row", halves, row);
      time(grid, "adagrad", halves, row + 2.0 * 16 * t.vectors);
      time(grid, "lazy_adam", halves, row + 4.0 * 16 * t.vectors);
    }
  }

  private Grid upload() {
    Ratings ratings =
        Ratings.of(
            t.download(t.users.rowAt(), t.positions),
            t.download(t.items.rowAt(), t.positions),
            new float[t.positions],
            t.users.rows(),
            t.items.rows());
    RatingGrid.Size size = RatingGrid.Size.of(t.positions, t.users.rows(), t.items.rows(), cut);
    try (Arena arena = Arena.ofConfined()) {
      RatingGrid grid =
          RatingGrid.of(ratings, size, cut.visits(), arena, RatingGrid.Workers.CALLER);
      int[] words = grid.segment().toArray(ValueLayout.JAVA_INT_UNALIGNED);
      for (int word = 0; word < words.length; word += WORDS) {
        words[word] = grid.userRows()[words[word]];
        words[word + 1] = grid.itemRows()[words[word + 1]];
      }
      long[] blocks = new long[2 * size.rounds() * size.blocks()];
      long[] ofRound = new long[size.rounds()];
      for (int round = 0; round < size.rounds(); round++) {
        ofRound[round] = grid.ratings(round);
        for (int number = 0; number < size.blocks(); number++) {
          int pair = 2 * (round * size.blocks() + number);
          blocks[pair] = grid.start(round, number);
          blocks[pair + 1] = grid.end(round, number);
        }
      }
      return new Grid(size, t.upload(words), t.upload(blocks), ofRound);
    }
  }

  private void time(Grid grid, String rule, boolean halves, double perRating) {
    int held = 1;
    while (held <= MOST_HELD && held * HELD_ONCE < t.k) {
      held *= 2;
    }
    if (held <= MOST_HELD) {
      time(grid, rule, halves, Integer.toString(held), perRating);
    }
    time(grid, rule, halves, "long", perRating);
  }

  private void time(Grid grid, String rule, boolean halves, String length, double perRating) {
    String precise = halves ? rule + "_half" : rule;
    String name = precise + "_round_" + length;
    int blocks = grid.size().blocks();
    List<Object> arguments =
        new ArrayList<>(
            List.of(t.stop, 0L, 0, 0L, RATE, grid.ratings(), WORDS, grid.blocks(), blocks));
    arguments.addAll(tables(t.users, rule, halves));
    arguments.addAll(tables(t.items, rule, halves));
    arguments.addAll(
        List.of(
            t.vectors,
            t.k,
            3f,
            A,
            B,
            EPSILON,
            0f,
            0f,
            t.zeros((long) blocks * Double.BYTES),
            t.zeros(Integer.BYTES),
            t.totals,
            Double.MAX_VALUE));
    KernelCall call = bench.call("rounds_" + precise, name, arguments.toArray());
    int warps = Math.min(blocks, WARPS_OF_BLOCK);
    // Two long rows of floats a warp, where they are halves.
    int shared = halves && length.equals("long") ? warps * 2 * t.vectors * 16 : 0;
    LaunchShape shape =
        LaunchShape.of(Math.ceilDiv(blocks, warps), warps * WARP).withShared(shared);
    int rounds = grid.size().rounds();
    bench.time(
        name,
        new Load(
            t.size(t.positions / rounds, "ratings a round"), t.k, perRating * t.positions / rounds),
        turn ->
            call.set(ROUND, turn % rounds)
                .set(SIZE, grid.ofRound()[turn % rounds])
                .launch(bench.stream(), shape));
  }

  /** AdaGrad's sums of squares must not be where Adam left means, which may be negative. */
  private static List<Object> tables(Side side, String rule, boolean halves) {
    boolean adagrad = rule.startsWith("adagrad");
    return List.of(
        halves ? side.halves() : side.factors(),
        adagrad ? side.second() : side.first(),
        side.second(),
        side.bias(),
        adagrad ? side.biasSecond() : side.biasFirst(),
        side.biasSecond());
  }
}
