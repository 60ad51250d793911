package io.github.gpumf.backend.vector;

import io.github.gpumf.data.Permutation;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * The inverse of a {@link Permutation}, of many images at a time: 6 rounds of two multiplications
 * that wait for each other take 25 ns an image, and hardly more for all lanes of a vector. One
 * thread's.
 *
 * <p>A walk goes on until it is below the permutation's size, a few steps for most images and more
 * for some. Those that are outside after a step are put side by side, and take the next one
 * together.
 */
final class Shuffle {
  private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;

  private final Permutation permutation;
  private final boolean fits;
  private final int leftMask;
  private final int rightMask;
  private final int rightBits;
  private final int[] keys;

  /** Where walks are that have not ended, and then anything up to a whole vector. */
  private int[] values = {};

  /** Which images they belong to. */
  private int[] owners = {};

  Shuffle(Permutation permutation) {
    this.permutation = permutation;
    Permutation.Network network = permutation.network();
    // The size too must be an int, and then all values of the network are.
    fits = permutation.size() <= Integer.MAX_VALUE;
    leftMask = (int) ((1L << network.leftBits()) - 1);
    rightMask = (int) ((1L << network.rightBits()) - 1);
    rightBits = network.rightBits();
    keys = network.keys();
  }

  /** Replaces the first so many images by the indices that go there. */
  void invert(long[] images, int count) {
    if (!fits) {
      for (int at = 0; at < count; at++) {
        images[at] = permutation.invert(images[at]);
      }
      return;
    }
    if (owners.length < count) {
      values = new int[count + SPECIES.length()];
      owners = new int[count];
    }
    int size = (int) permutation.size();
    int walking = start(images, count, values, owners);
    while (walking > 0) {
      decrypt(walking);
      walking = step(images, walking, values, owners, size);
    }
  }

  private static int start(long[] images, int count, int[] values, int[] owners) {
    for (int at = 0; at < count; at++) {
      values[at] = (int) images[at];
      owners[at] = at;
    }
    return count;
  }

  /** Notes where walks have come, and returns how many have to go on. */
  private static int step(long[] images, int walking, int[] values, int[] owners, int size) {
    int left = 0;
    for (int at = 0; at < walking; at++) {
      int value = values[at];
      int owner = owners[at];
      images[owner] = value;
      values[left] = value;
      owners[left] = owner;
      left += (size - 1 - value) >>> 31; // 1 if it is outside; a branch would be foreseen wrongly
    }
    return left;
  }

  private void decrypt(int count) {
    for (int at = 0; at < count; at += SPECIES.length()) {
      decrypt(IntVector.fromArray(SPECIES, values, at)).intoArray(values, at);
    }
  }

  private IntVector decrypt(IntVector values) {
    IntVector left = values.lanewise(VectorOperators.LSHR, rightBits);
    IntVector right = values.and(rightMask);
    // One place that hashes: with two the compiler would stop inlining in the second. The halves
    // swap after each round, and stand as they began after the last, since rounds are even in
    // number.
    for (int round = keys.length - 1; round >= 0; round--) {
      IntVector hash = hash(left, keys[round]).and(round % 2 == 0 ? leftMask : rightMask);
      IntVector mixed = right.lanewise(VectorOperators.XOR, hash);
      right = left;
      left = mixed;
    }
    return left.lanewise(VectorOperators.LSHL, rightBits).or(right);
  }

  private static IntVector hash(IntVector half, int key) {
    IntVector x = half.lanewise(VectorOperators.XOR, key);
    x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16));
    x = x.mul(Permutation.MULTIPLIER_0);
    x = x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 15));
    x = x.mul(Permutation.MULTIPLIER_1);
    return x.lanewise(VectorOperators.XOR, x.lanewise(VectorOperators.LSHR, 16));
  }
}
