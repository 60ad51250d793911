package io.github.gpumf.io;

import io.github.gpumf.data.AtomicFiles;
import io.github.gpumf.io.SafetensorsHeader.Entry;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * Writes safetensors files, with a checksum in the metadata ({@code gpumf.crc32c}) that {@link
 * SafetensorsFile} verifies and other readers take as any string. The same content makes the same
 * bytes.
 */
public final class SafetensorsWriter {
  /** The data start on a cache line, and so do the rows of the first table if k fits. */
  private static final int DATA_ALIGNMENT = 64;

  private static final int BUFFER_BYTES = 1 << 20;

  private SafetensorsWriter() {}

  /**
   * Makes or replaces a file; see {@link AtomicFiles#write}.
   *
   * <p>Tensors whose size is a multiple of 8 bytes come first, in the order given, the others after
   * them, those with larger elements first: so every tensor starts at a multiple of its element's
   * size, although the format allows no padding between tensors.
   *
   * @param path the file
   * @param metadata strings of the header
   * @param tensors by name; must not change meanwhile
   * @throws IOException if it cannot be written
   * @throws IllegalArgumentException if the header would be longer than 100 MB, the limit of every
   *     reader
   */
  public static void write(
      Path path, Map<String, String> metadata, SequencedMap<String, Tensor> tensors)
      throws IOException {
    SequencedMap<String, String> withChecksum = new LinkedHashMap<>();
    withChecksum.put(Checksum.KEY, Checksum.ZEROS);
    withChecksum.putAll(metadata);
    withChecksum.put(Checksum.KEY, Checksum.ZEROS); // Its place stays the first; an old one goes.
    List<Entry> entries = new ArrayList<>();
    List<MemorySegment> data = new ArrayList<>();
    long position = 0;
    for (var named : layout(tensors)) {
      Tensor tensor = named.getValue();
      long end = position + tensor.data().byteSize();
      entries.add(new Entry(named.getKey(), tensor.type(), tensor.shape(), position, end));
      data.add(tensor.data());
      position = end;
    }
    byte[] start = start(new SafetensorsHeader(withChecksum, entries).toJson());
    Checksum checksum = new Checksum();
    checksum.update(MemorySegment.ofArray(start));
    data.forEach(checksum::update);
    byte[] digits = checksum.digits().getBytes(StandardCharsets.US_ASCII);
    System.arraycopy(digits, 0, start, Long.BYTES + Checksum.DIGITS_AT, digits.length);
    AtomicFiles.write(
        path,
        out -> {
          out.write(start);
          byte[] buffer = new byte[BUFFER_BYTES];
          for (MemorySegment segment : data) {
            copy(segment, out, buffer);
          }
        });
  }

  private static List<Map.Entry<String, Tensor>> layout(SequencedMap<String, Tensor> tensors) {
    return tensors.entrySet().stream()
        .sorted(Comparator.comparingInt(named -> rank(named.getValue())))
        .toList();
  }

  private static int rank(Tensor tensor) {
    return tensor.data().byteSize() % 8 == 0 ? -8 : -tensor.type().bytes();
  }

  /** Everything before the data: the length of the header and the header, padded with spaces. */
  private static byte[] start(byte[] json) {
    int unpadded = Long.BYTES + json.length;
    int length = Math.ceilDiv(unpadded, DATA_ALIGNMENT) * DATA_ALIGNMENT;
    if (length - Long.BYTES > SafetensorsFile.MAX_HEADER_BYTES) {
      throw new IllegalArgumentException(
          "a header of "
              + json.length
              + " bytes is longer than readers take, "
              + SafetensorsFile.MAX_HEADER_BYTES
              + "; shorten the metadata");
    }
    byte[] start = new byte[length];
    Arrays.fill(start, (byte) ' ');
    ByteBuffer.wrap(start).order(ByteOrder.LITTLE_ENDIAN).putLong(length - Long.BYTES).put(json);
    return start;
  }

  private static void copy(MemorySegment segment, OutputStream out, byte[] buffer)
      throws IOException {
    for (long at = 0; at < segment.byteSize(); at += buffer.length) {
      int length = (int) Math.min(buffer.length, segment.byteSize() - at);
      MemorySegment.copy(segment, ValueLayout.JAVA_BYTE, at, buffer, 0, length);
      out.write(buffer, 0, length);
    }
  }
}
