package io.github.gpumf.data;

import io.github.gpumf.data.CounterRandom.Purpose;

/**
 * A random permutation of {@code 0..n-1} that is computed index by index: nothing is stored, and
 * any thread or device can ask for any part of it.
 *
 * <p>It is a Feistel network over the smallest power of two that holds n, walked until the value
 * falls below n (J. Black, P. Rogaway, "Ciphers with arbitrary finite domains", CT-RSA 2002; for
 * shuffling on GPUs: R. Mitchell et al., "Bandwidth-optimal random shuffling for GPUs", ACM TOPC
 * 2022). A walk takes fewer than two rounds of the network on average. Round keys come from {@link
 * CounterRandom}.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class Permutation {
  /**
   * Six rounds with a full-avalanche hash: two more than make a Feistel network pseudo-random (Luby
   * and Rackoff, 1988).
   */
  private static final int ROUNDS = 6;

  /** Of the hash of a round; see {@link #hash}. */
  public static final int MULTIPLIER_0 = 0x7feb352d;

  /** The second multiplier of the hash. */
  public static final int MULTIPLIER_1 = 0x846ca68b;

  private final long size;
  private final int leftBits;
  private final int rightBits;
  private final int[] keys = new int[ROUNDS];

  /**
   * Makes the permutation of a seed.
   *
   * @param size number of elements, at least 0
   * @param seed any value
   * @param purpose what the permutation is for: {@link Purpose#SHUFFLE} or {@link Purpose#SPLIT}
   * @param substream tells permutations of one purpose apart, for example the epoch
   * @throws IllegalArgumentException if the size is negative
   */
  public Permutation(long size, long seed, Purpose purpose, long substream) {
    if (size < 0) {
      throw new IllegalArgumentException("size must not be negative: " + size);
    }
    this.size = size;
    // At least one bit on each side; a walk needs at most 4 / size steps for the smallest sizes.
    int bits = Math.max(2, 64 - Long.numberOfLeadingZeros(Math.max(1, size - 1)));
    leftBits = bits / 2;
    rightBits = bits - leftBits;
    CounterRandom random = CounterRandom.of(seed, purpose, substream);
    for (int round = 0; round < ROUNDS; round++) {
      keys[round] = random.word(round);
    }
  }

  /**
   * Number of elements.
   *
   * @return n
   */
  public long size() {
    return size;
  }

  /**
   * The numbers of the network, for whoever computes many indices at a time.
   *
   * @param leftBits width of the left half of a value, at least 1
   * @param rightBits width of the right half, the low bits of a value
   * @param keys of the rounds; round 0 changes the left half, round 1 the right one, and so on
   */
  @SuppressWarnings("ArrayRecordComponent") // Nobody compares networks.
  public record Network(int leftBits, int rightBits, int[] keys) {}

  /**
   * The network that is walked.
   *
   * @return a copy of its numbers
   */
  public Network network() {
    return new Network(leftBits, rightBits, keys.clone());
  }

  /**
   * Where an index goes.
   *
   * @param index in 0..n-1
   * @return its image, in 0..n-1; different for different indices
   * @throws IndexOutOfBoundsException if the index is out of range
   */
  public long apply(long index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException("index " + index + " is not in 0.." + (size - 1));
    }
    long value = index;
    do {
      value = encrypt(value);
    } while (value >= size);
    return value;
  }

  /**
   * The index that goes somewhere.
   *
   * @param image in 0..n-1
   * @return the index, in 0..n-1, for which {@link #apply} gives the image
   * @throws IndexOutOfBoundsException if the image is out of range
   */
  public long invert(long image) {
    if (image < 0 || image >= size) {
      throw new IndexOutOfBoundsException("image " + image + " is not in 0.." + (size - 1));
    }
    long value = image;
    do {
      value = decrypt(value);
    } while (value >= size);
    return value;
  }

  private long encrypt(long value) {
    int leftMask = (int) ((1L << leftBits) - 1);
    int rightMask = (int) ((1L << rightBits) - 1);
    int left = (int) (value >>> rightBits);
    int right = (int) value & rightMask;
    // The halves keep their widths: even rounds change the left half, odd rounds the right one.
    for (int round = 0; round < ROUNDS; round += 2) {
      left ^= hash(right ^ keys[round]) & leftMask;
      right ^= hash(left ^ keys[round + 1]) & rightMask;
    }
    return (left & 0xFFFFFFFFL) << rightBits | (right & 0xFFFFFFFFL);
  }

  private long decrypt(long value) {
    int leftMask = (int) ((1L << leftBits) - 1);
    int rightMask = (int) ((1L << rightBits) - 1);
    int left = (int) (value >>> rightBits);
    int right = (int) value & rightMask;
    for (int round = ROUNDS; round > 0; round -= 2) {
      right ^= hash(left ^ keys[round - 1]) & rightMask;
      left ^= hash(right ^ keys[round - 2]) & leftMask;
    }
    return (left & 0xFFFFFFFFL) << rightBits | (right & 0xFFFFFFFFL);
  }

  /**
   * A 32-bit finalizer with low bias (C. Wellons, "Prospecting for hash functions", 2018:
   * lowbias32).
   */
  private static int hash(int x) {
    x ^= x >>> 16;
    x *= MULTIPLIER_0;
    x ^= x >>> 15;
    x *= MULTIPLIER_1;
    x ^= x >>> 16;
    return x;
  }
}
