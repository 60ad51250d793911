package io.github.gpumf.data;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.Arrays;
import java.util.List;

/**
 * The external ids of users or items, and the dense indices 0..n-1 they stand for inside the
 * library. Ids become indices once, in the reader, and turn back once, in the recommendations.
 *
 * <p>Ids are strings, or longs where every id is one: that takes a fifth of the memory. A string
 * that is the usual decimal form of a long ({@code "42"}, not {@code "042"} or {@code "+42"}) and
 * that long are the same id in either kind of map.
 *
 * <p>Immutable, safe for any number of threads.
 */
public sealed interface IdMap {
  /** What {@link #indexOf} answers for an id that is not in the map. */
  int UNKNOWN = -1;

  /**
   * Number of ids.
   *
   * @return n
   */
  int size();

  /**
   * The index of an id.
   *
   * @param id any string
   * @return 0..n-1, or {@link #UNKNOWN}
   */
  int indexOf(String id);

  /**
   * The index of an id.
   *
   * @param id any long
   * @return 0..n-1, or {@link #UNKNOWN}
   */
  int indexOf(long id);

  /**
   * The id of an index.
   *
   * @param index 0..n-1
   * @return the id, in decimal if it is a long
   * @throws IndexOutOfBoundsException if no id has the index
   */
  String idOf(int index);

  /**
   * Makes a map of longs; the index of an id is its position.
   *
   * @param ids distinct; copied
   * @return the map
   * @throws IllegalArgumentException naming an id that occurs twice
   */
  static IdMap ofLongs(long... ids) {
    return new OfLongs(ids.clone());
  }

  /**
   * Makes a map of strings; the index of an id is its position.
   *
   * @param ids distinct, none of them null or empty; copied
   * @return the map
   * @throws IllegalArgumentException naming an id that occurs twice, or the index of one that is
   *     null or empty
   */
  static IdMap ofStrings(List<String> ids) {
    return new OfStrings(ids.toArray(String[]::new));
  }

  /**
   * The map in which every index is its own id.
   *
   * @param size number of ids, at least 0
   * @return the map
   * @throws IllegalArgumentException if the size is negative
   */
  static IdMap dense(int size) {
    return new Dense(size);
  }

  /**
   * The indices of this map's ids in another map.
   *
   * @param other any map
   * @return for each index of this map the index there, or {@link #UNKNOWN}
   */
  default int[] translateTo(IdMap other) {
    int[] translated = new int[size()];
    for (int index = 0; index < translated.length; index++) {
      translated[index] = other.indexOf(idOf(index));
    }
    return translated;
  }

  /**
   * Reads the usual decimal form of a long.
   *
   * @param id any string
   * @return whether {@code Long.toString(Long.parseLong(id)).equals(id)}
   */
  static boolean isLong(String id) {
    int length = id.length();
    if (length == 0 || length > 20) {
      return false;
    }
    try {
      return Long.toString(Long.parseLong(id)).equals(id);
    } catch (NumberFormatException notALong) {
      return false;
    }
  }

  /** Ids that are longs. */
  final class OfLongs implements IdMap {
    private final long[] ids;
    private final Long2IntOpenHashMap indices;

    private OfLongs(long[] ids) {
      this.ids = ids;
      indices = new Long2IntOpenHashMap(ids.length);
      indices.defaultReturnValue(UNKNOWN);
      for (int index = 0; index < ids.length; index++) {
        if (indices.put(ids[index], index) != UNKNOWN) {
          throw new IllegalArgumentException(
              "id " + ids[index] + " occurs twice; ids must be distinct");
        }
      }
    }

    @Override
    public int size() {
      return ids.length;
    }

    @Override
    public int indexOf(String id) {
      return isLong(id) ? indexOf(Long.parseLong(id)) : UNKNOWN;
    }

    @Override
    public int indexOf(long id) {
      return indices.get(id);
    }

    @Override
    public String idOf(int index) {
      return Long.toString(ids[index]);
    }

    /**
     * The ids, by index.
     *
     * @return a copy
     */
    public long[] toArray() {
      return ids.clone();
    }
  }

  /** Ids that are strings. */
  final class OfStrings implements IdMap {
    private final String[] ids;
    private final Object2IntOpenHashMap<String> indices;

    private OfStrings(String[] ids) {
      this.ids = ids;
      indices = new Object2IntOpenHashMap<>(ids.length);
      indices.defaultReturnValue(UNKNOWN);
      for (int index = 0; index < ids.length; index++) {
        String id = ids[index];
        if (id == null || id.isEmpty()) {
          throw new IllegalArgumentException(
              "the id at index "
                  + index
                  + " is "
                  + (id == null ? "null" : "empty")
                  + "; ids must have at least one character");
        }
        if (indices.put(id, index) != UNKNOWN) {
          throw new IllegalArgumentException(
              "id \"" + id + "\" occurs twice; ids must be distinct");
        }
      }
    }

    @Override
    public int size() {
      return ids.length;
    }

    @Override
    public int indexOf(String id) {
      return indices.getInt(id);
    }

    @Override
    public int indexOf(long id) {
      return indices.getInt(Long.toString(id));
    }

    @Override
    public String idOf(int index) {
      return ids[index];
    }

    /**
     * The ids, by index.
     *
     * @return an immutable list
     */
    public List<String> toList() {
      return java.util.Collections.unmodifiableList(Arrays.asList(ids));
    }
  }

  /** Indices that are their own ids. */
  final class Dense implements IdMap {
    private final int size;

    private Dense(int size) {
      if (size < 0) {
        throw new IllegalArgumentException("size must not be negative: " + size);
      }
      this.size = size;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public int indexOf(String id) {
      return isLong(id) ? indexOf(Long.parseLong(id)) : UNKNOWN;
    }

    @Override
    public int indexOf(long id) {
      return id >= 0 && id < size ? (int) id : UNKNOWN;
    }

    @Override
    public String idOf(int index) {
      return Integer.toString(java.util.Objects.checkIndex(index, size));
    }
  }
}
