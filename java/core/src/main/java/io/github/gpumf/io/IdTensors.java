package io.github.gpumf.io;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.model.SeenItems;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Ids as tensors: {@code NAME} I64 [n] for longs; {@code NAME.utf8} U8 [bytes] and {@code
 * NAME.offsets} I64 [n + 1] for strings; nothing for indices that are their own ids. The kind is in
 * the metadata under {@code NAME}.
 */
final class IdTensors {
  private static final ValueLayout.OfLong LONG = SeenItems.OFFSET;

  private static final String DENSE = "dense";
  private static final String LONGS = "longs";
  private static final String STRINGS = "strings";

  private IdTensors() {}

  static void put(
      Map<String, String> metadata, Map<String, Tensor> tensors, String name, IdMap ids) {
    switch (ids) {
      case IdMap.Dense dense -> metadata.put(name, DENSE);
      case IdMap.OfLongs longs -> {
        metadata.put(name, LONGS);
        MemorySegment values = Arena.ofAuto().allocate(LONG, ids.size());
        MemorySegment.copy(longs.toArray(), 0, values, LONG, 0, ids.size());
        tensors.put(name, Tensor.of(ElementType.I64, values, ids.size()));
      }
      case IdMap.OfStrings strings -> {
        metadata.put(name, STRINGS);
        putStrings(tensors, name, strings.toList());
      }
    }
  }

  private static void putStrings(Map<String, Tensor> tensors, String name, List<String> ids) {
    Arena arena = Arena.ofAuto();
    MemorySegment offsets = arena.allocate(LONG, ids.size() + 1L);
    long total = 0;
    for (int index = 0; index < ids.size(); index++) {
      total += encode(name, ids.get(index)).length;
      offsets.setAtIndex(LONG, index + 1L, total);
    }
    MemorySegment utf8 = arena.allocate(total);
    for (int index = 0; index < ids.size(); index++) {
      byte[] bytes = encode(name, ids.get(index));
      long at = offsets.getAtIndex(LONG, index);
      MemorySegment.copy(bytes, 0, utf8, ValueLayout.JAVA_BYTE, at, bytes.length);
    }
    tensors.put(name + ".offsets", Tensor.of(ElementType.I64, offsets, ids.size() + 1L));
    tensors.put(name + ".utf8", Tensor.of(ElementType.U8, utf8, total));
  }

  private static byte[] encode(String name, String id) {
    try {
      // The strict encoder: String.getBytes would make "?" of half a surrogate pair.
      var bytes = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(id));
      byte[] exact = new byte[bytes.remaining()];
      bytes.get(exact);
      return exact;
    } catch (CharacterCodingException unpaired) {
      throw new IllegalArgumentException(
          name + " has \"" + id + "\", which has half a surrogate pair; ids must be valid Unicode",
          unpaired);
    }
  }

  static IdMap get(SafetensorsFile file, String name, int count) throws IOException {
    String kind = file.metadata(name);
    return switch (kind) {
      case DENSE -> IdMap.dense(count);
      case LONGS -> IdMap.ofLongs(file.data(name, ElementType.I64, count).toArray(LONG));
      case STRINGS -> IdMap.ofStrings(getStrings(file, name, count));
      default ->
          throw new InvalidSafetensorsException(
              file.path(),
              "has metadata \""
                  + name
                  + "\" with \""
                  + kind
                  + "\", expected "
                  + String.join(", ", DENSE, LONGS, STRINGS));
    };
  }

  private static List<String> getStrings(SafetensorsFile file, String name, int count)
      throws InvalidSafetensorsException {
    MemorySegment offsets = file.data(name + ".offsets", ElementType.I64, count + 1L);
    MemorySegment utf8 = file.tensor(name + ".utf8").data();
    file.data(name + ".utf8", ElementType.U8, utf8.byteSize());
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    List<String> ids = new ArrayList<>(count);
    long from = 0;
    for (int index = 0; index <= count; index++) {
      long to = offsets.getAtIndex(LONG, index);
      boolean ends = index == 0 ? to == 0 : index < count || to == utf8.byteSize();
      if (!ends || to < from || to > utf8.byteSize() || to - from > Integer.MAX_VALUE) {
        throw new InvalidSafetensorsException(
            file.path(),
            "has offset "
                + to
                + " at index "
                + index
                + " of "
                + name
                + ", expected to rise from 0 to "
                + utf8.byteSize());
      }
      if (index > 0) {
        try {
          ids.add(decoder.decode(utf8.asSlice(from, to - from).asByteBuffer()).toString());
        } catch (CharacterCodingException malformed) {
          throw new InvalidSafetensorsException(
              file.path(), "has an id that is not UTF-8 at index " + (index - 1) + " of " + name);
        }
      }
      from = to;
    }
    return ids;
  }
}
