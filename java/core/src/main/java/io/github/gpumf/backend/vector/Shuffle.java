package io.github.gpumf.backend.vector;

import io.github.gpumf.data.Permutation;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorOperators;
import jdk.incubator.vector.VectorSpecies;

/**
 * A {@link Permutation}, a vector of indices at a time: 6 rounds of two multiplications that wait
 * for each other take 25 ns an index, and hardly more for all lanes of a vector.
 */
final class Shuffle {
  private static final VectorSpecies<Integer> SPECIES = IntVector.SPECIES_PREFERRED;

  private final Permutation permutation;
  private final boolean fits;
  private final int leftMask;
  private final int rightMask;
  private final int rightBits;
  private final int[] keys;

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

  /** Writes where the indices from {@code start + from} go to places {@code from} to {@code to}. */
  void apply(long start, int from, int to, long[] images) {
    int at = from;
    if (fits) {
      int[] vector = new int[SPECIES.length()];
      for (; at + SPECIES.length() <= to; at += SPECIES.length()) {
        walk((int) (start + at), vector);
        for (int lane = 0; lane < vector.length; lane++) {
          images[at + lane] = vector[lane];
        }
      }
    }
    for (; at < to; at++) {
      images[at] = permutation.apply(start + at);
    }
  }

  /** The images of as many indices as there are lanes. */
  private void walk(int first, int[] images) {
    int size = (int) permutation.size();
    IntVector values = IntVector.broadcast(SPECIES, first).addIndex(1);
    VectorMask<Integer> outside = SPECIES.maskAll(true);
    do { // One place that encrypts: with two the compiler would stop inlining in the second.
      values = values.blend(encrypt(values), outside);
      outside = values.compare(VectorOperators.GE, size);
    } while (outside.anyTrue());
    values.intoArray(images, 0);
  }

  private IntVector encrypt(IntVector values) {
    IntVector left = values.lanewise(VectorOperators.LSHR, rightBits);
    IntVector right = values.and(rightMask);
    // One place that hashes, for the same reason: the halves swap after each round, and stand as
    // they began after the last, since rounds are even in number.
    for (int round = 0; round < keys.length; round++) {
      IntVector hash = hash(right, keys[round]).and(round % 2 == 0 ? leftMask : rightMask);
      IntVector mixed = left.lanewise(VectorOperators.XOR, hash);
      left = right;
      right = mixed;
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
