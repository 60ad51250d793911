package io.github.gpumf.cuda.driver;

import java.lang.foreign.MemorySegment;

/**
 * A range of device memory: a whole {@link DeviceBuffer} or a {@link DeviceSlice} of one.
 *
 * <p>Copies and fills are put into a stream and may be done later. Host memory must lie off the
 * heap and stay as it is until the stream is synchronized: only for memory that is not pinned does
 * the driver take its bytes at once.
 */
public sealed interface DeviceMemory permits DeviceBuffer, DeviceSlice {
  /**
   * Where this lives.
   *
   * @return the context that made it
   */
  CudaContext context();

  /**
   * Where it is.
   *
   * @return the device address; 0 if it is empty
   * @throws IllegalStateException if the buffer is closed
   */
  long address();

  /**
   * How long it is.
   *
   * @return bytes
   */
  long size();

  /**
   * A part of this.
   *
   * @param offset of its first byte
   * @param bytes of it
   * @return a view; it closes nothing, and ends with the buffer
   */
  DeviceSlice slice(long offset, long bytes);

  /**
   * Copies from the host.
   *
   * @param source as long as this
   * @param stream that the copy is put into
   * @throws CudaException if the driver fails
   */
  default void copyFrom(MemorySegment source, Stream stream) {
    HostMemory.requireReadable(source);
    requireSize("host memory", source.byteSize());
    if (size() > 0) {
      CopyEvent.record(
          CopyEvent.Direction.TO_DEVICE,
          size(),
          () -> context().enter().cuMemcpyHtoDAsync(address(), source, stream.handle()));
    }
  }

  /**
   * Copies to the host.
   *
   * @param target as long as this
   * @param stream that the copy is put into
   * @throws CudaException if the driver fails
   */
  default void copyTo(MemorySegment target, Stream stream) {
    HostMemory.requireWritable(target);
    requireSize("host memory", target.byteSize());
    if (size() > 0) {
      CopyEvent.record(
          CopyEvent.Direction.TO_HOST,
          size(),
          () -> context().enter().cuMemcpyDtoHAsync(target, address(), stream.handle()));
    }
  }

  /**
   * Copies from device memory that does not overlap this.
   *
   * @param source as long as this
   * @param stream that the copy is put into
   * @throws CudaException if the driver fails
   */
  default void copyFrom(DeviceMemory source, Stream stream) {
    requireSize(source.toString(), source.size());
    if (size() > 0) {
      CopyEvent.record(
          CopyEvent.Direction.ON_DEVICE,
          size(),
          () ->
              context()
                  .enter()
                  .cuMemcpyDtoDAsync(address(), source.address(), size(), stream.handle()));
    }
  }

  /**
   * Copies rows from the host. Padding is not touched.
   *
   * @param source from the first row on
   * @param rows their sizes; on the device they begin where this does
   * @param stream that the copy is put into
   * @throws CudaException if the driver fails
   */
  default void copyFrom(MemorySegment source, Rows rows, Stream stream) {
    HostMemory.requireReadable(source);
    requireFit(rows, source.byteSize());
    if (!rows.isEmpty()) {
      CopyEvent.record(
          CopyEvent.Direction.TO_DEVICE,
          rows.count() * rows.bytes(),
          () -> context().enter().cuMemcpy2DAsync(address(), source, rows, stream.handle()));
    }
  }

  /**
   * Copies rows to the host. Padding is not touched.
   *
   * @param target from the first row on
   * @param rows their sizes; on the device they begin where this does
   * @param stream that the copy is put into
   * @throws CudaException if the driver fails
   */
  default void copyTo(MemorySegment target, Rows rows, Stream stream) {
    HostMemory.requireWritable(target);
    requireFit(rows, target.byteSize());
    if (!rows.isEmpty()) {
      CopyEvent.record(
          CopyEvent.Direction.TO_HOST,
          rows.count() * rows.bytes(),
          () -> context().enter().cuMemcpy2DAsync(target, address(), rows, stream.handle()));
    }
  }

  /**
   * Sets all bytes to zero.
   *
   * @param stream that this is put into
   * @throws CudaException if the driver fails
   */
  default void clear(Stream stream) {
    if (size() > 0) {
      context().enter().cuMemsetD8Async(address(), (byte) 0, size(), stream.handle());
    }
  }

  /**
   * Sets all words of 32 bits.
   *
   * @param value of each
   * @param stream that this is put into
   * @throws CudaException if the driver fails
   */
  default void fill(int value, Stream stream) {
    if (size() % Integer.BYTES != 0 || address() % Integer.BYTES != 0) {
      throw new IllegalArgumentException(
          this + " does not begin and end at words of 4 bytes; slice it so that it does");
    }
    if (size() > 0) {
      context().enter().cuMemsetD32Async(address(), value, size() / Integer.BYTES, stream.handle());
    }
  }

  /**
   * Sets all floats.
   *
   * @param value of each
   * @param stream that this is put into
   * @throws CudaException if the driver fails
   */
  default void fill(float value, Stream stream) {
    fill(Float.floatToRawIntBits(value), stream);
  }

  private void requireSize(String what, long bytes) {
    if (bytes != size()) {
      throw new IllegalArgumentException(
          what
              + " of "
              + bytes
              + " bytes cannot be copied to or from "
              + this
              + "; slice the longer");
    }
  }

  private void requireFit(Rows rows, long hostBytes) {
    if (rows.hostBytes() > hostBytes || rows.deviceBytes() > size()) {
      throw new IllegalArgumentException(
          rows
              + " do not fit: they span "
              + rows.hostBytes()
              + " of "
              + hostBytes
              + " bytes on the host and "
              + rows.deviceBytes()
              + " bytes of "
              + this);
    }
  }
}
