package io.github.gpumf.io;

import io.github.gpumf.model.FloatTable;
import java.lang.foreign.MemorySegment;
import java.util.List;

/**
 * A tensor of a safetensors file: row-major, little-endian.
 *
 * @param type of the elements
 * @param shape lengths of the dimensions, each at least 0; empty for a single number
 * @param data exactly the elements
 */
public record Tensor(ElementType type, List<Long> shape, MemorySegment data) {
  /** The element types of the format that fill whole bytes, by their names in the file. */
  public enum ElementType {
    /** A truth value. */
    BOOL(1),
    /** Unsigned, 8 bits. */
    U8(1),
    /** Signed, 8 bits. */
    I8(1),
    /** 8-bit float, 5 bits of exponent. */
    F8_E5M2(1),
    /** 8-bit float, 4 bits of exponent. */
    F8_E4M3(1),
    /** 8 bits of exponent. */
    F8_E8M0(1),
    /** Signed, 16 bits. */
    I16(2),
    /** Unsigned, 16 bits. */
    U16(2),
    /** IEEE half. */
    F16(2),
    /** Brain float. */
    BF16(2),
    /** Signed, 32 bits. */
    I32(4),
    /** Unsigned, 32 bits. */
    U32(4),
    /** IEEE single. */
    F32(4),
    /** Complex, two singles. */
    C64(8),
    /** IEEE double. */
    F64(8),
    /** Signed, 64 bits. */
    I64(8),
    /** Unsigned, 64 bits. */
    U64(8);

    private final int bytes;

    ElementType(int bytes) {
      this.bytes = bytes;
    }

    /**
     * The size of an element.
     *
     * @return in bytes
     */
    public int bytes() {
      return bytes;
    }
  }

  /** Checks that the data have the size of the shape. */
  public Tensor {
    shape = List.copyOf(shape);
    if (data.byteSize() != byteSize(type, shape)) {
      throw new IllegalArgumentException(
          type
              + " "
              + shape
              + " takes "
              + byteSize(type, shape)
              + " bytes, not "
              + data.byteSize());
    }
  }

  /**
   * A tensor of memory.
   *
   * @param type of the elements
   * @param data exactly the elements, little-endian
   * @param shape lengths of the dimensions
   * @return the tensor, a view
   */
  public static Tensor of(ElementType type, MemorySegment data, long... shape) {
    return new Tensor(type, java.util.Arrays.stream(shape).boxed().toList(), data);
  }

  /**
   * A table as a tensor.
   *
   * @param table any
   * @return F32 [rows, columns], a view
   */
  public static Tensor of(FloatTable table) {
    return of(ElementType.F32, table.segment(), table.rows(), table.columns());
  }

  /**
   * The size of a tensor.
   *
   * @throws IllegalArgumentException if a dimension is negative or the size passes 2^63
   */
  static long byteSize(ElementType type, List<Long> shape) {
    long size = type.bytes();
    for (long length : shape) {
      if (length < 0) {
        throw new IllegalArgumentException(
            "shape " + shape + " has a dimension below 0; lengths are at least 0");
      }
      try {
        size = Math.multiplyExact(size, length);
      } catch (ArithmeticException overflow) {
        throw new IllegalArgumentException(
            type + " " + shape + " takes more than 2^63 bytes", overflow);
      }
    }
    return size;
  }
}
