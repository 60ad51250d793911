package io.github.gpumf.backend.vector;

/** Dot products of one row with four rows that lie one after the other, many times. */
interface DotLoop {
  /**
   * Makes some times four dot products, with other rows each time.
   *
   * @param one address of the first row
   * @param step bytes from it to the next one; 0 if it stays
   * @param four address of the first of the first four
   * @param stepOfFour bytes from them to the next four; 0 if they stay
   * @param count how many times
   * @param dots receives four for each time; each is that of {@link Rows#dot}, bit for bit
   */
  void run(long one, long step, long four, long stepOfFour, int count, float[] dots);
}
