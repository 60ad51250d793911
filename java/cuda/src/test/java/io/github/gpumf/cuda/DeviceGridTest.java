package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ratings on the device are those of the grid, by the rows that they had. */
final class DeviceGridTest {
  /** Of a word, without a record's marks. */
  private static final int ROW = (1 << 30) - 1;

  /** One; some; more than are uploaded at a time. */
  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "5000, false", "270000, true", "270000, false"})
  void holdsTheGrid(int count, boolean weighted) {
    Ratings ratings = Training.ratings(count, weighted);
    TrainingJob job = Jobs.perRating(ratings, Mf.biased(1), new Sgd(0.1));
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
        DeviceArena device = new DeviceArena(context);
        Arena host = Arena.ofConfined()) {
      DeviceGrid uploaded = DeviceGrid.upload(job, device);
      MemorySegment words = download(uploaded.ratings(), device, host);
      MemorySegment blocks = download(uploaded.blocks(), device, host);
      RatingGrid grid =
          RatingGrid.of(
              ratings, job.gridSize(), job.cut().visits(), host, RatingGrid.Workers.CALLER);
      assertEquals(grid.size(), uploaded.size());
      assertEquals(weighted ? 4 : 3, uploaded.words());
      int width = uploaded.words();
      for (long at = 0; at < count; at++) {
        long word = at * width;
        assertEquals(grid.user(at), words.getAtIndex(ValueLayout.JAVA_INT, word) & ROW);
        assertEquals(grid.item(at), words.getAtIndex(ValueLayout.JAVA_INT, word + 1) & ROW);
        assertEquals(grid.value(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, word + 2));
        if (weighted) {
          assertEquals(grid.weight(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, word + 3));
        }
      }
      assertRecords(grid, words, width);
      long pair = 0;
      for (int round = 0; round < grid.size().rounds(); round++) {
        assertEquals(grid.ratings(round), uploaded.ratings(round));
        for (int number = 0; number < grid.size().blocks(); number++) {
          assertEquals(grid.start(round, number), blocks.getAtIndex(ValueLayout.JAVA_LONG, pair++));
          assertEquals(grid.end(round, number), blocks.getAtIndex(ValueLayout.JAVA_LONG, pair++));
        }
      }
    }
  }

  /** Marks are those of the groups, and what comes too late is what the last three records had. */
  private static void assertRecords(RatingGrid grid, MemorySegment words, int width) {
    for (int round = 0; round < grid.size().rounds(); round++) {
      for (int number = 0; number < grid.size().blocks(); number++) {
        long at = grid.start(round, number);
        List<Set<String>> before = new ArrayList<>();
        for (byte group : grid.groups(round, number)) {
          boolean together = group > 1 && grid.item(at) == grid.item(at + 1);
          int half = together ? (group + 1) / 2 : group;
          for (int size : together ? new int[] {half, group - half} : new int[] {group}) {
            int head = words.getAtIndex(ValueLayout.JAVA_INT, at * width);
            assertEquals(size, (head >>> 30) + 1);
            int item = words.getAtIndex(ValueLayout.JAVA_INT, at * width + 1);
            assertEquals(together, (item & (1 << 30)) != 0);
            Set<String> rows = new HashSet<>();
            for (int place = 0; place < size; place++) {
              rows.add("user " + grid.user(at + place));
              rows.add((together ? "kept " : "item ") + grid.item(at + place));
            }
            Set<String> recent = new HashSet<>();
            int count = before.size();
            int few = count > 2 && isPart(before.get(count - 3)) ? 3 : Math.min(2, count);
            before.subList(count - few, count).forEach(recent::addAll);
            boolean late =
                rows.stream()
                    .anyMatch(
                        row ->
                            (!row.startsWith("kept") && recent.contains(row))
                                || (row.startsWith("item")
                                    && recent.contains(row.replace("item", "kept"))));
            assertEquals(late, item < 0);
            before.add(rows);
            at += size;
          }
        }
        assertEquals(grid.end(round, number), at);
      }
    }
  }

  private static boolean isPart(Set<String> rows) {
    return rows.stream().anyMatch(row -> row.startsWith("kept"));
  }

  private static MemorySegment download(DeviceBuffer buffer, DeviceArena device, Arena host) {
    MemorySegment copy = host.allocate(buffer.size(), Long.BYTES);
    buffer.copyTo(copy, device.stream());
    device.stream().synchronize();
    return copy;
  }
}
