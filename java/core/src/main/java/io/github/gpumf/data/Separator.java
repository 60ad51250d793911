package io.github.gpumf.data;

/** What stands between the fields of a line. */
enum Separator {
  DOUBLE_COLON("::", "MovieLens 1M (::)"),
  TAB("\t", "TSV"),
  SEMICOLON(";", "CSV with semicolons"),
  COMMA(",", "CSV");

  private static final int SAMPLED_LINES = 20;

  /** Ratings have three columns or more. */
  private static final int FEWEST = 2;

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
   * first in the order above, since a comma is most likely to occur inside a field.
   */
  static Separator of(String sample) {
    Separator best = COMMA;
    long most = 0;
    for (Separator candidate : values()) {
      long lines = candidate.linesSplit(sample);
      if (lines > most) {
        best = candidate;
        most = lines;
      }
    }
    return best;
  }

  /** Whether any of the first lines falls into three fields or more. */
  boolean splits(String sample) {
    return linesSplit(sample) > 0;
  }

  private long linesSplit(String sample) {
    return sample
        .lines()
        .limit(SAMPLED_LINES)
        .filter(line -> count(line, characters) >= FEWEST)
        .count();
  }

  private static int count(String line, String characters) {
    int count = 0;
    int at = line.indexOf(characters);
    while (at >= 0) {
      count++;
      at = line.indexOf(characters, at + characters.length());
    }
    return count;
  }
}
