package io.github.gpumf.backend.vector;

import io.github.gpumf.backend.KeptWeights;
import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Updates;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;

/** Training with vectors and several threads: holds the weights, which its {@link Steps} move. */
final class VectorSession implements TrainingSession {
  /** Held-out ratings of a chunk. */
  private static final int CHUNK = 1024;

  /** Rows that are copied at a time, a quarter of a megabyte where k is 64. */
  private static final int STRETCH = 1024;

  private final TrainingJob job;
  private final Team team;
  private final Arena arena;
  private final Tables tables;
  private final Steps steps;
  private final KeptWeights kept = new KeptWeights();

  /** Opens a session; if memory runs out on the way, nothing is kept. */
  @SuppressWarnings("MustBeClosedChecker") // The session closes it.
  static VectorSession open(TrainingJob job) {
    Arena arena = Arena.ofShared();
    Team team = null;
    try {
      team = new Team(job.threads());
      return new VectorSession(job, team, arena);
    } catch (RuntimeException | Error failure) {
      if (team != null) {
        team.close();
      }
      arena.close();
      throw failure;
    }
  }

  private VectorSession(TrainingJob job, Team team, Arena arena) {
    this.job = job;
    this.arena = arena;
    this.team = team;
    RatingGrid grid = null;
    if (job.updates() == Updates.PER_RATING) {
      grid = RatingGrid.of(job.ratings(), job.gridSize(), job.cut().visits(), arena, team::forEach);
    }
    TrainingState start = job.start();
    List<Columns> parts =
        grid != null
            ? Columns.together(start, grid.userRows(), grid.itemRows(), arena)
            : BatchSteps.splits(job)
                ? Columns.halves(start, arena)
                : Columns.together(start, null, null, arena);
    tables = new Tables(parts, DenseHead.of(start, arena));
    steps =
        grid == null
            ? new BatchSteps(job, tables, team, arena)
            : new RatingSteps(job, tables, grid, team, arena);
  }

  @Override
  public EpochTotals run(int epoch, long from, long to) {
    return steps.run(epoch, from, to);
  }

  @Override
  public double squaredError(Ratings heldOut) {
    return steps.current(() -> squaredErrorNow(heldOut));
  }

  private double squaredErrorNow(Ratings heldOut) {
    int blocks = Math.toIntExact((heldOut.size() + CHUNK - 1) / CHUNK);
    double[] sums = new double[blocks];
    Side users = tables.userBiases();
    Side items = tables.itemBiases();
    DenseHead dense = tables.dense();
    float kernel = dense == null ? 1 : dense.kernel();
    float offset = job.offset() + (dense == null ? 0 : dense.bias());
    float min = job.spec().clip() ? job.ratings().minValue() : Float.NEGATIVE_INFINITY;
    float max = job.spec().clip() ? job.ratings().maxValue() : Float.POSITIVE_INFINITY;
    team.run(
        blocks,
        1,
        (from, to, member) -> {
          for (int block = from; block < to; block++) {
            long start = (long) block * CHUNK;
            long end = Math.min(heldOut.size(), start + CHUNK);
            for (long row = start; row < end; row++) {
              int user = users.place(heldOut.user(row));
              int item = items.place(heldOut.item(row));
              float prediction =
                  kernel * tables.dot(user, item) + offset + users.bias(user) + items.bias(item);
              double error = (double) Math.clamp(prediction, min, max) - heldOut.value(row);
              sums[block] += error * error;
            }
          }
        });
    return Sums.inOrder(sums, sums.length);
  }

  @Override
  public boolean keep(Slot slot) {
    KeptWeights.requireKeepable(slot);
    return steps.current(() -> keepNow(slot));
  }

  /** Looks before it writes: what was kept is not lost to weights that are worse. */
  private boolean keepNow(Slot slot) {
    if (!isFinite()) {
      return false;
    }
    exportTo(kept.room(slot, () -> zeros(job.spec().factors(), Arena.ofAuto())));
    return true;
  }

  @Override
  public Weights weights(Slot slot) {
    return slot == Slot.CURRENT ? current(Arena.ofAuto()) : kept.copy(slot);
  }

  @Override
  public Weights take(Slot slot) {
    return kept.take(slot);
  }

  private Weights current(Arena owner) {
    Weights copy = zeros(job.spec().factors(), owner);
    return steps.current(() -> exportTo(copy));
  }

  private Weights zeros(int columns, Arena owner) {
    return Weights.zeros(
        job.spec().head(), tables.userBiases().rows(), tables.itemBiases().rows(), columns, owner);
  }

  private Weights exportTo(Weights copy) {
    forEachStretch(
        (side, ofUsers, from, to) ->
            side.copyWeightsTo(
                ofUsers ? copy.userFactors() : copy.itemFactors(),
                ofUsers ? copy.userBias() : copy.itemBias(),
                from,
                to));
    if (tables.dense() != null) {
      tables.dense().copyWeightsTo(Objects.requireNonNull(copy.dense()));
    }
    return copy;
  }

  private boolean isFinite() {
    AtomicBoolean finite = new AtomicBoolean(tables.dense() == null || tables.dense().isFinite());
    forEachStretch(
        (side, ofUsers, from, to) -> {
          if (!side.isFinite(from, to)) {
            finite.set(false);
          }
        });
    return finite.get();
  }

  /** Does something with rows {@code from} to {@code to - 1} of a side. */
  @FunctionalInterface
  private interface Stretch {
    void accept(Side side, boolean ofUsers, int from, int to);
  }

  /** Goes through all rows. Each part is left to the member whose processor has moved its rows. */
  private void forEachStretch(Stretch task) {
    int ofUsers = Math.ceilDiv(tables.userBiases().rows(), STRETCH);
    int ofPart = ofUsers + Math.ceilDiv(tables.itemBiases().rows(), STRETCH);
    team.runAtHome(
        tables.parts().size() * ofPart,
        1,
        (first, end, member) -> {
          for (int number = first; number < end; number++) {
            Columns part = tables.parts().get(number / ofPart);
            boolean users = number % ofPart < ofUsers;
            Side side = users ? part.users() : part.items();
            int from = STRETCH * (number % ofPart - (users ? 0 : ofUsers));
            task.accept(side, users, from, Math.min(side.rows(), from + STRETCH));
          }
        });
  }

  @Override
  public TrainingState state() {
    return steps.current(this::stateNow);
  }

  private TrainingState stateNow() {
    Arena owner = Arena.ofAuto();
    int columns = TrainingState.slotColumns(job.optimizer(), job.spec().factors());
    List<Weights> slots = new ArrayList<>();
    for (int slot = 0; slot < TrainingState.slotNames(job.optimizer()).size(); slot++) {
      Weights copy = zeros(columns, owner);
      for (Columns part : tables.parts()) {
        part.users().copySlotTo(slot, copy.userFactors(), copy.userBias());
        part.items().copySlotTo(slot, copy.itemFactors(), copy.itemBias());
      }
      if (tables.dense() != null) {
        tables.dense().copySlotTo(slot, Objects.requireNonNull(copy.dense()));
      }
      slots.add(copy);
    }
    return new TrainingState(current(owner), slots, steps.step());
  }

  @Override
  public void close() {
    team.close();
    arena.close();
  }
}
