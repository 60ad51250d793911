package io.github.gpumf.cuda.driver;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Makes every call of the driver fail at each of its uses in turn, in a run that uses all of them:
 * the error must name the call, nothing may be left behind, and the next run must succeed.
 */
class FailingCallsTest {
  /** Fails a call and no more: errors of kernels would break the context too. */
  private static final int OPERATING_SYSTEM = 304;

  private static final int COUNT = 100;

  /** Asked only when there is an error already. */
  private static final Set<String> OF_ERRORS = Set.of("cuGetErrorName", "cuGetErrorString");

  static List<Arguments> everyCall() {
    Set<String> calls = new TreeSet<>();
    for (Method method : CudaDriver.class.getMethods()) {
      if (method.getName().startsWith("cu") && !OF_ERRORS.contains(method.getName())) {
        calls.add(method.getName());
      }
    }
    return List.of("jcuda", "foreign").stream()
        .flatMap(binding -> calls.stream().map(call -> Arguments.of(binding, call)))
        .toList();
  }

  private static CudaDriver driver(String binding) {
    return TestDriver.of(binding.equals("jcuda") ? CudaDrivers.jcuda() : CudaDrivers.foreign());
  }

  @AfterEach
  void startOver() {
    StandIn.find().ifPresent(StandIn::reset);
  }

  /** Retains the context, so that what leaks does not go with it when its last user closes. */
  private static void startOver(StandIn standIn, CudaDriver driver) {
    standIn.reset();
    driver.cuInit();
    driver.cuDevicePrimaryCtxRetain(driver.cuDeviceGet(0));
  }

  @ParameterizedTest(name = "{1} through {0}")
  @MethodSource("everyCall")
  void aFailureIsClearAndLeaksNothing(String binding, String call) {
    CudaDriver driver = driver(binding);
    StandIn standIn = TestDriver.standIn();
    startOver(standIn, driver);
    standIn.resetCounts();
    Map<String, Long> before = standIn.alive();
    useEverything(driver);
    long uses = standIn.calls(call);
    assertTrue(uses > 0, call + " is not used");
    assertEquals(before, standIn.alive());

    for (int use = 1; use <= uses; use++) {
      standIn.resetCounts();
      standIn.failCall(call, use, OPERATING_SYSTEM);
      CudaException failure = failureOfEverything(driver);
      String which = call + " at its use " + use;
      assertTrue(failure != null, which + " fails unnoticed");
      assertEquals(call, failure.call(), which);
      assertEquals(OPERATING_SYSTEM, failure.code(), which);
      assertEquals("CUDA_ERROR_OPERATING_SYSTEM", failure.errorName(), which);
      if (isClosing(failure)) {
        long left = objects(standIn.alive()) - objects(before);
        assertTrue(left <= 1, which + " keeps more than itself: " + standIn.alive());
        startOver(standIn, driver);
      } else {
        assertEquals(before, standIn.alive(), which);
      }
      useEverything(driver);
      assertEquals(before, standIn.alive(), "after " + which);
    }
  }

  private static @Nullable CudaException failureOfEverything(CudaDriver driver) {
    try {
      useEverything(driver);
      return null;
    } catch (CudaException failure) {
      return failure;
    }
  }

  private static long objects(Map<String, Long> alive) {
    return alive.entrySet().stream()
        .filter(kind -> !kind.getKey().endsWith("bytes"))
        .mapToLong(Map.Entry::getValue)
        .sum();
  }

  /** Whether the driver was asked to take something back; then it is still there. */
  private static boolean isClosing(CudaException failure) {
    return failure.call().equals("cuGraphDestroy")
        || Arrays.stream(failure.getStackTrace())
            .anyMatch(frame -> frame.getMethodName().equals("close"));
  }

  private static void useEverything(CudaDriver driver) {
    driver.cuInit();
    try (Arena arena = Arena.ofConfined();
        CudaContext context = CudaContext.open(driver, 0);
        KernelModule module = context.load(TestDriver.PTX);
        Stream stream = context.newStream();
        Stream other = context.newStream();
        Event start = context.newTimingEvent();
        Event end = context.newTimingEvent();
        DeviceBuffer x = context.allocate(COUNT * 4L);
        DeviceBuffer y = context.allocate(COUNT * 4L);
        PinnedMemory pinned = context.allocatePinned(COUNT * 4L)) {
      assertEquals(1, CudaDevice.all(driver).size());
      assertTrue(context.memory().free() > 0);
      Kernel saxpy = module.kernel("saxpy");
      saxpy.allowShared(1024);
      assertTrue(saxpy.registers() > 0);
      assertTrue(saxpy.activeBlocks(64, 0) > 0);

      pinned.segment().fill((byte) 0);
      start.record(stream);
      y.copyFrom(pinned.segment(), stream);
      x.fill(1f, stream);
      y.slice(0, 8).clear(stream);
      KernelCall call = saxpy.call(COUNT, 2f, x, y);
      LaunchShape shape = LaunchShape.covering(COUNT, 32);
      try (Graph graph = stream.capture(() -> call.launch(stream, shape))) {
        graph.launch(stream);
        call.launchAtOnce(stream, shape);
        end.record(stream);
        other.waitFor(end);
        x.copyFrom(y, other);
        Rows rows = new Rows(COUNT, 4, 4, 4);
        MemorySegment result = arena.allocate(COUNT * 4L);
        x.copyTo(result, rows, other);
        x.copyFrom(result, rows, other);
        x.copyTo(pinned.segment(), other);
        other.synchronize();
        end.synchronize();
        assertTrue(end.isDone());
        assertTrue(stream.isDone());
        assertTrue(end.millisecondsSince(start) >= 0);
        assertEquals(4f, pinned.segment().getAtIndex(JAVA_FLOAT, COUNT - 1));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("bindings")
  void theFirstFailureOfAGraphIsTheOneThrown(String binding) {
    CudaDriver driver = driver(binding);
    StandIn standIn = TestDriver.standIn();
    startOver(standIn, driver);
    try (CudaContext context = CudaContext.open(driver, 0);
        Stream stream = context.newStream()) {
      standIn.failCall("cuGraphDestroy", 1, OPERATING_SYSTEM);
      standIn.failCall("cuGraphExecDestroy", 1, OPERATING_SYSTEM);
      CudaException failure =
          assertThrows(CudaException.class, () -> stream.capture(() -> {}).close());
      assertEquals("cuGraphDestroy", failure.call());
      assertEquals(1, failure.getSuppressed().length);
      CudaException second = assertInstanceOf(CudaException.class, failure.getSuppressed()[0]);
      assertEquals("cuGraphExecDestroy", second.call());
    }
  }

  /** The stand-in finds a kernel's error when somebody waits for it. */
  @ParameterizedTest
  @MethodSource("bindings")
  void aKernelThatGoesAstrayLosesTheContext(String binding) {
    CudaDriver driver = driver(binding);
    StandIn standIn = TestDriver.standIn();
    startOver(standIn, driver);
    Map<String, Long> before = standIn.alive();
    CudaException failure =
        assertThrows(
            CudaException.class,
            () -> {
              try (CudaContext context = CudaContext.open(driver, 0);
                  KernelModule module = context.load(TestDriver.PTX);
                  Stream stream = context.newStream();
                  DeviceBuffer x = context.allocate(COUNT * 4L)) {
                x.clear(stream);
                module
                    .kernel("saxpy")
                    .call(COUNT + 1, 1f, x, x)
                    .launch(stream, LaunchShape.covering(COUNT + 1, 32));
                stream.synchronize();
              }
            });
    assertEquals("cuStreamSynchronize", failure.call());
    assertEquals("CUDA_ERROR_ILLEGAL_ADDRESS", failure.errorName());
    assertTrue(failure.isContextLost());
    assertTrue(failure.remedy().contains("the context is lost"), failure::remedy);
    assertEquals(before, standIn.alive());
    standIn.reset();
    useEverything(driver);
  }

  static List<String> bindings() {
    return List.of("jcuda", "foreign");
  }
}
