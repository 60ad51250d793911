package io.github.gpumf.data;

import de.siegmar.fastcsv.reader.AbstractBaseCsvCallbackHandler;
import java.util.Arrays;

/**
 * The fields of one line, copied out of the CSV parser's buffer without a string for each. Spaces
 * and tabs around a field without quotes are dropped.
 */
final class LineFields extends AbstractBaseCsvCallbackHandler<LineFields> {
  private char[] text = new char[256];
  private int length;
  private int[] starts = new int[16];
  private int[] ends = new int[16];

  @Override
  protected void handleBegin(long startingLineNumber) {
    length = 0;
  }

  @Override
  protected void handleField(int index, char[] buffer, int offset, int count, boolean quoted) {
    int from = offset;
    int to = offset + count;
    if (!quoted) {
      while (from < to && isBlank(buffer[from])) {
        from++;
      }
      while (from < to && isBlank(buffer[to - 1])) {
        to--;
      }
    }
    if (index == ends.length) {
      starts = Arrays.copyOf(starts, 2 * index);
      ends = Arrays.copyOf(ends, 2 * index);
    }
    if (text.length - length < to - from) {
      text = Arrays.copyOf(text, 2 * (length + to - from));
    }
    System.arraycopy(buffer, from, text, length, to - from);
    starts[index] = length;
    length += to - from;
    ends[index] = length;
  }

  @Override
  protected LineFields buildRecord() {
    return this;
  }

  private static boolean isBlank(char c) {
    return c == ' ' || c == '\t';
  }

  /** Number of fields. */
  int count() {
    return getFieldCount();
  }

  /** The characters of all fields; see {@link #start} and {@link #end}. */
  char[] text() {
    return text;
  }

  int start(int index) {
    return starts[index];
  }

  int end(int index) {
    return ends[index];
  }

  String get(int index) {
    return new String(text, starts[index], ends[index] - starts[index]);
  }
}
