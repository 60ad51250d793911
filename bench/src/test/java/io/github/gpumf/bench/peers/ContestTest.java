package io.github.gpumf.bench.peers;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.bench.peers.Result.Turn;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Contests among shell scripts. */
final class ContestTest {
  @TempDir Path folder;

  private final List<String> notes = new ArrayList<>();

  private Contestant contestant(String name, String script) {
    RatingSet set = new RatingSet("ratings", folder, folder, 10, 10, 60);
    return new Contestant(name, "none", 1, 4, 8, set, List.of("sh", "-c", script));
  }

  /** Answers each turn, and writes its name into a file that all share. */
  private Contestant answering(String name, String seconds) {
    Path diary = folder.resolve("diary");
    return contestant(
        name,
        "echo ready; while read line; do echo "
            + name
            + " >> "
            + diary
            + "; echo chatter; echo turn "
            + seconds
            + " 0.9 NaN; done");
  }

  private List<Result> run(List<Contestant> who, Pace pace)
      throws IOException, InterruptedException {
    return new Contest(folder.resolve("logs"), notes::add).run("group", who, pace);
  }

  @Test
  void takesTurns() throws Exception {
    List<Result> results =
        run(List.of(answering("a", "0.5"), answering("b", "2")), new Pace(1, 0, 2, 0));
    assertEquals(
        List.of("a", "b", "a", "b", "a", "b"), Files.readAllLines(folder.resolve("diary")));
    assertEquals(List.of("a", "b"), results.stream().map(r -> r.contestant().engine()).toList());
    assertEquals(1, results.getFirst().warmUp().size());
    assertEquals(new Turn(2, 0.9, Double.NaN), results.getLast().last());
    assertEquals(30, results.getLast().ratingsPerSecond());
    assertEquals(List.of(), notes);
  }

  @Test
  void givesTheFastMoreTurns() throws Exception {
    List<Result> results =
        run(List.of(answering("fast", "0.5"), answering("slow", "9")), new Pace(1, 2, 3, 1));
    assertEquals(4, results.getFirst().warmUp().size());
    assertEquals(6, results.getFirst().turns().size());
    assertEquals(1, results.getLast().warmUp().size());
    assertEquals(3, results.getLast().turns().size());
  }

  /** The peak is read while the process is still there. */
  @Test
  @EnabledOnOs(OS.LINUX)
  void knowsThePeakMemory() throws Exception {
    Result result = run(List.of(answering("a", "1")), new Pace(1, 0, 2, 0)).getFirst();
    assertTrue(result.peakBytes().orElseThrow() > 0);
  }

  @Test
  void leavesOutWhoFails() throws Exception {
    Contestant neverReady = contestant("never", "exit 1");
    Contestant fallsSilent = contestant("silent", "echo ready; read line; echo turn 1 1 1");
    List<Result> results =
        run(List.of(neverReady, fallsSilent, answering("a", "1")), new Pace(1, 0, 2, 0));
    assertEquals(List.of("a"), results.stream().map(r -> r.contestant().engine()).toList());
    assertEquals(2, results.getFirst().turns().size());
    assertEquals(2, notes.size());
    assertTrue(notes.getFirst().contains("never, none, k=4, batch 8"), notes.getFirst());
  }

  @Test
  void takesTheMedian() {
    List<Turn> odd = turns(3, 1, 7);
    List<Turn> even = turns(3, 1, 7, 4);
    assertEquals(3, result(odd).seconds());
    assertEquals(3.5, result(even).seconds());
    assertEquals(7, result(even).slowest());
  }

  private Result result(List<Turn> turns) {
    return new Result("group", answering("a", "1"), List.of(), turns, OptionalLong.empty());
  }

  private static List<Turn> turns(double... seconds) {
    List<Turn> turns = new ArrayList<>();
    for (double one : seconds) {
      turns.add(new Turn(one, 1, 1));
    }
    return turns;
  }
}
