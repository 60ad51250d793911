package io.github.gpumf.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.data.CounterRandom;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelFileTest {
  @TempDir private Path directory;

  private static final List<IdMap> USERS =
      List.of(
          IdMap.dense(5),
          IdMap.ofLongs(7, -1, Long.MIN_VALUE, Long.MAX_VALUE, 0),
          IdMap.ofStrings(List.of(" ", "\u00e4 b", "42", "\ud83d\ude00", "long".repeat(1000))));
  private static final List<IdMap> ITEMS =
      List.of(
          IdMap.dense(3), IdMap.ofLongs(10, 20, 30), IdMap.ofStrings(List.of("x", "yy", "z\0z")));

  /** Numbers with all their bits in use, so that nothing but exact storage brings them back. */
  static final List<Mf> SPECS =
      List.of(
          Mf.basic(3).withMeanOffset(true),
          Mf.l2(4, 0.1 + 0.2),
          Mf.biased(17)
              .withRegularization(1.0 / 3, Math.nextUp(0.0))
              .withClip(true)
              .withInitializer(new UniformInitializer(-1e-7 / 3, Math.PI)));

  /** A model with arbitrary weights. */
  static MfModel model(Mf spec, IdMap users, IdMap items, boolean keepSeenItems) {
    Weights weights =
        Weights.zeros(spec.head(), users.size(), items.size(), spec.factors(), Arena.ofAuto());
    long stream = 0;
    for (FloatTable table : tables(weights)) {
      CounterRandom random = CounterRandom.of(1, Purpose.SYNTHETIC, stream++);
      for (long row = 0; row < table.rows(); row++) {
        for (int column = 0; column < table.columns(); column++) {
          table.set(row, column, (float) random.gaussian(row * table.columns() + column));
        }
      }
    }
    weights.userFactors().set(0, 0, -0.0f);
    weights.itemFactors().set(0, 0, Float.MIN_VALUE);
    int[] seenUsers = new int[items.size() * 2];
    int[] seenItems = new int[seenUsers.length];
    for (int row = 0; row < seenUsers.length; row++) {
      seenUsers[row] = row % 2 * (users.size() - 1);
      seenItems[row] = row / 2;
    }
    Ratings ratings =
        Ratings.of(seenUsers, seenItems, new float[seenUsers.length], users.size(), items.size());
    return new MfModel(
        spec,
        weights,
        users,
        items,
        new RatingScale(3.3333333f, 0.1f, 5),
        keepSeenItems ? SeenItems.of(ratings) : null,
        Map.of("optimizer", "Adam[...] \u00b5", "seed", "-1"));
  }

  private static List<FloatTable> tables(Weights weights) {
    return java.util.stream.Stream.of(
            weights.userFactors(),
            weights.itemFactors(),
            weights.userBias(),
            weights.itemBias(),
            weights.dense())
        .filter(Objects::nonNull)
        .map(table -> Objects.requireNonNull(table))
        .toList();
  }

  private static void assertSame(MfModel expected, MfModel actual) {
    assertEquals(expected.spec(), actual.spec());
    assertEquals(expected.scale(), actual.scale());
    assertEquals(expected.provenance(), actual.provenance());
    List<FloatTable> expectedTables = tables(expected.weights());
    List<FloatTable> actualTables = tables(actual.weights());
    assertEquals(expectedTables.size(), actualTables.size());
    for (int table = 0; table < expectedTables.size(); table++) {
      assertEquals(expectedTables.get(table).rows(), actualTables.get(table).rows());
      assertEquals(expectedTables.get(table).columns(), actualTables.get(table).columns());
      assertEquals(
          -1, expectedTables.get(table).segment().mismatch(actualTables.get(table).segment()));
      assertTrue(actualTables.get(table).segment().isReadOnly());
    }
    assertSame(expected.users(), actual.users());
    assertSame(expected.items(), actual.items());
    SeenItems seen = expected.seenItems();
    if (seen == null) {
      assertNull(actual.seenItems());
    } else {
      SeenItems loaded = Objects.requireNonNull(actual.seenItems());
      for (int user = 0; user < expected.users().size(); user++) {
        assertArrayEquals(seen.of(user), loaded.of(user));
      }
    }
  }

  private static void assertSame(IdMap expected, IdMap actual) {
    assertEquals(expected.getClass(), actual.getClass());
    assertEquals(expected.size(), actual.size());
    for (int index = 0; index < expected.size(); index++) {
      assertEquals(expected.idOf(index), actual.idOf(index));
      assertEquals(index, actual.indexOf(expected.idOf(index)));
    }
  }

  @Test
  void loadsWhatItSaved() throws IOException {
    Path file = directory.resolve("model.safetensors");
    for (Mf spec : SPECS) {
      for (IdMap users : USERS) {
        for (IdMap items : ITEMS) {
          for (boolean keepSeenItems : new boolean[] {false, true}) {
            MfModel model = model(spec, users, items, keepSeenItems);
            ModelFile.save(model, file);
            MfModel loaded = ModelFile.load(file);
            assertSame(model, loaded);
            assertEquals(model.predictAt(4, 2), loaded.predictAt(4, 2));
            Path again = directory.resolve("again.safetensors");
            ModelFile.save(loaded, again);
            assertEquals(-1, Files.mismatch(file, again));
          }
        }
      }
    }
  }

  @Test
  void aLoadedModelOutlivesItsFile() throws IOException {
    Path file = directory.resolve("model.safetensors");
    MfModel first = model(SPECS.get(0), USERS.get(2), ITEMS.get(2), true);
    ModelFile.save(first, file);
    MfModel loaded = ModelFile.load(file);
    ModelFile.save(model(SPECS.get(2), USERS.get(1), ITEMS.get(1), false), file);
    assertSame(first, loaded);
    Files.delete(file);
    assertSame(first, loaded);
  }

  @Test
  void weightsAreViewsOfTheFile() throws IOException {
    Path file = directory.resolve("model.safetensors");
    ModelFile.save(model(Mf.biased(16), IdMap.dense(7), IdMap.dense(5), true), file);
    Weights weights = ModelFile.load(file).weights();
    assertTrue(weights.userFactors().segment().isMapped());
    assertTrue(weights.itemFactors().segment().isMapped());
    assertTrue(Objects.requireNonNull(weights.userBias()).segment().isMapped());
    assertEquals(0, weights.itemFactors().segment().address() % 64, "k = 16 fills cache lines");
    assertEquals(0, weights.userFactors().segment().address() % 64, "k = 16 fills cache lines");
  }

  /** Reads the file by the format's description alone, as another program would. */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theLayoutIsTheOneDescribed(boolean biases) throws IOException {
    Path file = directory.resolve("model.safetensors");
    IdMap users = IdMap.ofStrings(List.of("ann", "b\u00f6b"));
    IdMap items = IdMap.ofLongs(10, -20, 30);
    MfModel model = model(biases ? Mf.biased(2) : Mf.basic(2), users, items, true);
    ModelFile.save(model, file);

    byte[] bytes = Files.readAllBytes(file);
    ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    int dataAt = Math.toIntExact(8 + buffer.getLong(0));
    assertEquals(0, dataAt % 64);
    String json = new String(bytes, 8, dataAt - 8, StandardCharsets.UTF_8);
    JsonNode header = new ObjectMapper().readTree(json);

    JsonNode metadata = header.get("__metadata__");
    assertEquals("gpumf-model/1", metadata.get("gpumf.format").asText());
    assertEquals("2", metadata.get("spec.factors").asText());
    assertEquals(biases ? "BIASES" : "DENSE", metadata.get("spec.head").asText());
    assertEquals("-0.05", metadata.get("spec.initializer.low").asText());
    assertEquals("3.3333333", metadata.get("scale.mean").asText());
    assertEquals("-1", metadata.get("provenance.seed").asText());
    assertEquals("strings", metadata.get("user_ids").asText());
    assertEquals("longs", metadata.get("item_ids").asText());
    String checksum = metadata.get("gpumf.crc32c").asText();
    byte[] zeroed = bytes.clone();
    int digitsAt = 8 + json.indexOf(checksum);
    Arrays.fill(zeroed, digitsAt, digitsAt + 8, (byte) '0');
    CRC32C crc = new CRC32C();
    crc.update(zeroed);
    assertEquals(HexFormat.of().toHexDigits(crc.getValue(), 8), checksum);

    Weights weights = model.weights();
    assertTensor(header, buffer, dataAt, "user_factors", "F32", weights.userFactors().segment());
    assertEquals("[2,2]", header.get("user_factors").get("shape").toString());
    assertTensor(header, buffer, dataAt, "item_factors", "F32", weights.itemFactors().segment());
    assertEquals("[3,2]", header.get("item_factors").get("shape").toString());
    if (biases) {
      assertTensor(header, buffer, dataAt, "user_bias", "F32", segment(weights.userBias()));
      assertEquals("[2,1]", header.get("user_bias").get("shape").toString());
      assertTensor(header, buffer, dataAt, "item_bias", "F32", segment(weights.itemBias()));
      assertEquals("[3,1]", header.get("item_bias").get("shape").toString());
    } else {
      MemorySegment dense = segment(weights.dense());
      assertTensor(header, buffer, dataAt, "dense_kernel", "F32", dense.asSlice(0, 4));
      assertEquals("[1,1]", header.get("dense_kernel").get("shape").toString());
      assertTensor(header, buffer, dataAt, "dense_bias", "F32", dense.asSlice(4, 4));
      assertEquals("[1]", header.get("dense_bias").get("shape").toString());
    }
    byte[] utf8 = "annb\u00f6b".getBytes(StandardCharsets.UTF_8);
    assertTensor(header, buffer, dataAt, "user_ids.utf8", "U8", MemorySegment.ofArray(utf8));
    assertTensor(header, buffer, dataAt, "user_ids.offsets", "I64", longs(0, 3, 7));
    assertTensor(header, buffer, dataAt, "item_ids", "I64", longs(10, -20, 30));
    SeenItems seen = Objects.requireNonNull(model.seenItems());
    assertTensor(header, buffer, dataAt, "seen.offsets", "I64", longs(0, 3, 6));
    assertTensor(header, buffer, dataAt, "seen.items", "I32", seen.items());
    assertEquals(10, header.size(), "nine tensors and the metadata");
  }

  private static MemorySegment segment(@Nullable FloatTable table) {
    return Objects.requireNonNull(table).segment();
  }

  private static MemorySegment longs(long... values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * 8).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : values) {
      bytes.putLong(value);
    }
    return MemorySegment.ofBuffer(bytes.flip());
  }

  private static void assertTensor(
      JsonNode header,
      ByteBuffer file,
      int dataAt,
      String name,
      String type,
      MemorySegment expected) {
    JsonNode tensor = header.get(name);
    assertEquals(type, tensor.get("dtype").asText());
    int begin = tensor.get("data_offsets").get(0).asInt();
    int end = tensor.get("data_offsets").get(1).asInt();
    MemorySegment actual = MemorySegment.ofBuffer(file.slice(dataAt + begin, end - begin));
    assertEquals(-1, expected.mismatch(actual), name);
  }

  @Test
  void refusesIdsThatAreNotUnicode() throws IOException {
    Path file = directory.resolve("model.safetensors");
    MfModel model =
        model(Mf.basic(2), IdMap.ofStrings(List.of("a", "half \ud83d")), IdMap.dense(2), true);
    IllegalArgumentException refused =
        assertThrows(IllegalArgumentException.class, () -> ModelFile.save(model, file));
    assertTrue(refused.toString().contains("half a surrogate pair"), refused.toString());
    assertTrue(Files.notExists(file));
  }

  @Test
  void aFailedSaveKeepsTheOldModel() throws IOException {
    Path file = directory.resolve("model.safetensors");
    MfModel model = model(SPECS.get(1), USERS.get(1), ITEMS.get(1), true);
    ModelFile.save(model, file);
    assertThrows(IOException.class, () -> ModelFile.save(model, directory));
    assertThrows(IOException.class, () -> ModelFile.save(model, file.resolve("below")));
    assertThrows(IOException.class, () -> ModelFile.save(model, directory.resolve("none/m")));
    assertSame(model, ModelFile.load(file));
    try (var files = Files.list(directory)) {
      assertEquals(1, files.count());
    }
  }
}
