package io.github.gpumf.io;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.SeenItems;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A truncated, altered or foreign file gives a clear error and never a wrong model. */
class ModelFileFaultsTest {
  @TempDir private Path directory;
  private Path file = Path.of("");
  private byte[] whole = new byte[0];

  @BeforeEach
  void saveATinyModel() throws IOException {
    file = directory.resolve("model.safetensors");
    MfModel model =
        ModelFileTest.model(
            Mf.biased(1), IdMap.ofLongs(5, 6), IdMap.ofStrings(List.of("a", "b")), true);
    ModelFile.save(model, file);
    whole = Files.readAllBytes(file);
  }

  private String refusal(String what) {
    InvalidModelFileException refused =
        assertThrows(InvalidModelFileException.class, () -> ModelFile.load(file), what);
    String message = String.valueOf(refused.getMessage());
    assertTrue(message.startsWith(file.toString()), message);
    assertTrue(message.contains("; "), "there must be a remedy: " + message);
    return message;
  }

  /** A new file each time: cutting off one that is still mapped somewhere is slow. */
  private void rewrite(byte[] bytes) throws IOException {
    Files.delete(file);
    Files.write(file, bytes);
  }

  @Test
  void everyTruncationIsFound() throws IOException {
    for (int length = 0; length < whole.length; length++) {
      rewrite(Arrays.copyOf(whole, length));
      String message = refusal("cut off at " + length);
      assertTrue(message.contains("is cut off"), message);
    }
    rewrite(Arrays.copyOf(whole, whole.length + 1));
    refusal("one byte more");
  }

  @ParameterizedTest
  @ValueSource(ints = {0x01, 0x20, 0xFF})
  void everyAlteredByteIsFound(int flip) throws IOException {
    for (int at = 0; at < whole.length; at++) {
      byte[] altered = whole.clone();
      altered[at] ^= (byte) flip;
      rewrite(altered);
      refusal("byte " + at + " flipped by " + flip);
    }
  }

  @Test
  void everySwapOfNeighboursIsFound() throws IOException {
    for (int at = 1; at < whole.length; at++) {
      if (whole[at] != whole[at - 1]) {
        byte[] altered = whole.clone();
        altered[at] = whole[at - 1];
        altered[at - 1] = whole[at];
        rewrite(altered);
        refusal("bytes " + (at - 1) + " and " + at + " swapped");
      }
    }
  }

  @Test
  void foreignFilesAreRefused() throws IOException {
    Files.delete(file);
    assertThrows(NoSuchFileException.class, () -> ModelFile.load(file));
    Files.createDirectory(file);
    assertTrue(refusal("directory").contains("not a regular file"));
    Files.delete(file);
    Files.write(file, new byte[0]);
    assertTrue(refusal("empty").contains("it has 0 bytes"));
    Files.writeString(file, "user,item,rating\n1,2,3\n");
    assertTrue(refusal("text").contains("not a safetensors file"));
    Files.writeString(file, "{\"a\":1}");
    assertTrue(refusal("JSON").contains("not a safetensors file"));
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(file))) {
      zip.putNextEntry(new ZipEntry("model"));
      zip.write(new byte[1000]);
    }
    assertTrue(refusal("zip").contains("not a safetensors file"));
    raw("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4);
    assertTrue(refusal("another tool").contains("gpumf.format is missing"));
    raw("{\"__metadata__\":{\"gpumf.format\":\"gpumf-model/1\"}}", 0);
    assertTrue(refusal("rewritten").contains("rewritten by another tool"));
    raw("{\"__metadata__\":" + "{\"a\":".repeat(1_000_000), 0);
    assertTrue(refusal("bomb").contains("not a safetensors file"));
    Files.write(
        file,
        ByteBuffer.allocate(1000)
            .order(ByteOrder.LITTLE_ENDIAN)
            .putLong(0, Long.MAX_VALUE)
            .array());
    assertTrue(refusal("huge header").contains("header of 9223372036854775807 bytes"));
  }

  private void raw(String header, int dataBytes) throws IOException {
    SafetensorsTest.writeRaw(file, header.getBytes(StandardCharsets.UTF_8), dataBytes);
  }

  /** What a change makes of the content of a file, which is then written with a right checksum. */
  private interface Change {
    void apply(Map<String, String> metadata, SequencedMap<String, Tensor> tensors);
  }

  private String refusalOf(Change change) throws IOException {
    Files.write(file, whole);
    SafetensorsFile content = SafetensorsFile.open(file, Arena.ofAuto());
    Map<String, String> metadata = new LinkedHashMap<>(content.metadata());
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>(content.tensors());
    change.apply(metadata, tensors);
    SafetensorsWriter.write(file, metadata, tensors);
    return refusal("changed content");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          gpumf.format            | gpumf-model/2      | written by a newer GpuMf: its format is version 2, this GpuMf reads up to 1; upgrade
          gpumf.format            | gpumf-model/0      | rewritten by another tool
          gpumf.format            | gpumf-checkpoint/1 | not a model of GpuMf
          gpumf.format            |                    | gpumf.format is missing
          spec.model              | bpr                | expected mf
          spec.factors            | 2                  | expected F32 [2, 2]
          spec.factors            | 0                  | factors must be in 1..
          spec.factors            | many               | "many"
          spec.head               | DENSE              | has no tensor "dense_kernel"
          spec.head               | TAIL               | "TAIL", expected DENSE or BIASES
          spec.l2                 | -1                 | l2 must be finite and at least 0, not -1.0
          spec.l2                 | NaN                | l2 must be finite
          spec.clip               | yes                | "yes", expected true or false
          spec.clip               |                    | has no metadata "spec.clip"
          spec.initializer.low    | Infinity           | finite range
          scale.min               | 9                  | finite min <= mean <= max
          scale.mean              |                    | has no metadata "scale.mean"
          user_ids                | strings            | has no tensor "user_ids.offsets"
          user_ids                | names              | "names", expected dense, longs, strings
          """)
  void badMetadataIsRefused(String key, @Nullable String value, String expected)
      throws IOException {
    String message =
        refusalOf(
            (metadata, tensors) -> {
              if (value == null) {
                metadata.remove(key);
              } else {
                metadata.put(key, value);
              }
            });
    assertTrue(message.contains(expected), message);
  }

  private static Tensor floats(float... values) {
    MemorySegment data = Arena.ofAuto().allocate(values.length * 4L);
    for (int index = 0; index < values.length; index++) {
      data.setAtIndex(FloatTable.LAYOUT, index, values[index]);
    }
    return Tensor.of(ElementType.F32, data, values.length, 1);
  }

  private static Tensor longs(long... values) {
    MemorySegment data = Arena.ofAuto().allocate(values.length * 8L);
    for (int index = 0; index < values.length; index++) {
      data.setAtIndex(SeenItems.OFFSET, index, values[index]);
    }
    return Tensor.of(ElementType.I64, data, values.length);
  }

  private static Tensor bytes(int... values) {
    byte[] data = new byte[values.length];
    for (int index = 0; index < values.length; index++) {
      data[index] = (byte) values[index];
    }
    return Tensor.of(ElementType.U8, MemorySegment.ofArray(data), values.length);
  }

  private static Tensor ints(int... values) {
    MemorySegment data = Arena.ofAuto().allocate(values.length * 4L);
    for (int index = 0; index < values.length; index++) {
      data.setAtIndex(SeenItems.ITEM, index, values[index]);
    }
    return Tensor.of(ElementType.I32, data, values.length);
  }

  @Test
  void badTensorsAreRefused() throws IOException {
    assertReplaced("user_factors", floats(1, Float.NaN), "infinite or not numbers");
    assertReplaced("item_bias", floats(1, Float.NEGATIVE_INFINITY), "infinite or not numbers");
    assertReplaced("user_factors", longs(1, 2), "of shape [2], expected a table");
    assertReplaced("item_factors", floats(1, 2, 3), "has tensor \"item_bias\" as F32 [2, 1]");
    assertReplaced("user_bias", longs(1, 2), "as I64 [2], expected F32 [2, 1]");
    assertReplaced("user_ids", longs(5, 5), "id 5 occurs twice");
    assertReplaced("user_ids", longs(5, 6, 7), "expected I64 [2]");
    assertReplaced("item_ids.offsets", longs(0, 2), "expected I64 [3]");
    assertReplaced("item_ids.offsets", longs(0, 1, 1), "offset 1 at index 2 of item_ids");
    assertReplaced("item_ids.offsets", longs(1, 1, 2), "offset 1 at index 0 of item_ids");
    assertReplaced("item_ids.offsets", longs(0, 3, 2), "offset 3 at index 1 of item_ids");
    assertReplaced("item_ids.offsets", longs(0, -1, 2), "offset -1 at index 1 of item_ids");
    assertReplaced("item_ids.utf8", bytes('a', 'a'), "id \"a\" occurs twice");
    assertReplaced("item_ids.utf8", bytes('a', 0xFF), "not UTF-8 at index 1 of item_ids");
    assertReplaced("item_ids.utf8", ints(1), "expected U8");
    assertReplaced("seen.offsets", longs(0, 2, 5), "must go from 0 to 4");
    assertReplaced("seen.offsets", longs(0, 9, 4), "out of order");
    assertReplaced("seen.items", ints(0, 1, 0, 2), "seen item 2 of user 1");
    assertReplaced("seen.items", ints(1, 0, 0, 1), "seen item 0 of user 0 is not above 1");
    assertReplaced("seen.items", ints(-1, 0, 0, 1), "seen item -1 of user 0");
    assertReplaced("seen.items", longs(0, 1, 0, 1), "expected I32");
    for (String name :
        List.of(
            "user_factors",
            "item_factors",
            "user_bias",
            "item_bias",
            "user_ids",
            "item_ids.offsets",
            "item_ids.utf8",
            "seen.offsets",
            "seen.items")) {
      String message = refusalOf((metadata, tensors) -> tensors.remove(name));
      assertTrue(message.contains("has no tensor \"" + name + "\""), message);
    }
  }

  private void assertReplaced(String name, Tensor tensor, String expected) throws IOException {
    String message = refusalOf((metadata, tensors) -> tensors.replace(name, tensor));
    assertTrue(message.contains(expected), message);
  }
}
