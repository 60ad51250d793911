package io.github.gpumf.cuda.driver;

/**
 * Rows that lie at other distances on the host than on the device, where they are padded.
 *
 * @param count of rows
 * @param bytes of a row, padding left out
 * @param hostPitch bytes from a row to the next on the host
 * @param devicePitch bytes from a row to the next on the device
 */
public record Rows(long count, long bytes, long hostPitch, long devicePitch) {
  /** Checks that rows do not overlap. */
  public Rows {
    if (count < 0) {
      throw new IllegalArgumentException("there cannot be " + count + " rows");
    }
    if (bytes < 0 || bytes > Math.min(hostPitch, devicePitch)) {
      throw new IllegalArgumentException(
          "rows of "
              + bytes
              + " bytes need pitches of as many or more; got "
              + hostPitch
              + " on the host and "
              + devicePitch
              + " on the device");
    }
  }

  /** From the first byte of the first row to the last of the last. */
  private long extent(long pitch) {
    return count == 0 ? 0 : Math.addExact(Math.multiplyExact(count - 1, pitch), bytes);
  }

  /**
   * How much host memory the rows span.
   *
   * @return bytes
   */
  public long hostBytes() {
    return extent(hostPitch);
  }

  /**
   * How much device memory the rows span.
   *
   * @return bytes
   */
  public long deviceBytes() {
    return extent(devicePitch);
  }

  boolean isEmpty() {
    return count == 0 || bytes == 0;
  }

  Rows withCount(long other) {
    return new Rows(other, bytes, hostPitch, devicePitch);
  }
}
