package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.cuda.driver.TestDriver;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Sgd;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.ForkJoinPool.ForkJoinWorkerThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Ratings on the device are those of the grid, by the rows that they had. */
final class DeviceGridTest {
  private static final int LATE = 1 << 4;
  private static final int KEPT = 1 << 5;

  /** One; some; more than are uploaded at a time. */
  @ParameterizedTest
  @CsvSource({"1, false", "1, true", "5000, false", "270000, true", "1100000, false"})
  void holdsTheGrid(int count, boolean weighted) {
    Ratings ratings = Training.ratings(count, weighted);
    TrainingJob job = Jobs.perRating(ratings, Mf.biased(1), new Sgd(0.1));
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
        DeviceArena device = new DeviceArena(context);
        Arena host = Arena.ofConfined()) {
      DeviceGrid uploaded = DeviceGrid.upload(job, device);
      MemorySegment words = download(uploaded.ratings(), device, host);
      MemorySegment heads = download(uploaded.groups(), device, host);
      MemorySegment blocks = download(uploaded.blocks(), device, host);
      RatingGrid grid =
          RatingGrid.of(ratings, job.gridSize(), job.cut().visits(), host, Workers.CALLER);
      assertEquals(grid.size(), uploaded.size());
      for (long at = 0; at < count; at++) {
        assertEquals(grid.user(at), words.getAtIndex(ValueLayout.JAVA_INT, 4 * at));
        assertEquals(grid.item(at), words.getAtIndex(ValueLayout.JAVA_INT, 4 * at + 1));
        assertEquals(grid.value(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, 4 * at + 2));
        assertEquals(grid.weight(at), words.getAtIndex(ValueLayout.JAVA_FLOAT, 4 * at + 3));
      }
      long number = 0;
      for (int round = 0; round < grid.size().rounds(); round++) {
        assertEquals(grid.ratings(round), uploaded.ratings(round));
        for (int block = 0; block < grid.size().blocks(); block++) {
          int together =
              assertGroups(
                  grid, round, block, heads, blocks.getAtIndex(ValueLayout.JAVA_LONG, number));
          long rating = blocks.getAtIndex(ValueLayout.JAVA_LONG, number + 1);
          assertEquals(grid.start(round, block), rating);
          long counts = blocks.getAtIndex(ValueLayout.JAVA_LONG, number + 2);
          assertEquals(together, (int) counts);
          assertEquals(grid.groups(round, block).length - together, counts >> Integer.SIZE);
          assertEquals(
              grid.end(round, block),
              rating + blocks.getAtIndex(ValueLayout.JAVA_LONG, number + 3));
          number += 4;
        }
      }
    }
  }

  /** Parallel streams would go on in the pool that they begin in. */
  @Test
  void oneThreadIsTheCallers() throws Exception {
    Ratings ratings = Training.ratings(20_000, false);
    TrainingJob job = Jobs.perRating(ratings, Mf.biased(1), new Sgd(0.1), Precision.SINGLE, 1);
    AtomicInteger threads = new AtomicInteger();
    ForkJoinWorkerThreadFactory counting =
        pool -> {
          threads.incrementAndGet();
          return ForkJoinPool.defaultForkJoinWorkerThreadFactory.newThread(pool);
        };
    try (CudaContext context = CudaContext.open(TestDriver.of(CudaDrivers.preferred()), 0);
        DeviceArena device = new DeviceArena(context);
        ForkJoinPool pool = new ForkJoinPool(4, counting, null, false)) {
      assertEquals(20_000, pool.submit(() -> ratings(DeviceGrid.upload(job, device))).get());
      assertEquals(1, threads.get());
    }
  }

  private static long ratings(DeviceGrid grid) {
    return LongStream.range(0, grid.size().rounds()).map(r -> grid.ratings((int) r)).sum();
  }

  /** Returns how many share their item; these come first, and their rows are another matter. */
  private static int assertGroups(
      RatingGrid grid, int round, int block, MemorySegment heads, long first) {
    long at = grid.start(round, block);
    int together = 0;
    Set<Integer> users = Set.of();
    Set<Integer> items = Set.of();
    byte[] groups = grid.groups(round, block);
    for (int group = 0; group < groups.length; group++) {
      long head = heads.getAtIndex(ValueLayout.JAVA_LONG, first + group);
      int size = groups[group];
      assertEquals(at, head >> 8);
      assertEquals(size, head & 15);
      Set<Integer> itsUsers = new HashSet<>();
      Set<Integer> itsItems = new HashSet<>();
      for (int place = 0; place < size; place++) {
        itsUsers.add(grid.user(at + place));
        itsItems.add(grid.item(at + place));
      }
      assertEquals(size, itsUsers.size());
      boolean shares = size > itsItems.size();
      assertEquals(shares ? 1 : size, itsItems.size());
      assertTrue(!shares || together == group);
      if (!shares && together == group) {
        users = Set.of();
        items = Set.of();
      }
      boolean usersMeet = !Collections.disjoint(users, itsUsers);
      boolean itemsMeet = !Collections.disjoint(items, itsItems);
      assertEquals(usersMeet || (itemsMeet && !shares), (head & LATE) != 0);
      assertEquals(itemsMeet && shares, (head & KEPT) != 0);
      together += shares ? 1 : 0;
      users = itsUsers;
      items = itsItems;
      at += size;
    }
    assertEquals(grid.end(round, block), at);
    return together;
  }

  private static MemorySegment download(DeviceBuffer buffer, DeviceArena device, Arena host) {
    MemorySegment copy = host.allocate(buffer.size(), Long.BYTES);
    buffer.copyTo(copy, device.stream());
    device.stream().synchronize();
    return copy;
  }
}
