package io.github.gpumf.data;

/**
 * Counter-based random numbers: the value at an index depends on the seed, the stream and the index
 * alone, never on what was drawn before. Any backend can therefore draw any part of a sequence, in
 * any order and from any thread, and get the same bits; and a resumed run continues where it left
 * off without a saved generator.
 *
 * <p>The generator is Philox-4x32-10 (J. Salmon, M. Moraes, R. Dror, D. Shaw, "Parallel random
 * numbers: as easy as 1, 2, 3", SC 2011). The key is the seed; the counter is (index / 4, stream);
 * one block of four words serves four neighbouring indices.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class CounterRandom {
  private static final int MULTIPLIER_0 = 0xD2511F53;
  private static final int MULTIPLIER_1 = 0xCD9E8D57;
  private static final int WEYL_0 = 0x9E3779B9;
  private static final int WEYL_1 = 0xBB67AE85;
  private static final int ROUNDS = 10;

  private final int key0;
  private final int key1;
  private final int stream0;
  private final int stream1;

  private CounterRandom(long seed, long stream) {
    key0 = (int) seed;
    key1 = (int) (seed >>> 32);
    stream0 = (int) stream;
    stream1 = (int) (stream >>> 32);
  }

  /**
   * What a sequence is drawn for. Each purpose has its own streams, so that no two uses of one seed
   * see the same numbers.
   */
  public enum Purpose {
    /** Initial user factors; index {@code row * k + column}. */
    USER_FACTORS(0),
    /** Initial item factors; index {@code row * k + column}. */
    ITEM_FACTORS(1),
    /** The initial kernel of a Dense head. */
    DENSE_KERNEL(2),
    /** The order of the ratings in an epoch; the substream is the epoch. */
    SHUFFLE(3),
    /** Splits of a data set. */
    SPLIT(4),
    /** Synthetic data; the substream tells what is drawn. */
    SYNTHETIC(5);

    /** Part of the definition of every sequence: never changed, never used again. */
    private final int id;

    Purpose(int id) {
      this.id = id;
    }
  }

  /**
   * Returns the sequence of a seed for one purpose.
   *
   * @param seed any value
   * @param purpose what the numbers are for
   * @param substream tells sequences of one purpose apart, for example the epoch; not negative and
   *     below 2^32
   * @return the sequence
   * @throws IllegalArgumentException if the substream is out of range
   */
  public static CounterRandom of(long seed, Purpose purpose, long substream) {
    if (substream < 0 || substream >= 1L << 32) {
      throw new IllegalArgumentException("substream must be in 0..2^32-1, not " + substream);
    }
    return new CounterRandom(seed, (long) purpose.id << 32 | substream);
  }

  /**
   * The upper half of the generator's counter: with the seed, what a device needs to draw the same
   * numbers.
   *
   * @return different for each purpose and substream
   */
  public long stream() {
    return (stream1 & 0xFFFFFFFFL) << 32 | (stream0 & 0xFFFFFFFFL);
  }

  /**
   * The word at an index: 32 uniform bits.
   *
   * @param index any value; sequences have a period of 2^64 indices
   * @return the word
   */
  public int word(long index) {
    return block(index).word((int) index & 3);
  }

  /** The block that an index is in, with three others. */
  private Block block(long index) {
    long block = index >>> 2;
    return philox((int) block, (int) (block >>> 32), stream0, stream1, key0, key1);
  }

  /**
   * A float uniform in [0, 1), a multiple of 2^-24: the top 24 bits of {@link #word}.
   *
   * @param index any value
   * @return the float
   */
  public float uniform(long index) {
    return uniformOf(word(index));
  }

  /**
   * The floats of {@link #uniform(long)} at an index and those that follow it; four take the time
   * of one.
   *
   * @param first any index
   * @param floats are filled, all of them
   */
  public void uniform(long first, float[] floats) {
    int at = 0;
    while (at < floats.length) {
      long index = first + at;
      Block block = block(index);
      if ((index & 3) == 0 && at + 4 <= floats.length) {
        floats[at] = uniformOf(block.word0);
        floats[at + 1] = uniformOf(block.word1);
        floats[at + 2] = uniformOf(block.word2);
        floats[at + 3] = uniformOf(block.word3);
        at += 4;
      } else {
        floats[at++] = uniformOf(block.word((int) index & 3));
      }
    }
  }

  private static float uniformOf(int word) {
    return (word >>> 8) * 0x1p-24f;
  }

  /**
   * A double uniform in [0, 1), a multiple of 2^-53, from the words at {@code 2 * index} and {@code
   * 2 * index + 1}.
   *
   * @param index any value
   * @return the double
   */
  public double uniformDouble(long index) {
    long high = word(2 * index) & 0xFFFFFFFFL;
    long low = word(2 * index + 1) & 0xFFFFFFFFL;
    return ((high << 32 | low) >>> 11) * 0x1p-53;
  }

  /**
   * A standard normal double, by the method of Box and Muller, from the words at {@code 4 * index}
   * to {@code 4 * index + 3}. It uses logarithm and cosine, so its last bit may differ between
   * platforms: not for values that backends must agree on.
   *
   * @param index any value
   * @return the double
   */
  public double gaussian(long index) {
    double radius = Math.sqrt(-2 * Math.log1p(-uniformDouble(2 * index)));
    return radius * Math.cos(2 * Math.PI * uniformDouble(2 * index + 1));
  }

  /** What the generator makes of a counter. */
  record Block(int word0, int word1, int word2, int word3) {
    int word(int lane) {
      return switch (lane) {
        case 0 -> word0;
        case 1 -> word1;
        case 2 -> word2;
        default -> word3;
      };
    }
  }

  /** The block that Philox-4x32-10 makes of a counter (c0..c3) and a key (k0, k1). */
  static Block philox(int c0, int c1, int c2, int c3, int k0, int k1) {
    for (int round = 0; round < ROUNDS; round++) {
      long product0 = (MULTIPLIER_0 & 0xFFFFFFFFL) * (c0 & 0xFFFFFFFFL);
      long product1 = (MULTIPLIER_1 & 0xFFFFFFFFL) * (c2 & 0xFFFFFFFFL);
      int next0 = (int) (product1 >>> 32) ^ c1 ^ k0;
      int next2 = (int) (product0 >>> 32) ^ c3 ^ k1;
      c0 = next0;
      c1 = (int) product1;
      c2 = next2;
      c3 = (int) product0;
      k0 += WEYL_0;
      k1 += WEYL_1;
    }
    return new Block(c0, c1, c2, c3);
  }
}
