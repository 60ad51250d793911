package io.github.gpumf.cuda;

import io.github.gpumf.model.FloatTable;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** Floats and halves on the host, one number after the other. */
final class Halves {
  /** Numbers at a time: loops over arrays are what the JIT compiler makes vectors of. */
  private static final int CHUNK = 1 << 14;

  private Halves() {}

  /** Rounds to the nearest halves, of two as near to the even one. */
  static void round(MemorySegment floats, MemorySegment halves) {
    long count = halves.byteSize() / Short.BYTES;
    float[] from = new float[(int) Math.min(count, CHUNK)];
    short[] to = new short[from.length];
    for (long start = 0; start < count; start += CHUNK) {
      int size = (int) Math.min(CHUNK, count - start);
      MemorySegment.copy(floats, FloatTable.LAYOUT, start * Float.BYTES, from, 0, size);
      for (int at = 0; at < size; at++) {
        to[at] = Float.floatToFloat16(from[at]);
      }
      MemorySegment.copy(to, 0, halves, ValueLayout.JAVA_SHORT, start * Short.BYTES, size);
    }
  }

  /** Exact. */
  static void widen(MemorySegment halves, MemorySegment floats) {
    long count = halves.byteSize() / Short.BYTES;
    short[] from = new short[(int) Math.min(count, CHUNK)];
    float[] to = new float[from.length];
    for (long start = 0; start < count; start += CHUNK) {
      int size = (int) Math.min(CHUNK, count - start);
      MemorySegment.copy(halves, ValueLayout.JAVA_SHORT, start * Short.BYTES, from, 0, size);
      for (int at = 0; at < size; at++) {
        to[at] = Float.float16ToFloat(from[at]);
      }
      MemorySegment.copy(to, 0, floats, FloatTable.LAYOUT, start * Float.BYTES, size);
    }
  }
}
