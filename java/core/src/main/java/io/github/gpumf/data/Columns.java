package io.github.gpumf.data;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Where in a line user, item, rating and timestamp stand, found out from the first line.
 *
 * @param names names of the columns, empty if the first line does not name them
 * @param byName false if they are taken by position, for want of names that are known
 * @param count number of columns of every line
 * @param user index of the user's column
 * @param item index of the item's column
 * @param rating index of the rating's column
 * @param timestamp index of the timestamp's column, or {@link #NONE}
 */
record Columns(
    List<String> names, boolean byName, int count, int user, int item, int rating, int timestamp) {
  static final int NONE = -1;

  private static final Set<String> USER = Set.of("user", "userid");
  private static final Set<String> ITEM = Set.of("item", "itemid", "movie", "movieid");
  private static final Set<String> RATING = Set.of("rating", "score", "value");
  private static final Set<String> TIMESTAMP = Set.of("timestamp", "time", "ts");

  /** What users and items are usually called where nothing is called user or item. */
  private static final Set<String> USUAL_USER =
      withId("customer", "member", "account", "visitor", "reviewer");

  private static final Set<String> USUAL_ITEM =
      withId("product", "book", "song", "track", "artist", "album", "article");

  /**
   * The columns a caller asked for, by name or by position from 1.
   *
   * @param timestamp null for ratings without timestamps
   */
  record Wanted(String user, String item, String rating, @Nullable String timestamp) {}

  /** Reads the columns out of the first line. */
  static Columns of(LineFields first, @Nullable Wanted wanted) throws BadLineException {
    List<String> fields = new ArrayList<>();
    for (int index = 0; index < first.count(); index++) {
      fields.add(first.get(index));
    }
    if (fields.size() < 3) {
      throw new BadLineException(
          "a column is missing: " + fields.size() + " found where user, item and rating are needed",
          "Separate the columns by tab, comma, semicolon or two colons.");
    }
    return wanted == null ? recognise(fields) : find(fields, wanted);
  }

  private static Columns recognise(List<String> fields) throws BadLineException {
    boolean header = fields.stream().noneMatch(Numbers::isNumber);
    int user = header ? indexOf(fields, "user", USER, USUAL_USER) : NONE;
    int item = header ? indexOf(fields, "item", ITEM, USUAL_ITEM) : NONE;
    int rating = header ? indexOf(fields, RATING) : NONE;
    int timestamp = header ? indexOf(fields, TIMESTAMP) : NONE;
    boolean named = user != NONE || item != NONE || rating != NONE;
    header &= named || fields.stream().noneMatch(String::isEmpty);
    List<String> names = header ? List.copyOf(fields) : List.of();
    if (user != NONE && item != NONE && rating != NONE) {
      return new Columns(names, true, fields.size(), user, item, rating, timestamp);
    }
    // A header of other names is read by position, but never against a name that is known.
    boolean positional =
        agrees(user, 0) && agrees(item, 1) && agrees(rating, 2) && agrees(timestamp, 3);
    if (header && !positional) {
      throw BadLineException.ofHeader("the header does not name all of user, item and rating");
    }
    // Who names some columns would have named the timestamp: another name is another thing.
    boolean untimed = header && named && timestamp == NONE;
    return new Columns(
        names, false, fields.size(), 0, 1, 2, fields.size() > 3 && !untimed ? 3 : NONE);
  }

  private static boolean agrees(int found, int position) {
    return found == NONE || found == position;
  }

  private static Columns find(List<String> fields, Wanted wanted) throws BadLineException {
    boolean header = fields.stream().noneMatch(Numbers::isNumber) || isNamed(fields, wanted);
    String timestamp = wanted.timestamp();
    Columns columns =
        new Columns(
            header ? List.copyOf(fields) : List.of(),
            true,
            fields.size(),
            find(fields, header, wanted.user(), "user"),
            find(fields, header, wanted.item(), "item"),
            find(fields, header, wanted.rating(), "rating"),
            timestamp == null ? NONE : find(fields, header, timestamp, "timestamp"));
    columns.requireDistinct();
    return columns;
  }

  /** A name and a position may be the same column, which only the first line tells. */
  private void requireDistinct() throws BadLineException {
    List<String> roles = List.of("user", "item", "rating", "timestamp");
    List<Integer> found = List.of(user, item, rating, timestamp);
    for (int role = 0; role < found.size(); role++) {
      int first = found.indexOf(found.get(role));
      if (first < role) {
        throw BadLineException.ofHeader(
            describe(roles.get(first), found.get(role))
                + " is also the "
                + roles.get(role)
                + "'s column",
            "Name a column for each (--columns, withColumns).");
      }
    }
  }

  /** Whether the first line has the wanted names; numbers are no names but positions. */
  private static boolean isNamed(List<String> fields, Wanted wanted) {
    return Stream.of(wanted.user(), wanted.item(), wanted.rating())
        .allMatch(name -> fields.contains(name) && !Numbers.isNumber(name));
  }

  private static int find(List<String> fields, boolean header, String wanted, String role)
      throws BadLineException {
    if (header) {
      int exact = fields.indexOf(wanted);
      if (exact >= 0) {
        return exact;
      }
      for (int index = 0; index < fields.size(); index++) {
        if (fields.get(index).equalsIgnoreCase(wanted)) {
          return index;
        }
      }
    }
    if (IdMap.isLong(wanted)) {
      long position = Long.parseLong(wanted);
      if (position >= 1 && position <= fields.size()) {
        return (int) position - 1;
      }
    }
    throw BadLineException.ofWish(
        "there is no column " + InvalidDataException.quote(wanted) + " for the " + role,
        header
            ? "The header has the columns " + String.join(", ", fields) + "."
            : "There is no header; give a position in 1.." + fields.size() + ".");
  }

  /**
   * The column that one of the names stands for, one that ends in "id" before others, or else one
   * of the usual names. There must not be two, as an artist and a track may both be what is rated.
   */
  private static int indexOf(
      List<String> fields, String role, Set<String> names, Set<String> usualNames)
      throws BadLineException {
    for (Set<String> known : List.of(idsOf(names), names, usualNames)) {
      int first = indexOf(fields, known);
      int last = fields.size() - 1 - indexOf(fields.reversed(), known);
      if (first != NONE && first != last) {
        throw BadLineException.ofHeader(
            "the header has two columns for the "
                + role
                + ", "
                + InvalidDataException.quote(fields.get(first))
                + " and "
                + InvalidDataException.quote(fields.get(last)));
      }
      if (first != NONE) {
        return first;
      }
    }
    return NONE;
  }

  private static Set<String> idsOf(Set<String> names) {
    return names.stream()
        .filter(name -> name.endsWith("id"))
        .collect(Collectors.toUnmodifiableSet());
  }

  private static int indexOf(List<String> fields, Set<String> names) {
    for (int index = 0; index < fields.size(); index++) {
      if (names.contains(fields.get(index).toLowerCase(Locale.ROOT).replaceAll("[_ -]", ""))) {
        return index;
      }
    }
    return NONE;
  }

  private static Set<String> withId(String... names) {
    return Stream.of(names)
        .flatMap(name -> Stream.of(name, name + "id"))
        .collect(Collectors.toUnmodifiableSet());
  }

  /** Whether the first line names the columns. */
  boolean header() {
    return !names.isEmpty();
  }

  /** Whether there is a header and yet columns are taken by position. */
  boolean byPosition() {
    return header() && !byName;
  }

  /** Which columns these are, for people. */
  String description() {
    return describe("user", user)
        + ", "
        + describe("item", item)
        + ", "
        + describe("rating", rating)
        + (timestamp == NONE ? "" : ", " + describe("timestamp", timestamp))
        + (byPosition() ? ", by position: the header does not name them" : "");
  }

  private String describe(String role, int column) {
    return role
        + " = column "
        + (column + 1)
        + (header() ? " " + InvalidDataException.quote(names.get(column)) : "");
  }
}
