package io.github.gpumf.cuda.driver;

import static io.github.gpumf.cuda.driver.Thrown.assertFails;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What every binding promises. A binding's own test only says which it is. */
abstract class CudaDriverContract {
  private static final int COUNT = 1000;
  private static final LaunchShape SHAPE = LaunchShape.covering(COUNT, 128);

  /** The binding under test. */
  abstract DriverProbe probe();

  private CudaDriver driver;
  private CudaContext context;
  private Stream stream;
  private final Arena arena = Arena.ofAuto();

  @BeforeEach
  void open() {
    driver = TestDriver.of(probe());
    context = CudaContext.open(driver, 0);
    stream = context.newStream();
  }

  @AfterEach
  void close() {
    if (stream != null) {
      stream.close();
      context.close();
    }
  }

  private MemorySegment random(long bytes, long seed) {
    MemorySegment segment = arena.allocate(bytes, Long.BYTES);
    byte[] values = new byte[(int) bytes];
    new Random(seed).nextBytes(values);
    MemorySegment.copy(values, 0, segment, JAVA_BYTE, 0, values.length);
    return segment;
  }

  private MemorySegment floats(int count, float first, float step) {
    MemorySegment segment = arena.allocate(JAVA_FLOAT, count);
    for (int i = 0; i < count; i++) {
      segment.setAtIndex(JAVA_FLOAT, i, first + i * step);
    }
    return segment;
  }

  private MemorySegment download(DeviceMemory memory) {
    MemorySegment target = arena.allocate(Math.max(1, memory.size()), Long.BYTES);
    MemorySegment part = target.asSlice(0, memory.size());
    memory.copyTo(part, stream);
    stream.synchronize();
    return part;
  }

  private static void assertSame(MemorySegment expected, MemorySegment actual) {
    assertEquals(-1, expected.mismatch(actual));
  }

  private static MemorySegment closed(long bytes) {
    try (Arena soon = Arena.ofShared()) {
      return soon.allocate(bytes);
    }
  }

  @Test
  void describesTheDevice() {
    CudaDevice device = context.device();
    assertEquals(CudaDevice.all(driver).getFirst(), device);
    assertTrue(device.computeMajor() >= 7, device::toString);
    assertTrue(device.multiprocessors() > 0, device::toString);
    assertTrue(device.memoryBytes() >= context.memory().total(), device::toString);
    assertTrue(device.driverVersion() >= CudaDrivers.OLDEST_VERSION, device::toString);
    assertTrue(device.toString().contains(device.name()), device::toString);
    assertFalse(device.name().contains("\0"), device::name);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 4096, 100_003})
  void copiesThereAndBack(int bytes) {
    MemorySegment source = random(bytes, 1);
    try (DeviceBuffer buffer = context.allocate(bytes);
        DeviceBuffer other = context.allocate(bytes)) {
      buffer.copyFrom(source, stream);
      other.copyFrom(buffer, stream);
      assertSame(source, download(other));
    }
  }

  @Test
  void copiesSlices() {
    MemorySegment expected = random(1000, 2);
    MemorySegment part = random(100, 3);
    try (DeviceBuffer buffer = context.allocate(1000)) {
      buffer.copyFrom(expected, stream);
      DeviceSlice slice = buffer.slice(300, 200).slice(50, 100);
      slice.copyFrom(part, stream);
      expected.asSlice(350, 100).copyFrom(part);
      assertSame(expected, download(buffer));
      assertSame(part, download(slice));
      buffer.slice(900, 100).copyFrom(slice, stream);
      expected.asSlice(900, 100).copyFrom(part);
      assertSame(expected, download(buffer));
    }
  }

  @Test
  void copiesRowsAndLeavesPaddingAlone() {
    Rows rows = new Rows(37, 20, 24, 64);
    MemorySegment source = random(rows.hostBytes(), 4);
    try (DeviceBuffer table = context.allocate(37 * 64)) {
      table.fill(0x01010101, stream);
      table.copyFrom(source, rows, stream);
      MemorySegment all = download(table);
      for (int row = 0; row < 37; row++) {
        assertSame(source.asSlice(row * 24L, 20), all.asSlice(row * 64L, 20));
        for (int padding = 20; padding < 64; padding++) {
          assertEquals(1, all.get(JAVA_BYTE, row * 64L + padding));
        }
      }
      MemorySegment back = arena.allocate(rows.hostBytes()).fill((byte) 7);
      table.copyTo(back, rows, stream);
      stream.synchronize();
      for (int row = 0; row < 37; row++) {
        assertSame(source.asSlice(row * 24L, 20), back.asSlice(row * 24L, 20));
        if (row < 36) {
          assertEquals(7, back.get(JAVA_BYTE, row * 24L + 20));
        }
      }
      table.copyFrom(source, new Rows(0, 20, 24, 64), stream);
      assertSame(all, download(table));
    }
  }

  @Test
  void fillsAndClears() {
    try (DeviceBuffer buffer = context.allocate(400)) {
      buffer.fill(1.5f, stream);
      buffer.slice(100, 200).fill(-7, stream);
      buffer.slice(300, 3).clear(stream);
      MemorySegment found = download(buffer);
      assertEquals(1.5f, found.get(JAVA_FLOAT, 96));
      assertEquals(-7, found.get(JAVA_INT, 100));
      assertEquals(-7, found.get(JAVA_INT, 296));
      assertEquals(0, found.get(JAVA_BYTE, 302));
      assertEquals((byte) (Float.floatToIntBits(1.5f) >>> 24), found.get(JAVA_BYTE, 303));
      assertEquals(1.5f, found.get(JAVA_FLOAT, 396));
      assertFails(
          IllegalArgumentException.class,
          () -> buffer.slice(2, 4).fill(1, stream),
          "4 bytes at 2",
          "words of 4 bytes");
    }
  }

  @Test
  void launchesWithTheArgumentsAsTheyAre() {
    try (KernelModule module = context.load(TestDriver.PTX);
        DeviceBuffer x = context.allocate(COUNT * 4L);
        DeviceBuffer y = context.allocate(COUNT * 4L)) {
      x.copyFrom(floats(COUNT, 0, 1), stream);
      y.fill(1f, stream);
      KernelCall saxpy = module.kernel("saxpy").call(COUNT, 2f, x, y);
      saxpy.launch(stream, SHAPE); // 1 + 2 i
      saxpy.set(1, 0.5f).launch(stream, SHAPE); // 1 + 2.5 i
      saxpy.set(0, 10).launch(stream, SHAPE); // 1 + 3 i for the first ten
      MemorySegment found = download(y);
      for (int i = 0; i < COUNT; i++) {
        // Exact: small integers and halves.
        assertEquals(1 + (i < 10 ? 3f : 2.5f) * i, found.getAtIndex(JAVA_FLOAT, i));
      }
    }
  }

  @Test
  void launchesOnSlicesAndWithSharedMemory() {
    try (KernelModule module = context.load(TestDriver.PTX);
        DeviceBuffer x = context.allocate(COUNT * 4L)) {
      x.copyFrom(floats(COUNT, 0, 1), stream);
      Kernel reverse = module.kernel("reverseBlocks");
      reverse.allowShared(64 * 4);
      reverse
          .call(x.slice(100 * 4, 64 * 4))
          .launch(stream, LaunchShape.of(1, 64).withShared(64 * 4));
      MemorySegment found = download(x);
      for (int i = 0; i < COUNT; i++) {
        float expected = i >= 100 && i < 164 ? 263 - i : i;
        assertEquals(expected, found.getAtIndex(JAVA_FLOAT, i));
      }
    }
  }

  @Test
  void tellsWhatAKernelNeeds() {
    try (KernelModule module = context.load(TestDriver.PTX)) {
      Kernel saxpy = module.kernel("saxpy");
      assertEquals("saxpy", saxpy.name());
      assertEquals(0, saxpy.localBytes());
      assertTrue(saxpy.registers() > 0);
      assertTrue(saxpy.mostThreads() >= 128);
      assertTrue(saxpy.activeBlocks(128, 0) > 0);
    }
  }

  @Test
  void refusesOtherArgumentsThanTheKernels() {
    Class<IllegalArgumentException> illegal = IllegalArgumentException.class;
    try (KernelModule module = context.load(TestDriver.PTX);
        DeviceBuffer x = context.allocate(8)) {
      Kernel saxpy = module.kernel("saxpy");
      assertFails(illegal, () -> saxpy.call(1, 2f, x), "saxpy takes 4 arguments; got 3");
      assertFails(illegal, () -> saxpy.call(1L, 2f, x, x), "argument 0 of kernel saxpy", "long");
      assertFails(illegal, () -> saxpy.call(1, 2.0, x, x), "argument 1", "FLOAT32", "double");
      assertFails(illegal, () -> saxpy.call(1, 2f, x, 3), "argument 3", "INT64", "int");
      assertFails(illegal, () -> saxpy.call(1, 2f, x, "y"), "argument 3", "String");
      KernelCall call = saxpy.call(1, 2f, x, x);
      assertFails(IndexOutOfBoundsException.class, () -> call.set(4, 1), "0 to 3", "got 4");
      assertFails(illegal, () -> module.kernel("axpy"), "no kernel axpy", "saxpy, nothing");
    }
  }

  @Test
  void ordersStreamsByEvents() {
    try (KernelModule module = context.load(TestDriver.PTX);
        Stream second = context.newStream();
        Event filled = context.newTimingEvent();
        Event done = context.newTimingEvent();
        DeviceBuffer x = context.allocate(COUNT * 4L)) {
      x.clear(stream);
      x.fill(3f, stream);
      filled.record(stream);
      second.waitFor(filled);
      module.kernel("saxpy").call(COUNT, 1f, x, x).launch(second, SHAPE);
      done.record(second);
      done.synchronize();
      assertTrue(filled.isDone());
      assertTrue(done.isDone());
      second.synchronize();
      assertTrue(second.isDone());
      assertTrue(done.millisecondsSince(filled) >= 0);
      assertEquals(6f, download(x).get(JAVA_FLOAT, 4L * (COUNT - 1)));
      try (Event plain = context.newEvent()) {
        assertFails(
            IllegalStateException.class, () -> done.millisecondsSince(plain), "newTimingEvent");
      }
    }
  }

  @Test
  void repeatsAGraph() {
    try (KernelModule module = context.load(TestDriver.PTX);
        DeviceBuffer x = context.allocate(COUNT * 4L);
        DeviceBuffer y = context.allocate(COUNT * 4L)) {
      y.clear(stream);
      KernelCall saxpy = module.kernel("saxpy").call(COUNT, 1f, x, y);
      try (Graph graph =
          stream.capture(
              () -> {
                x.fill(2f, stream);
                saxpy.launch(stream, SHAPE);
                saxpy.launch(stream, SHAPE);
              })) {
        stream.synchronize();
        assertEquals(0f, download(y).get(JAVA_FLOAT, 0), "captured work is not done yet");
        for (int time = 0; time < 3; time++) {
          graph.launch(stream);
        }
        assertEquals(12f, download(y).get(JAVA_FLOAT, 0));
      }
    }
  }

  @Test
  void aCaptureThatFailsLeavesTheStreamUsable() {
    try (DeviceBuffer x = context.allocate(4)) {
      IllegalStateException failure = new IllegalStateException("on purpose");
      assertEquals(
          failure,
          assertThrows(
              IllegalStateException.class,
              () ->
                  stream.capture(
                      () -> {
                        x.fill(1, stream);
                        throw failure;
                      })));
      x.fill(2, stream);
      assertEquals(2, download(x).get(JAVA_INT, 0));
    }
  }

  @Test
  void pinnedMemoryIsASegment() {
    MemorySegment expected = random(5000, 5);
    try (PinnedMemory pinned = context.allocatePinned(5000);
        DeviceBuffer buffer = context.allocate(5000)) {
      MemorySegment segment = pinned.segment();
      assertEquals(5000, segment.byteSize());
      segment.copyFrom(expected);
      buffer.copyFrom(segment, stream);
      stream.synchronize();
      segment.fill((byte) 0);
      buffer.copyTo(segment, stream);
      stream.synchronize();
      assertSame(expected, segment);
    }
  }

  @Test
  void refusesHostMemoryThatADriverCannotReach() {
    try (DeviceBuffer buffer = context.allocate(8)) {
      Class<IllegalArgumentException> illegal = IllegalArgumentException.class;
      assertFails(
          illegal,
          () -> buffer.copyFrom(MemorySegment.ofArray(new byte[8]), stream),
          "off the heap");
      MemorySegment readOnly = arena.allocate(8).asReadOnly();
      buffer.copyFrom(readOnly, stream);
      assertFails(illegal, () -> buffer.copyTo(readOnly, stream), "read-only");
      assertFails(
          illegal,
          () -> buffer.copyFrom(arena.allocate(9), stream),
          "9 bytes",
          "a device buffer of 8 bytes");
      assertFails(
          illegal,
          () -> buffer.copyFrom(arena.allocate(100), new Rows(2, 4, 8, 8), stream),
          "12 bytes of a device buffer of 8 bytes");
      assertFails(
          illegal,
          () -> buffer.copyTo(arena.allocate(7), new Rows(2, 4, 4, 4), stream),
          "8 of 7 bytes on the host");
      MemorySegment gone = closed(8);
      assertFails(IllegalStateException.class, () -> buffer.copyFrom(gone, stream), "closed");
      assertFails(IndexOutOfBoundsException.class, () -> buffer.slice(4, 5), "4 + 5", "of 8 bytes");
      stream.synchronize();
    }
  }

  @Test
  void catchesUseAfterCloseAndDoubleClose() {
    Class<IllegalStateException> illegal = IllegalStateException.class;
    KernelModule module = context.load(TestDriver.PTX);
    Kernel kernel = module.kernel("nothing");
    KernelCall nothing = kernel.call();
    DeviceBuffer buffer = context.allocate(256);
    DeviceSlice slice = buffer.slice(4, 8);
    KernelCall saxpy = module.kernel("saxpy").call(1, 1f, buffer, slice);
    PinnedMemory pinned = context.allocatePinned(64);
    MemorySegment segment = pinned.segment();
    Event event = context.newEvent();
    Graph graph = stream.capture(() -> nothing.launch(stream, SHAPE));
    Stream other = context.newStream();

    buffer.close();
    assertFails(illegal, () -> buffer.clear(stream), "a device buffer of 256 bytes is closed");
    assertFails(illegal, () -> slice.clear(stream), "a device buffer of 256 bytes is closed");
    assertFails(illegal, () -> saxpy.launch(stream, SHAPE), "a device buffer of 256 bytes");
    assertFails(illegal, buffer::close, "a device buffer of 256 bytes is closed already");

    pinned.close();
    assertFails(illegal, pinned::segment, "pinned memory of 64 bytes is closed");
    assertThrows(illegal, () -> segment.get(JAVA_BYTE, 0));
    assertFails(illegal, pinned::close, "closed already");

    event.close();
    assertFails(illegal, () -> event.record(stream), "an event is closed");
    assertFails(illegal, () -> stream.waitFor(event), "an event is closed");
    assertFails(illegal, event::synchronize, "an event is closed");
    assertFails(illegal, event::close, "closed already");

    other.close();
    assertFails(illegal, other::synchronize, "a stream is closed");
    assertFails(illegal, () -> nothing.launch(other, SHAPE), "a stream is closed");
    assertFails(illegal, other::close, "closed already");

    graph.close();
    assertFails(illegal, () -> graph.launch(stream), "a graph is closed");
    assertFails(illegal, graph::close, "closed already");

    module.close();
    assertFails(illegal, () -> nothing.launch(stream, SHAPE), "a module of 3 kernels is closed");
    assertFails(illegal, kernel::registers, "a module of 3 kernels is closed");
    assertFails(illegal, () -> module.kernel("nothing"), "closed");
    assertFails(illegal, module::close, "closed already");
  }

  @Test
  void aContextClosesLast() {
    CudaContext second = CudaContext.open(driver, 0);
    DeviceBuffer buffer = second.allocate(16);
    assertFails(IllegalStateException.class, second::close, "1 open", "close them first");
    buffer.clear(stream);
    buffer.close();
    stream.synchronize();
    second.close();
    assertFails(IllegalStateException.class, second::close, "closed already");
    assertFails(IllegalStateException.class, () -> second.allocate(1), "is closed");
    assertFails(IllegalStateException.class, second::memory, "is closed");
    // Ours still holds the device.
    try (DeviceBuffer other = context.allocate(16)) {
      other.clear(stream);
      stream.synchronize();
    }
  }

  @Test
  void namesADeviceThatIsNotThere() {
    int count = CudaDevice.all(driver).size();
    CudaException failure =
        assertFails(
            CudaException.class,
            () -> CudaContext.open(driver, count),
            "cuDeviceGet failed",
            "opening device " + count + " of " + count,
            "CUDA_ERROR_INVALID_DEVICE (101)",
            "CudaDevice.all");
    assertEquals("cuDeviceGet", failure.call());
    assertEquals(101, failure.code());
    assertFalse(failure.isContextLost());
  }

  @Test
  void tellsHowMuchMemoryThereIs() {
    long bytes = 1L << 50;
    CudaException failure =
        assertFails(
            CudaException.class,
            () -> context.allocate(bytes),
            "cuMemAlloc failed",
            bytes + " bytes asked for",
            " of " + context.memory().total() + " free",
            "CUDA_ERROR_OUT_OF_MEMORY (2)",
            "smaller batch");
    assertEquals(Remedies.of(2), failure.remedy());
    assertFails(IllegalArgumentException.class, () -> context.allocate(-1), "-1 bytes");
    assertFails(IllegalArgumentException.class, () -> context.allocatePinned(0), "0 bytes");
  }

  @Test
  void refusesDamagedPtx() {
    String damaged = TestDriver.PTX.replace(".version 7.0", ".versoin 7.0");
    String newer = TestDriver.PTX.replace(".version 7.0", ".version 99.0");
    for (String ptx : List.of(damaged, newer)) {
      CudaException failure = assertThrows(CudaException.class, () -> context.load(ptx));
      assertEquals("cuModuleLoadDataEx", failure.call());
      assertTrue(List.of(200, 218, 222).contains(failure.code()), failure::toString);
      // What the compiler says, in its own words, stands between the call and the error's name.
      String message = String.valueOf(failure.getMessage());
      assertTrue(message.startsWith("cuModuleLoadDataEx failed ("), message);
      assertTrue(message.contains(".version") || message.contains("99.0"), message);
    }
  }

  @Test
  void anyThreadMayCall() throws Exception {
    int threads = 8;
    try (KernelModule module = context.load(TestDriver.PTX);
        ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> all = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        float mine = thread;
        all.add(pool.submit(() -> sumOnOwnStream(module, mine)));
      }
      for (Future<?> each : all) {
        each.get();
      }
    }
  }

  private void sumOnOwnStream(KernelModule module, float mine) {
    for (int time = 0; time < 20; time++) {
      try (Stream own = context.newStream();
          DeviceBuffer x = context.allocate(COUNT * 4L);
          PinnedMemory result = context.allocatePinned(COUNT * 4L)) {
        x.fill(mine, own);
        KernelCall saxpy = module.kernel("saxpy").call(COUNT, 1f, x, x);
        saxpy.launch(own, SHAPE);
        saxpy.launch(own, SHAPE);
        x.copyTo(result.segment(), own);
        own.synchronize();
        assertEquals(4 * mine, result.segment().getAtIndex(JAVA_FLOAT, COUNT - 1));
      }
    }
  }
}
