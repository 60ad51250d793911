package io.github.gpumf.io;

import io.github.gpumf.data.AtomicFiles;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.SeenItems;
import io.github.gpumf.model.UniformInitializer;
import io.github.gpumf.model.Weights;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SequencedMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Models on disk: a safetensors file that holds all of a model, and that Python's {@code
 * safetensors} reads too.
 *
 * <p>Tensors: the weights as in {@link WeightTensors}; {@code user_ids} and {@code item_ids}, I64
 * [n] for longs, or {@code user_ids.utf8} U8 [bytes] with {@code user_ids.offsets} I64 [n + 1] for
 * strings, or none where ids are indices; and if the model keeps seen items, {@code seen.offsets}
 * I64 [users + 1] and {@code seen.items} I32 [count]. Metadata: {@code gpumf.format}, the
 * specification ({@code spec.*}), the rating scale ({@code scale.*}), the kinds of ids, and the
 * model's provenance ({@code provenance.*}). Numbers are in Java's shortest decimal form, which
 * reads back exactly. The same model makes the same bytes.
 */
public final class ModelFile {
  private static final String FORMAT_KEY = "gpumf.format";
  private static final String FORMAT = "gpumf-model/";
  private static final int VERSION = 1;
  private static final String PROVENANCE = "provenance.";
  private static final String SEEN_OFFSETS = "seen.offsets";
  private static final String SEEN_ITEMS = "seen.items";

  private ModelFile() {}

  /**
   * Saves a model. The file is whole and on the disk when this returns; see {@link
   * AtomicFiles#write} for what happens when it fails.
   *
   * @param model to save
   * @param file to make or replace; its directory must exist
   * @throws IOException if the file cannot be written
   * @throws IllegalArgumentException if an id is not valid Unicode (half a surrogate pair)
   */
  public static void save(MfModel model, Path file) throws IOException {
    Map<String, String> metadata = new LinkedHashMap<>();
    metadata.put(FORMAT_KEY, FORMAT + VERSION);
    putSpec(metadata, model.spec());
    metadata.put("scale.mean", Float.toString(model.scale().mean()));
    metadata.put("scale.min", Float.toString(model.scale().min()));
    metadata.put("scale.max", Float.toString(model.scale().max()));
    SequencedMap<String, Tensor> tensors = new LinkedHashMap<>();
    WeightTensors.put(tensors, "", model.weights());
    IdTensors.put(metadata, tensors, "user_ids", model.users());
    IdTensors.put(metadata, tensors, "item_ids", model.items());
    SeenItems seen = model.seenItems();
    if (seen != null) {
      tensors.put(
          SEEN_OFFSETS, Tensor.of(ElementType.I64, seen.offsets(), model.users().size() + 1L));
      tensors.put(
          SEEN_ITEMS,
          Tensor.of(ElementType.I32, seen.items(), seen.items().byteSize() / Integer.BYTES));
    }
    model.provenance().forEach((key, value) -> metadata.put(PROVENANCE + key, value));
    SafetensorsWriter.write(file, metadata, tensors);
  }

  /**
   * Loads a model by memory-map: the weights stay in the file and are paged in as they are used.
   * All of the file is read once, to check it.
   *
   * <p>Replacing the file by {@link #save} leaves a loaded model as it is. Cutting the file off in
   * place makes a later read of the model fail with an {@link InternalError}: copy new versions
   * beside and rename.
   *
   * @param file written by {@link #save}
   * @return the model; the mapping is freed when the last reference is gone
   * @throws InvalidModelFileException if the file is cut off, altered, foreign, or of a newer
   *     version
   * @throws IOException if the file cannot be read
   */
  public static MfModel load(Path file) throws IOException {
    try {
      SafetensorsFile content = SafetensorsFile.open(file, Arena.ofAuto());
      checkFormat(content);
      return read(content);
    } catch (InvalidSafetensorsException invalid) {
      throw new InvalidModelFileException(
          invalid.getMessage() + "; copy the model again from where it was saved, or train anew",
          invalid);
    } catch (IllegalArgumentException refused) {
      // What the classes of the model say of numbers that make no model.
      throw new InvalidModelFileException(
          file + " does not hold a valid model: " + refused.getMessage() + "; train anew", refused);
    }
  }

  private static void checkFormat(SafetensorsFile content) throws InvalidModelFileException {
    String found = content.metadata().get(FORMAT_KEY);
    if (found == null || !found.matches(FORMAT + "[0-9]{1,9}")) {
      throw new InvalidModelFileException(
          content.path()
              + " is a safetensors file but not a model of GpuMf: its metadata "
              + FORMAT_KEY
              + " is "
              + (found == null ? "missing" : "\"" + found + "\"")
              + ", expected \""
              + FORMAT
              + VERSION
              + "\"; give a file that was saved by GpuMf",
          null);
    }
    int version = Integer.parseInt(found, FORMAT.length(), found.length(), 10);
    if (version > VERSION) {
      throw new InvalidModelFileException(
          content.path()
              + " was written by a newer GpuMf: its format is version "
              + version
              + ", this GpuMf reads up to "
              + VERSION
              + "; upgrade",
          null);
    }
    if (version < VERSION || !content.isChecked()) {
      throw new InvalidModelFileException(
          content.path()
              + " was rewritten by another tool: its checksum is missing; give the file that was"
              + " saved by GpuMf",
          null);
    }
  }

  private static MfModel read(SafetensorsFile content) throws IOException {
    Mf spec = spec(content);
    int userCount = rows(content, "user_factors");
    int itemCount = rows(content, "item_factors");
    Weights weights =
        WeightTensors.get(content, "", spec.head(), userCount, itemCount, spec.factors());
    if (!weights.isFinite()) {
      throw new InvalidSafetensorsException(
          content.path(), "has weights that are infinite or not numbers");
    }
    IdMap users = IdTensors.get(content, "user_ids", userCount);
    IdMap items = IdTensors.get(content, "item_ids", itemCount);
    RatingScale scale =
        new RatingScale(
            Float.parseFloat(content.metadata("scale.mean")),
            Float.parseFloat(content.metadata("scale.min")),
            Float.parseFloat(content.metadata("scale.max")));
    Map<String, String> provenance = new TreeMap<>();
    content
        .metadata()
        .forEach(
            (key, value) -> {
              if (key.startsWith(PROVENANCE)) {
                provenance.put(key.substring(PROVENANCE.length()), value);
              }
            });
    SeenItems seen = seenItems(content, userCount, itemCount);
    return new MfModel(spec, weights, users, items, scale, seen, provenance);
  }

  private static int rows(SafetensorsFile content, String name) throws InvalidSafetensorsException {
    Tensor tensor = content.tensor(name);
    if (tensor.shape().size() != 2 || tensor.shape().get(0) > Integer.MAX_VALUE) {
      throw new InvalidSafetensorsException(
          content.path(),
          "has tensor \""
              + name
              + "\" of shape "
              + tensor.shape()
              + ", expected a table of at most "
              + Integer.MAX_VALUE
              + " rows");
    }
    return tensor.shape().get(0).intValue();
  }

  private static @Nullable SeenItems seenItems(SafetensorsFile content, int users, int items)
      throws InvalidSafetensorsException {
    Set<String> names = content.tensors().keySet();
    if (!names.contains(SEEN_OFFSETS) && !names.contains(SEEN_ITEMS)) {
      return null;
    }
    long count = content.tensor(SEEN_ITEMS).data().byteSize() / Integer.BYTES;
    MemorySegment offsets = content.data(SEEN_OFFSETS, ElementType.I64, users + 1L);
    return SeenItems.view(users, items, offsets, content.data(SEEN_ITEMS, ElementType.I32, count));
  }

  private static void putSpec(Map<String, String> metadata, Mf spec) {
    metadata.put("spec.model", "mf");
    metadata.put("spec.factors", Integer.toString(spec.factors()));
    metadata.put("spec.head", spec.head().name());
    metadata.put("spec.l2", Double.toString(spec.l2()));
    metadata.put("spec.regularization", Double.toString(spec.regularization()));
    metadata.put("spec.bias_regularization", Double.toString(spec.biasRegularization()));
    metadata.put("spec.mean_offset", Boolean.toString(spec.meanOffset()));
    metadata.put("spec.clip", Boolean.toString(spec.clip()));
    metadata.put("spec.initializer.low", Double.toString(spec.initializer().low()));
    metadata.put("spec.initializer.high", Double.toString(spec.initializer().high()));
  }

  private static Mf spec(SafetensorsFile content) throws InvalidSafetensorsException {
    oneOf(content, "spec.model", "mf");
    return new Mf(
        Integer.parseInt(content.metadata("spec.factors")),
        Mf.Head.valueOf(oneOf(content, "spec.head", Mf.Head.DENSE.name(), Mf.Head.BIASES.name())),
        Double.parseDouble(content.metadata("spec.l2")),
        Double.parseDouble(content.metadata("spec.regularization")),
        Double.parseDouble(content.metadata("spec.bias_regularization")),
        Boolean.parseBoolean(oneOf(content, "spec.mean_offset", "true", "false")),
        Boolean.parseBoolean(oneOf(content, "spec.clip", "true", "false")),
        new UniformInitializer(
            Double.parseDouble(content.metadata("spec.initializer.low")),
            Double.parseDouble(content.metadata("spec.initializer.high"))));
  }

  private static String oneOf(SafetensorsFile content, String key, String... allowed)
      throws InvalidSafetensorsException {
    String found = content.metadata(key);
    if (!Set.of(allowed).contains(found)) {
      throw new InvalidSafetensorsException(
          content.path(),
          "has metadata \""
              + key
              + "\" with \""
              + found
              + "\", expected "
              + String.join(" or ", allowed));
    }
    return found;
  }
}
