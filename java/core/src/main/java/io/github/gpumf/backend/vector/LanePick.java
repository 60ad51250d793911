package io.github.gpumf.backend.vector;

import java.util.function.IntUnaryOperator;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorMask;
import jdk.incubator.vector.VectorShuffle;

/**
 * A vector of lanes of two others. A record, because what a record in a static final field refers
 * to is a constant to the compiler.
 *
 * <p>The Vector API can do the same: {@code rearrange} of two vectors makes an epoch of AdaGrad by
 * row take twice as long, and {@code selectFrom} as long where vectors have 512 bits, and 15%
 * longer where they have 256.
 *
 * @param lanes which lane of its source each is
 * @param ofSecond which are of the second vector
 */
record LanePick(VectorShuffle<Float> lanes, VectorMask<Float> ofSecond) {
  /**
   * Picks lanes.
   *
   * @param source the lane that each is, those of the second vector counted after those of the
   *     first
   */
  static LanePick of(IntUnaryOperator source) {
    boolean[] second = new boolean[Lanes.COUNT];
    for (int lane = 0; lane < second.length; lane++) {
      second[lane] = source.applyAsInt(lane) >= Lanes.COUNT;
    }
    return new LanePick(
        VectorShuffle.fromOp(Lanes.SPECIES, lane -> source.applyAsInt(lane) % Lanes.COUNT),
        VectorMask.fromArray(Lanes.SPECIES, second, 0));
  }

  FloatVector from(FloatVector first, FloatVector second) {
    return first.rearrange(lanes).blend(second.rearrange(lanes), ofSecond);
  }
}
