package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.RatingGrid;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** Numbers that stand in the kernels' sources and in Java are the same. */
final class KernelConstantsTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("gpumf.root", "")).resolve("kernels/src/main/cuda");

  /** Of a file, at the beginning of a line: those of its structs are its own matter. */
  private static final Pattern CONSTANT =
      Pattern.compile("^constexpr int (\\w+) = (-?\\d+);", Pattern.MULTILINE);

  /** Floats of a row that eight lanes hold, a float4 a time. */
  private static final int HELD_ONCE_OF_LANES = 8 * 4;

  /** By file, then name. */
  private static final Map<String, Map<String, Integer>> IN_JAVA =
      Map.of(
          "gradients.cuh",
          Map.of("CHUNK", BatchLayout.CHUNK, "MOST_CHUNKS", BatchLayout.MOST_CHUNKS),
          "small_batches.cu",
          Map.of("MOST_THREADS", BatchLayout.MOST_THREADS),
          "rows.cuh",
          Map.of("WARP", Launches.WARP),
          "groups.cuh",
          Map.of("TOGETHER", RatingGrid.TOGETHER, "APART", RatingGrid.APART),
          "held_rows.cuh",
          Map.of("HELD", RatingSteps.HELD_ONCE / HELD_ONCE_OF_LANES),
          "rounds.cuh",
          Map.of("FLAG", RatingSteps.FLAG),
          "batch_index.cu",
          Map.of("RADIX", BatchIndexer.DIGITS, "ITEMS", BatchIndexer.KEYS_OF_THREAD),
          "top_items.cu",
          Map.of(
              "TILE",
              CudaScorer.TILE,
              "MOST",
              BestItems.MOST_SELECTED,
              "EXCLUDED",
              BestItems.EXCLUDED));

  private static Map<String, Integer> constants(String file) throws IOException {
    Map<String, Integer> constants = new TreeMap<>();
    Matcher constant = CONSTANT.matcher(Files.readString(SOURCES.resolve(file)));
    while (constant.find()) {
      constants.put(constant.group(1), Integer.valueOf(constant.group(2)));
    }
    return constants;
  }

  @Test
  void areThoseOfJava() throws IOException {
    for (Map.Entry<String, Map<String, Integer>> file : IN_JAVA.entrySet()) {
      Map<String, Integer> inSource = constants(file.getKey());
      file.getValue()
          .forEach(
              (name, value) -> assertEquals(value, inSource.get(name), file.getKey() + " " + name));
    }
  }
}
