package io.github.gpumf.data;

import it.unimi.dsi.fastutil.longs.Long2IntOpenHashMap;
import it.unimi.dsi.fastutil.longs.LongArrayList;
import it.unimi.dsi.fastutil.objects.Object2IntOpenHashMap;
import java.util.ArrayList;
import java.util.List;

/**
 * Gives ids their indices in the order of first appearance. Ids are kept as longs until the first
 * one that is none; then all become strings.
 */
final class IdIndexer {
  /** Up to this many digits a decimal number surely fits a long. */
  private static final int SAFE_DIGITS = 18;

  private final LongArrayList longIds = new LongArrayList();
  private final Long2IntOpenHashMap longIndices = new Long2IntOpenHashMap();
  private final List<String> stringIds = new ArrayList<>();
  private final Object2IntOpenHashMap<String> stringIndices = new Object2IntOpenHashMap<>();
  private boolean strings;

  IdIndexer() {
    longIndices.defaultReturnValue(IdMap.UNKNOWN);
    stringIndices.defaultReturnValue(IdMap.UNKNOWN);
  }

  /** The index of the id that stands in a part of a text. */
  int indexOf(char[] text, int from, int to) {
    if (!strings && to - from <= SAFE_DIGITS && isCanonical(text, from, to)) {
      return indexOf(parse(text, from, to));
    }
    return indexOf(new String(text, from, to - from));
  }

  int indexOf(String id) {
    if (!strings) {
      if (IdMap.isLong(id)) {
        return indexOf(Long.parseLong(id));
      }
      changeToStrings();
    }
    int index = stringIndices.getInt(id);
    if (index == IdMap.UNKNOWN) {
      index = stringIds.size();
      stringIds.add(id);
      stringIndices.put(id, index);
    }
    return index;
  }

  int indexOf(long id) {
    if (strings) {
      return indexOf(Long.toString(id));
    }
    int index = longIndices.get(id);
    if (index == IdMap.UNKNOWN) {
      index = longIds.size();
      longIds.add(id);
      longIndices.put(id, index);
    }
    return index;
  }

  IdMap toIdMap() {
    return strings ? IdMap.ofStrings(stringIds) : IdMap.ofLongs(longIds.toLongArray());
  }

  private void changeToStrings() {
    strings = true;
    for (int index = 0; index < longIds.size(); index++) {
      indexOf(Long.toString(longIds.getLong(index)));
    }
    longIds.clear();
    longIndices.clear();
  }

  /** {@link IdMap#isLong} for short texts: digits without leading zeros, perhaps a minus. */
  private static boolean isCanonical(char[] text, int from, int to) {
    int first = from < to && text[from] == '-' ? from + 1 : from;
    if (first == to || (text[first] == '0' && to - from > 1)) {
      return false;
    }
    for (int i = first; i < to; i++) {
      if (text[i] < '0' || text[i] > '9') {
        return false;
      }
    }
    return true;
  }

  private static long parse(char[] text, int from, int to) {
    boolean negative = text[from] == '-';
    long value = 0;
    for (int i = negative ? from + 1 : from; i < to; i++) {
      value = 10 * value + (text[i] - '0');
    }
    return negative ? -value : value;
  }
}
