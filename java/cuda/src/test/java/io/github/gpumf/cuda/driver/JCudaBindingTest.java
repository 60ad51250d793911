package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.Test;

class JCudaBindingTest extends CudaDriverContract {
  @Override
  DriverProbe probe() {
    return CudaDrivers.jcuda();
  }

  /** Stands for copies of more than 2 GiB, of which JCuda sees a part at a time. */
  @Test
  void copiesInPieces() throws Exception {
    TestDriver.of(probe());
    StandIn standIn = TestDriver.standIn();
    CudaDriver driver = JCudaBinding.load(40);
    try (Arena arena = Arena.ofConfined();
        CudaContext context = CudaContext.open(driver, 0);
        Stream stream = context.newStream();
        DeviceBuffer buffer = context.allocate(1001)) {
      MemorySegment source = arena.allocate(1001);
      for (int i = 0; i < 1001; i++) {
        source.set(ValueLayout.JAVA_BYTE, i, (byte) (i * 31));
      }
      MemorySegment target = arena.allocate(1001);
      standIn.resetCounts();
      buffer.copyFrom(source, stream);
      buffer.copyTo(target, stream);
      stream.synchronize();
      assertEquals(-1, source.mismatch(target));
      assertEquals(26, standIn.calls("cuMemcpyHtoDAsync"));
      assertEquals(26, standIn.calls("cuMemcpyDtoHAsync"));

      // Three rows of the host lie within a piece.
      Rows rows = new Rows(50, 9, 12, 16);
      buffer.clear(stream);
      target.fill((byte) 0);
      standIn.resetCounts();
      buffer.copyFrom(source, rows, stream);
      buffer.copyTo(target, rows, stream);
      stream.synchronize();
      assertEquals(34, standIn.calls("cuMemcpy2DAsync"));
      for (int row = 0; row < 50; row++) {
        MemorySegment expected = source.asSlice(row * 12L, 9);
        assertEquals(-1, expected.mismatch(target.asSlice(row * 12L, 9)), "row " + row);
      }
    }
  }

  @Test
  void refusesPinnedMemoryThatJCudaWouldLose() {
    CudaDriver driver = TestDriver.of(probe());
    try (CudaContext context = CudaContext.open(driver, 0)) {
      Thrown.assertFails(
          IllegalArgumentException.class,
          () -> context.allocatePinned(1L << 31),
          "at most 2147483647 bytes",
          "foreign binding",
          "got 2147483648");
    }
  }
}
