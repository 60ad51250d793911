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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ratings on the device are those of the grid, by the rows that they had. */
final class DeviceGridTest {
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
      for (long at = 0; at < count; at++) {
        long word = at * uploaded.words();
        assertEquals(grid.user(at), words.getAtIndex(ValueLayout.JAVA_INT, word));
        assertEquals(grid.item(at), words.getAtIndex(ValueLayout.JAVA_INT, word + 1));
        assertEquals(grid.value(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, word + 2));
        if (weighted) {
          assertEquals(grid.weight(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, word + 3));
        }
      }
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

  private static MemorySegment download(DeviceBuffer buffer, DeviceArena device, Arena host) {
    MemorySegment copy = host.allocate(buffer.size(), Long.BYTES);
    buffer.copyTo(copy, device.stream());
    device.stream().synchronize();
    return copy;
  }
}
