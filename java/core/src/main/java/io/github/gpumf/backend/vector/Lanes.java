package io.github.gpumf.backend.vector;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;
import jdk.incubator.vector.VectorSpecies;

/** The widest vectors of this machine, and how memory is read and written with them. */
final class Lanes {
  static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Four floats, which is as many as the vectors of any machine of this backend have at least. */
  static final VectorSpecies<Float> FOUR = FloatVector.SPECIES_128;

  /** Floats in a vector: 4 or more, see {@link VectorBackendProvider}. */
  static final int COUNT = SPECIES.length();

  /** Bytes of a vector. */
  static final int BYTES = SPECIES.vectorByteSize();

  /**
   * All memory, so that an offset is an address. The compiler folds the bounds and the scope of a
   * constant segment away, which it cannot for one that is reached through a field; a row update
   * takes a tenth less time. Whoever computes addresses keeps the memory alive and its rows within
   * their tables: that is {@link PaddedTable}.
   */
  @SuppressWarnings("restricted")
  private static final MemorySegment MEMORY = MemorySegment.NULL.reinterpret(Long.MAX_VALUE);

  /** Processors use 57 bits at most, and of those systems give programs the lower half. */
  private static final long LARGEST_ADDRESS = (1L << 56) - 1;

  private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
  private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;
  private static final ValueLayout.OfFloat FLOAT = ValueLayout.JAVA_FLOAT_UNALIGNED;

  private static final VectorSpecies<Float> EIGHT = FloatVector.SPECIES_256;

  private static final VectorShuffle<Float> ROTATE_32 = rotation(SPECIES, 32);
  private static final VectorShuffle<Float> ROTATE_16 = rotation(SPECIES, 16);
  private static final VectorShuffle<Float> ROTATE_8 = rotation(SPECIES, 8);
  private static final VectorShuffle<Float> ROTATE_4 = rotation(EIGHT, 4);
  private static final VectorShuffle<Float> ROTATE_2 = rotation(FOUR, 2);
  private static final VectorShuffle<Float> ROTATE_1 = rotation(FOUR, 1);

  private Lanes() {}

  private static VectorShuffle<Float> rotation(VectorSpecies<Float> species, int lanes) {
    return VectorShuffle.iota(species, lanes % species.length(), 1, true);
  }

  /**
   * An address as it is. It tells the compiler that the address and what lies behind it are within
   * memory, so that a run of accesses needs no checks: a rating of k = 64 is 115 instructions with
   * them and 95 without.
   */
  static long address(long address) {
    return address & LARGEST_ADDRESS;
  }

  /** An int. */
  static int getInt(long address) {
    return MEMORY.get(INT, address);
  }

  /** Sets an int. */
  static void setInt(long address, int value) {
    MEMORY.set(INT, address, value);
  }

  /** A long. */
  static long getLong(long address) {
    return MEMORY.get(LONG, address);
  }

  /** Sets a long. */
  static void setLong(long address, long value) {
    MEMORY.set(LONG, address, value);
  }

  static FloatVector load(long address) {
    return FloatVector.fromMemorySegment(SPECIES, MEMORY, address, ByteOrder.nativeOrder());
  }

  static void store(FloatVector vector, long address) {
    vector.intoMemorySegment(MEMORY, address, ByteOrder.nativeOrder());
  }

  static float get(long address) {
    return MEMORY.get(FLOAT, address);
  }

  static void set(long address, float value) {
    MEMORY.set(FLOAT, address, value);
  }

  /** Four floats. */
  static FloatVector loadFour(long address) {
    return FloatVector.fromMemorySegment(FOUR, MEMORY, address, ByteOrder.nativeOrder());
  }

  /** Sets four floats. */
  static void storeFour(FloatVector four, long address) {
    four.intoMemorySegment(MEMORY, address, ByteOrder.nativeOrder());
  }

  /**
   * The sum of all lanes, as a tree whose shape never changes. {@code reduceLanes} adds in one
   * order when interpreted and in another when compiled, so that two runs would differ. Each step
   * leaves as many sums as half of the lanes, and the next works on no more than those.
   */
  static float sum(FloatVector vector) {
    FloatVector sum = vector;
    if (COUNT >= 64) {
      sum = sum.add(sum.rearrange(ROTATE_32));
    }
    if (COUNT >= 32) {
      sum = sum.add(sum.rearrange(ROTATE_16));
    }
    if (COUNT >= 16) {
      sum = first(sum.add(sum.rearrange(ROTATE_8)), EIGHT);
    }
    if (COUNT >= 8) {
      sum = first(sum.add(sum.rearrange(ROTATE_4)), FOUR);
    }
    sum = sum.add(sum.rearrange(ROTATE_2));
    return sum.add(sum.rearrange(ROTATE_1)).lane(0);
  }

  private static FloatVector first(FloatVector vector, VectorSpecies<Float> species) {
    return (FloatVector) vector.reinterpretShape(species, 0);
  }
}
