package io.github.gpumf.bench.peers;

import io.github.gpumf.bench.peers.Result.Turn;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Lets contestants take turns: A B C A B C and so on, never two at a time. So what else goes on at
 * the machine hits all of them alike, and each is as warm as the others.
 *
 * <p>A contestant that fails or takes too long is left out from there on, with a note.
 */
final class Contest {
  /** To start, to load and to warm up takes less; a turn, too. */
  private static final long MOST_SECONDS = 180;

  private static final String ENDED = "";

  private final Path logs;
  private final Consumer<String> notes;

  /** The folder takes the error output of the processes. */
  Contest(Path logs, Consumer<String> notes) {
    this.logs = logs;
    this.notes = notes;
  }

  /** A contestant's process and what it has answered. */
  private static final class Player implements AutoCloseable {
    private final Contestant contestant;
    private final Process process;
    private final Writer input;
    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final List<Turn> warmUp = new ArrayList<>();
    private final List<Turn> turns = new ArrayList<>();

    Player(Contestant contestant, Path log) throws IOException {
      this.contestant = contestant;
      process =
          new ProcessBuilder(contestant.command())
              .redirectError(ProcessBuilder.Redirect.to(log.toFile()))
              .start();
      input = process.outputWriter(StandardCharsets.UTF_8);
      Thread.ofVirtual().start(this::collect);
    }

    private void collect() {
      try (BufferedReader output = process.inputReader(StandardCharsets.UTF_8)) {
        output.lines().forEach(lines::add);
      } catch (IOException | UncheckedIOException gone) {
        // The process was ended in the middle of a line.
      }
      lines.add(ENDED);
    }

    /** The next line that begins so; null if the process ends first, or none comes in time. */
    @Nullable String next(String beginning) throws InterruptedException {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(MOST_SECONDS);
      while (true) {
        String line = lines.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        if (line == null || line.equals(ENDED) || line.startsWith(beginning)) {
          return line == null || line.equals(ENDED) ? null : line;
        }
      }
    }

    /** Takes turns that do not count; false if it fails. */
    boolean warmUp(Pace pace) throws InterruptedException {
      double spent = 0;
      while (warmUp.size() < pace.warmUps() || spent < pace.warmUpSeconds()) {
        Turn turn = takeTurn();
        if (turn == null) {
          return false;
        }
        warmUp.add(turn);
        spent += turn.seconds();
      }
      return true;
    }

    /** Takes a turn, and more until so many seconds are spent; false if it fails. */
    boolean takeTurns(double seconds) throws InterruptedException {
      double spent = 0;
      do {
        Turn turn = takeTurn();
        if (turn == null) {
          return false;
        }
        turns.add(turn);
        spent += turn.seconds();
      } while (spent < seconds);
      return true;
    }

    private @Nullable Turn takeTurn() throws InterruptedException {
      try {
        input.write("\n");
        input.flush();
      } catch (IOException ended) {
        return null;
      }
      String answer = next(Turns.TURN);
      if (answer == null) {
        return null;
      }
      String[] fields = answer.split(" ", -1);
      return new Turn(
          Double.parseDouble(fields[1]),
          Double.parseDouble(fields[2]),
          Double.parseDouble(fields[3]));
    }

    /** The process must still be there: with it goes what its peak was. */
    Result result(String group) {
      Result result =
          new Result(group, contestant, warmUp, turns, PeakMemory.ofProcess(process.pid()));
      System.err.printf(
          Locale.ROOT,
          "  %s: %.3f s, %.2f M ratings/s%n",
          contestant.label(),
          result.seconds(),
          result.ratingsPerSecond() / 1e6);
      return result;
    }

    @Override
    public void close() {
      try {
        input.close();
        if (process.waitFor(10, TimeUnit.SECONDS)) {
          return;
        }
      } catch (IOException ended) {
        // Then there is nobody left to tell.
      } catch (InterruptedException interruption) {
        Thread.currentThread().interrupt();
      }
      process.destroyForcibly();
    }
  }

  /**
   * Runs a contest.
   *
   * @param group its name
   * @param contestants who takes part
   * @param pace how long
   * @return a result for each who took part to the end, in order
   */
  List<Result> run(String group, List<Contestant> contestants, Pace pace)
      throws IOException, InterruptedException {
    Files.createDirectories(logs);
    List<Player> players = new ArrayList<>();
    try {
      for (Contestant contestant : contestants) {
        Path log = logs.resolve(group + "-" + players.size() + ".log");
        Player player = new Player(contestant, log);
        players.add(player);
        if (player.next(Turns.READY) == null) {
          leaveOut(players, player, log);
        }
      }
      everybody(players, player -> player.warmUp(pace));
      for (int round = 0; round < pace.rounds(); round++) {
        everybody(players, player -> player.takeTurns(pace.roundSeconds()));
      }
      return players.stream().map(player -> player.result(group)).toList();
    } finally {
      players.forEach(Player::close);
    }
  }

  /** What a player does in a round; false if it failed. */
  private interface Move {
    boolean of(Player player) throws InterruptedException;
  }

  private void everybody(List<Player> players, Move move) throws InterruptedException {
    for (Player player : List.copyOf(players)) {
      if (!move.of(player)) {
        leaveOut(players, player, logs);
      }
    }
  }

  private void leaveOut(List<Player> players, Player player, Path log) {
    players.remove(player);
    player.close();
    notes.accept(
        "left out, since it failed or took too long: "
            + player.contestant.label()
            + "; see "
            + log.getFileName()
            + " in bench/target/peers/logs");
  }
}
