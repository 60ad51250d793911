package io.github.gpumf.io;

import io.github.gpumf.data.Uninterrupted;
import io.github.gpumf.io.SafetensorsHeader.Entry;
import io.github.gpumf.io.Tensor.ElementType;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;

/**
 * A safetensors file, memory-mapped: 8 bytes of little-endian header length, a JSON header, and the
 * tensors' bytes back to back (<a href="https://huggingface.co/docs/safetensors">the format</a>).
 * Offsets are 64-bit: a tensor may have any size.
 *
 * <p>What is not exactly such a file is refused when it is opened: every byte is accounted for, and
 * the checksum, if {@link SafetensorsWriter} put one in, is right.
 *
 * <p>Safe for any number of threads, and not stopped by their interruption. Replacing the file by
 * renaming another one over it leaves an open file as it was. Whoever cuts the file off in place
 * while it is mapped makes a later read fail with an {@link InternalError}: no program can be safe
 * from that.
 */
public final class SafetensorsFile {
  /** As in the format's reference implementation. */
  static final long MAX_HEADER_BYTES = 100_000_000;

  private static final ValueLayout.OfLong LENGTH =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final Path path;
  private final SequencedMap<String, String> metadata;
  private final SequencedMap<String, Tensor> tensors;
  private final boolean checked;

  private SafetensorsFile(
      Path path,
      SequencedMap<String, String> metadata,
      SequencedMap<String, Tensor> tensors,
      boolean checked) {
    this.path = path;
    this.metadata = Collections.unmodifiableSequencedMap(metadata);
    this.tensors = Collections.unmodifiableSequencedMap(tensors);
    this.checked = checked;
  }

  /**
   * Opens a file and checks it.
   *
   * @param path the file
   * @param arena owner of the mapping
   * @return the open file
   * @throws InvalidSafetensorsException if it is not a whole, unaltered safetensors file
   * @throws IOException if it cannot be read
   */
  public static SafetensorsFile open(Path path, Arena arena) throws IOException {
    MemorySegment bytes = map(path, arena);
    long headerLength = bytes.get(LENGTH, 0);
    long limit = Math.min(MAX_HEADER_BYTES, bytes.byteSize() - Long.BYTES);
    if (headerLength < 2 || headerLength > limit) {
      throw new InvalidSafetensorsException(
          path,
          "is cut off or not a safetensors file: its first 8 bytes ask for a header of "
              + Long.toUnsignedString(headerLength)
              + " bytes, expected 2.."
              + limit);
    }
    String json = decode(path, bytes.asSlice(Long.BYTES, headerLength));
    SafetensorsHeader header = SafetensorsHeader.parse(path, json);
    MemorySegment data = bytes.asSlice(Long.BYTES + headerLength);
    SequencedMap<String, Tensor> tensors = tensors(path, header.entries(), data);
    boolean checked = json.startsWith(Checksum.HEADER_START);
    SequencedMap<String, String> metadata = new LinkedHashMap<>(header.metadata());
    String checksum = metadata.remove(Checksum.KEY);
    if (checked) {
      check(path, bytes);
    } else if (checksum != null) {
      throw new InvalidSafetensorsException(
          path,
          "was written by another tool: its checksum "
              + Checksum.KEY
              + " is not the first entry of the header");
    }
    return new SafetensorsFile(path, metadata, tensors, checked);
  }

  private static MemorySegment map(Path path, Arena arena) throws IOException {
    if (Files.notExists(path)) {
      throw new NoSuchFileException(path.toString(), null, "there is no such file");
    }
    if (!Files.isRegularFile(path)) {
      throw new InvalidSafetensorsException(path, "is not a regular file");
    }
    return Uninterrupted.run(() -> mapRegularFile(path, arena));
  }

  private static MemorySegment mapRegularFile(Path path, Arena arena) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      if (channel.size() < Long.BYTES) {
        throw new InvalidSafetensorsException(
            path,
            "is cut off or not a safetensors file: it has "
                + channel.size()
                + " bytes, expected at least "
                + Long.BYTES);
      }
      return channel.map(FileChannel.MapMode.READ_ONLY, 0, channel.size(), arena);
    }
  }

  private static String decode(Path path, MemorySegment header) throws InvalidSafetensorsException {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(header.asByteBuffer()).toString();
    } catch (CharacterCodingException malformed) {
      throw new InvalidSafetensorsException(
          path, "is not a safetensors file: its header is not UTF-8");
    }
  }

  /** Cuts the data into tensors: without a hole, an overlap, or a byte left over. */
  private static SequencedMap<String, Tensor> tensors(
      Path path, List<Entry> entries, MemorySegment data) throws InvalidSafetensorsException {
    List<Entry> sorted =
        entries.stream()
            .sorted(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end))
            .toList();
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    long position = 0;
    for (Entry entry : sorted) {
      if (entry.begin() != position || entry.end() < position || entry.end() > data.byteSize()) {
        throw new InvalidSafetensorsException(
            path,
            "is cut off or altered: tensor \""
                + entry.name()
                + "\" is at bytes "
                + entry.begin()
                + ".."
                + entry.end()
                + ", expected within "
                + position
                + ".."
                + data.byteSize());
      }
      MemorySegment slice = data.asSlice(entry.begin(), entry.end() - entry.begin());
      try {
        tensors.put(entry.name(), new Tensor(entry.type(), entry.shape(), slice));
      } catch (IllegalArgumentException refused) {
        throw new InvalidSafetensorsException(
            path, "is altered: tensor \"" + entry.name() + "\": " + refused.getMessage());
      }
      position = entry.end();
    }
    if (position != data.byteSize()) {
      throw new InvalidSafetensorsException(
          path,
          "is altered: it has "
              + data.byteSize()
              + " bytes of tensors, expected "
              + position
              + " by its header");
    }
    return tensors;
  }

  private static void check(Path path, MemorySegment bytes) throws InvalidSafetensorsException {
    int at = Long.BYTES + Checksum.DIGITS_AT;
    int after = at + Checksum.ZEROS.length();
    Checksum checksum = new Checksum();
    checksum.update(bytes.asSlice(0, at));
    checksum.update(Checksum.ZEROS);
    checksum.update(bytes.asSlice(after));
    byte[] found = bytes.asSlice(at, Checksum.ZEROS.length()).toArray(ValueLayout.JAVA_BYTE);
    String digits = new String(found, StandardCharsets.ISO_8859_1);
    if (!digits.equals(checksum.digits())) {
      throw new InvalidSafetensorsException(
          path,
          "is damaged: its bytes have the checksum "
              + checksum.digits()
              + ", expected "
              + digits
              + " by its header");
    }
  }

  /**
   * The file.
   *
   * @return as it was opened
   */
  public Path path() {
    return path;
  }

  /**
   * The strings of the header, without the checksum.
   *
   * @return unmodifiable, in the order of the header
   */
  public SequencedMap<String, String> metadata() {
    return metadata;
  }

  /**
   * A string of the header.
   *
   * @param key its key
   * @return the string
   * @throws InvalidSafetensorsException if there is none
   */
  public String metadata(String key) throws InvalidSafetensorsException {
    String value = metadata.get(key);
    if (value == null) {
      throw new InvalidSafetensorsException(path, "has no metadata \"" + key + "\"");
    }
    return value;
  }

  /**
   * The tensors.
   *
   * @return unmodifiable, in the order of the file; their data are read-only views of the mapping
   */
  public Map<String, Tensor> tensors() {
    return tensors;
  }

  /**
   * The data of a tensor that must have a certain type and shape.
   *
   * @param name of the tensor
   * @param type expected
   * @param shape expected
   * @return a read-only view of the mapping
   * @throws InvalidSafetensorsException if there is no such tensor
   */
  public MemorySegment data(String name, ElementType type, long... shape)
      throws InvalidSafetensorsException {
    List<Long> expected = java.util.Arrays.stream(shape).boxed().toList();
    Tensor tensor = tensor(name);
    if (tensor.type() != type || !tensor.shape().equals(expected)) {
      throw new InvalidSafetensorsException(
          path,
          "has tensor \""
              + name
              + "\" as "
              + tensor.type()
              + " "
              + tensor.shape()
              + ", expected "
              + type
              + " "
              + expected);
    }
    return tensor.data();
  }

  /**
   * A tensor.
   *
   * @param name of the tensor
   * @return its type, shape and data
   * @throws InvalidSafetensorsException if there is no such tensor
   */
  public Tensor tensor(String name) throws InvalidSafetensorsException {
    Tensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new InvalidSafetensorsException(path, "has no tensor \"" + name + "\"");
    }
    return tensor;
  }

  /**
   * Whether the file carries a checksum, which then is right.
   *
   * @return false for files of other tools
   */
  public boolean isChecked() {
    return checked;
  }
}
