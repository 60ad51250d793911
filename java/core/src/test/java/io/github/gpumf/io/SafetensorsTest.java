package io.github.gpumf.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.model.FloatTable;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SafetensorsTest {
  @TempDir private Path directory;

  /** A file as any tool might write it. */
  static void writeRaw(Path file, byte[] header, int dataBytes) throws IOException {
    ByteBuffer bytes =
        ByteBuffer.allocate(Long.BYTES + header.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    Files.write(file, bytes.putLong(header.length).put(header).array());
  }

  private Path raw(String header, int dataBytes) throws IOException {
    Path file = directory.resolve("raw.safetensors");
    writeRaw(file, header.getBytes(StandardCharsets.UTF_8), dataBytes);
    return file;
  }

  private static String refusal(Path file) {
    InvalidSafetensorsException refused =
        assertThrows(
            InvalidSafetensorsException.class, () -> SafetensorsFile.open(file, Arena.ofAuto()));
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith(file.toString()), message);
    return message;
  }

  private static Tensor bytes(int... values) {
    byte[] array = new byte[values.length];
    for (int index = 0; index < values.length; index++) {
      array[index] = (byte) values[index];
    }
    return Tensor.of(ElementType.U8, MemorySegment.ofArray(array), values.length);
  }

  @Test
  void readsWhatItWrote() throws IOException {
    Path file = directory.resolve("some.safetensors");
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("odd", bytes(1, 2, 3));
    tensors.put("nothing", Tensor.of(ElementType.F32, MemorySegment.ofArray(new byte[0]), 0, 7));
    tensors.put("a \"name\" \u2713", bytes(4, 5, 6, 7, 8, 9, 10, 11));
    tensors.put("number", new Tensor(ElementType.F32, List.of(), bytes(0, 0, -128, 63).data()));
    Map<String, String> metadata = Map.of("key \u00e9\n", "value \ud83d\ude00");
    SafetensorsWriter.write(file, metadata, tensors);
    SafetensorsFile read = SafetensorsFile.open(file, Arena.ofAuto());
    assertTrue(read.isChecked());
    assertEquals(metadata, read.metadata());
    assertEquals(tensors.keySet(), read.tensors().keySet());
    for (String name : tensors.keySet()) {
      Tensor expected = java.util.Objects.requireNonNull(tensors.get(name));
      assertEquals(expected.type(), read.tensor(name).type());
      assertEquals(expected.shape(), read.tensor(name).shape());
      assertEquals(-1, expected.data().mismatch(read.tensor(name).data()));
      assertTrue(read.tensor(name).data().isReadOnly());
    }
    assertEquals(1f, read.tensor("number").data().get(FloatTable.LAYOUT, 0));
  }

  @Test
  void theSameContentMakesTheSameBytes() throws IOException {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    tensors.put("data", bytes(1, 2, 3));
    SafetensorsWriter.write(directory.resolve("a"), Map.of(), tensors);
    Map<String, String> withAnOldChecksum = Map.of(Checksum.KEY, "12345678");
    SafetensorsWriter.write(directory.resolve("b"), withAnOldChecksum, tensors);
    assertArrayEquals(
        Files.readAllBytes(directory.resolve("a")), Files.readAllBytes(directory.resolve("b")));
  }

  @ParameterizedTest
  @EnumSource
  void everyTensorStartsAtAMultipleOfItsElement(ElementType last) throws IOException {
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    int at = 0;
    for (ElementType type : ElementType.values()) {
      tensors.put("odd " + at++, Tensor.of(type, Arena.ofAuto().allocate(type.bytes() * 3L), 3));
      tensors.put("even " + at++, Tensor.of(last, Arena.ofAuto().allocate(last.bytes() * 4L), 4));
    }
    Path file = directory.resolve("aligned.safetensors");
    SafetensorsWriter.write(file, Map.of(), tensors);
    SafetensorsFile read = SafetensorsFile.open(file, Arena.ofAuto());
    assertEquals(tensors.keySet(), read.tensors().keySet());
    for (Tensor tensor : read.tensors().values()) {
      // The mapping starts on a page, and pages are multiples of every element's size.
      assertEquals(0, tensor.data().address() % tensor.type().bytes(), tensor.toString());
    }
    assertEquals(0, read.tensors().values().iterator().next().data().address() % 64);
  }

  @Test
  void readsWhatOtherToolsWrite() throws IOException {
    // The order of the header is not that of the data, and a metadata object is not required.
    Path file =
        raw(
            "{\"b\":{\"shape\":[1,2],\"data_offsets\":[3,7],\"dtype\":\"BF16\"},"
                + "\"a\":{\"dtype\":\"I8\",\"shape\":[3],\"data_offsets\":[0,3]}}   ",
            7);
    SafetensorsFile read = SafetensorsFile.open(file, Arena.ofAuto());
    assertFalse(read.isChecked());
    assertEquals(Map.of(), read.metadata());
    assertEquals(List.of("a", "b"), List.copyOf(read.tensors().keySet()));
    assertEquals(List.of(1L, 2L), read.tensor("b").shape());
    assertEquals(4, read.data("b", ElementType.BF16, 1, 2).byteSize());
    assertEquals(
        file + " has tensor \"b\" as BF16 [1, 2], expected F32 [2]",
        assertThrows(InvalidSafetensorsException.class, () -> read.data("b", ElementType.F32, 2))
            .getMessage());
    assertEquals(
        file + " has no tensor \"c\"",
        assertThrows(InvalidSafetensorsException.class, () -> read.tensor("c")).getMessage());
    assertEquals(
        file + " has no metadata \"c\"",
        assertThrows(InvalidSafetensorsException.class, () -> read.metadata("c")).getMessage());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          []                                                              | START_ARRAY as the header
          {"a":{                                                          | not valid JSON: Unexpected end
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}} {         | more after the header's end
          {"a":4}                                                         | VALUE_NUMBER_INT as "a"
          {"a":null}                                                      | VALUE_NULL as "a"
          {"__metadata__":{"k":1}}                                        | VALUE_NUMBER_INT as metadata "k"
          {"__metadata__":{"k":"v","k":"w"}}                              | not valid JSON: Duplicate
          {"__metadata__":{},"__metadata__":{}}                           | not valid JSON: Duplicate
          {"a":{"dtype":"U8","shape":[4]}}                                | tensor "a" incomplete
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4,4]}}         | tensor "a" incomplete
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"x":1}}     | "x" in tensor "a"
          {"a":{"dtype":"U9","shape":[4],"data_offsets":[0,4]}}           | dtype "U9" of tensor "a"
          {"a":{"dtype":8,"shape":[4],"data_offsets":[0,4]}}              | dtype of "a"
          {"a":{"dtype":"U8","shape":4,"data_offsets":[0,4]}}             | shape of "a"
          {"a":{"dtype":"U8","shape":[4.0],"data_offsets":[0,4]}}         | 4.0 in shape of "a"
          {"a":{"dtype":"U8","shape":["4"],"data_offsets":[0,4]}}         | 4 in shape of "a"
          {"a":{"dtype":"U8","shape":[-4],"data_offsets":[0,4]}}          | -4 in shape of "a"
          {"a":{"dtype":"U8","shape":[9999999999999999999],"data_offsets":[0,4]}} | not valid JSON: Numeric
          {"a":{"dtype":"U8","shape":[3],"data_offsets":[0,4]}}           | takes 3 bytes, not 4
          {"a":{"dtype":"F32","shape":[4],"data_offsets":[0,4]}}          | takes 16 bytes, not 4
          {"a":{"dtype":"F32","shape":[4611686018427387905],"data_offsets":[0,4]}} | more than 2^63
          {"a":{"dtype":"U8","shape":[4294967296,4294967296],"data_offsets":[0,4]}} | more than 2^63
          {"a":{"dtype":"U8","shape":[5],"data_offsets":[0,5]}}           | at bytes 0..5, expected within 0..4
          {"a":{"dtype":"U8","shape":[3],"data_offsets":[1,4]}}           | at bytes 1..4, expected within 0..4
          {"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]}}           | has 4 bytes of tensors, expected 0
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}} | at bytes 2..4
          {"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}} | at bytes 2..4
          {"a":{"dtype":"U8","shape":[4],"data_offsets":[4,0]}}           | at bytes 4..0
          {"__metadata__":{"x":"","gpumf.crc32c":"00000000"},"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4]}} | another tool
          """)
  void refusesHeadersThatAreNotOfTheFormat(String header, String expected) throws IOException {
    String message = refusal(raw(header, 4));
    assertTrue(message.contains(expected), message);
  }

  @Test
  void refusesFilesThatAreNotOfTheFormat() throws IOException {
    Path file = directory.resolve("foreign");
    assertThrows(NoSuchFileException.class, () -> SafetensorsFile.open(file, Arena.ofAuto()));
    assertTrue(refusal(directory).contains("not a regular file"));
    Files.write(file, new byte[7]);
    assertTrue(refusal(file).contains("it has 7 bytes, expected at least 8"));
    Files.write(file, new byte[8]);
    assertTrue(refusal(file).contains("header of 0 bytes"));
    Files.writeString(file, "1::1193::5::978300760\n1::661::3::978302109\n");
    assertTrue(refusal(file).contains("not a safetensors file"));
    writeRaw(file, new byte[] {'{', (byte) 0xC3, '}'}, 0);
    assertTrue(refusal(file).contains("header is not UTF-8"));
    ByteBuffer huge = ByteBuffer.allocate(100).order(ByteOrder.LITTLE_ENDIAN);
    for (long length : new long[] {-1, Long.MIN_VALUE, Long.MAX_VALUE, 93, 100_000_001}) {
      Files.write(file, huge.putLong(0, length).array());
      assertTrue(refusal(file).contains("expected 2..92"), refusal(file));
    }
  }

  @Test
  void refusesAHeaderThatIsABomb() throws IOException {
    int depth = 5_000_000;
    assertTrue(refusal(raw("[".repeat(depth), 0)).contains("START_ARRAY"));
    assertTrue(refusal(raw("{\"a\":".repeat(depth), 0)).contains("\"a\" in tensor \"a\""));
    assertTrue(
        refusal(raw("{\"a\":{\"shape\":[" + "[".repeat(depth), 0)).contains("in shape of \"a\""));
    assertTrue(refusal(raw("{\"" + "a".repeat(depth) + "\":1}", 0)).contains("not valid JSON"));
    assertTrue(refusal(raw("{\"a\":{\"shape\":[" + "9".repeat(depth), 0)).contains("not valid"));
    Path file = directory.resolve("sparse");
    try (FileChannel channel =
        FileChannel.open(
            file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.SPARSE)) {
      channel.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(100_000_001).flip());
      channel.write(ByteBuffer.allocate(1), 200_000_000);
    }
    assertTrue(refusal(file).contains("expected 2..100000000"));
  }

  /** 2^31 floats is where 32-bit offsets end; the file is sparse, so it takes a few pages. */
  @Test
  void tablesBeyondTwoToThe31Floats() throws IOException {
    int columns = 64;
    long rows = (1L << 31) / columns + 100;
    long dataBytes = rows * columns * Float.BYTES;
    String header =
        "{\"table\":{\"dtype\":\"F32\",\"shape\":["
            + rows
            + ","
            + columns
            + "],\"data_offsets\":[0,"
            + dataBytes
            + "]}}";
    Path file = directory.resolve("large.safetensors");
    int dataAt = Long.BYTES + header.length();
    long[] someRows = {0, 1, (1L << 29) / columns, (1L << 31) / columns, rows - 1};
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE_NEW,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE,
            StandardOpenOption.SPARSE)) {
      ByteBuffer start =
          ByteBuffer.allocate(Long.BYTES + header.length()).order(ByteOrder.LITTLE_ENDIAN);
      start.putLong(header.length()).put(header.getBytes(StandardCharsets.UTF_8)).flip();
      channel.write(start);
      for (long row : someRows) {
        for (int column : new int[] {0, columns - 1}) {
          ByteBuffer value = ByteBuffer.allocate(Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
          value.putFloat(0, row + column * 0.25f);
          channel.write(value, dataAt + (row * columns + column) * Float.BYTES);
        }
      }
      try (Arena arena = Arena.ofConfined()) {
        Tensor tensor = SafetensorsFile.open(file, arena).tensor("table");
        FloatTable table = FloatTable.view(rows, columns, tensor.data());
        for (long row : someRows) {
          assertEquals((float) row, table.get(row, 0));
          assertEquals(row + (columns - 1) * 0.25f, table.get(row, columns - 1));
          assertEquals(0f, table.get(row, 1));
        }
        assertThrows(IndexOutOfBoundsException.class, () -> table.get(rows, 0));
        FloatTable writable =
            FloatTable.view(
                rows,
                columns,
                channel.map(FileChannel.MapMode.READ_WRITE, dataAt, dataBytes, arena));
        writable.set(rows - 2, 5, 7.5f);
        assertEquals(7.5f, table.get(rows - 2, 5));
        assertEquals(
            7.5f,
            tensor
                .data()
                .get(
                    ValueLayout.JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN),
                    dataBytes - (2L * columns - 5) * Float.BYTES));
      }
    }
  }
}
