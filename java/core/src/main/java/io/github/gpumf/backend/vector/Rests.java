package io.github.gpumf.backend.vector;

/**
 * Rows that have rested, and the numbers by which {@link DeferredAdam} catches them up; see {@link
 * io.github.gpumf.backend.AdamTails}.
 */
final class Rests {
  final int[] rows;
  final float[] a0;
  final float[] a1;
  final float[] a2;
  final float[] a3;

  /** What is left of m, and of v. */
  final float[] decay1;

  final float[] decay2;

  int count;

  Rests(int most) {
    rows = new int[most];
    a0 = new float[most];
    a1 = new float[most];
    a2 = new float[most];
    a3 = new float[most];
    decay1 = new float[most];
    decay2 = new float[most];
  }
}
