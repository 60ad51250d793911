package io.github.gpumf.data;

import java.util.function.Predicate;

/** What stands between the fields of a line. */
enum Separator {
  DOUBLE_COLON("::", "MovieLens 1M (::)"),
  TAB("\t", "TSV"),
  SEMICOLON(";", "CSV with semicolons"),
  COMMA(",", "CSV");

  private static final int SAMPLED_LINES = 20;

  /** Ratings have three columns or more. */
  private static final int FEWEST = 2;

  private static final char QUOTE = '"';

  private final String characters;
  private final String format;

  Separator(String characters, String format) {
    this.characters = characters;
    this.format = format;
  }

  String characters() {
    return characters;
  }

  /** The name of the format that this separator makes. */
  String format() {
    return format;
  }

  /**
   * The separator that splits most of the first lines into three fields or more; among equals the
   * one with a number, as a rating is, in the third field of most lines; then the first in the
   * order above, since a comma is most likely to occur inside a field.
   */
  static Separator of(String sample) {
    Separator best = COMMA;
    long most = 0;
    long mostNumbers = 0;
    for (Separator candidate : values()) {
      long lines = candidate.linesSplit(sample);
      long numbers = count(sample, candidate::hasNumber);
      if (lines > most || (lines == most && numbers > mostNumbers)) {
        best = candidate;
        most = lines;
        mostNumbers = numbers;
      }
    }
    return best;
  }

  /** Whether any of the first lines falls into three fields or more. */
  boolean splits(String sample) {
    return linesSplit(sample) > 0;
  }

  private long linesSplit(String sample) {
    return count(sample, line -> startOfField(line, FEWEST) >= 0);
  }

  private static long count(String sample, Predicate<String> predicate) {
    return sample.lines().limit(SAMPLED_LINES).filter(predicate).count();
  }

  private boolean hasNumber(String line) {
    int start = startOfField(line, FEWEST);
    if (start < 0) {
      return false;
    }
    int end = line.indexOf(characters, start);
    String field = line.substring(start, end < 0 ? line.length() : end).replace("\"", "").strip();
    return Numbers.isNumber(field);
  }

  /** Where the field begins that has so many before it, or -1; separators in quotes are none. */
  private int startOfField(String line, int before) {
    int start = 0;
    for (int field = 0; field < before; field++) {
      int at = line.indexOf(characters, endOfQuotes(line, start));
      if (at < 0) {
        return -1;
      }
      start = at + characters.length();
    }
    return start;
  }

  /** Where a field that begins there with a quote has its last one, or where it begins. */
  private static int endOfQuotes(String line, int start) {
    if (start == line.length() || line.charAt(start) != QUOTE) {
      return start;
    }
    int end = line.indexOf(QUOTE, start + 1);
    while (end >= 0 && end + 1 < line.length() && line.charAt(end + 1) == QUOTE) {
      end = line.indexOf(QUOTE, end + 2);
    }
    return end < 0 ? start : end;
  }
}
