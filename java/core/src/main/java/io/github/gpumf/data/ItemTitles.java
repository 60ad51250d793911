package io.github.gpumf.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import it.unimi.dsi.fastutil.objects.Object2ObjectOpenHashMap;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.zip.ZipException;

/**
 * The titles of items, for people to read recommendations by. Formats are found from the content:
 * MovieLens 100K's {@code u.item} (columns separated by {@code |}), 1M's {@code movies.dat} ({@code
 * ::}) and, from 2014 on, {@code movies.csv} (comma and quotes, with a header); tab and semicolon
 * too; a separator is taken that gives lines as many fields each, and known ids if ids are given,
 * for genres have one of their own. Id and title are the first two columns unless a header names
 * them. The text is UTF-8 if all of it is valid as such, else ISO-8859-1, as the older sets are.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class ItemTitles {
  private static final List<String> SEPARATORS = List.of("::", "|", "\t", ";", ",");
  private static final int SAMPLED_LINES = 20;
  private static final List<String> ID_NAMES = List.of("movieid", "itemid", "movie", "item", "id");
  private static final List<String> TITLE_NAMES = List.of("title", "name");

  private final Map<String, String> titles;

  private ItemTitles(Map<String, String> titles) {
    this.titles = titles;
  }

  /**
   * Reads a file of titles into memory.
   *
   * @param file plain or gzip
   * @return the titles
   * @throws InvalidDataException if there are no titles, a line has no id or no second column, or
   *     an id occurs twice; the message names file, line and remedy
   * @throws IOException if the file cannot be read
   */
  public static ItemTitles read(Path file) throws IOException {
    return read(file, IdMap.ofStrings(List.of()));
  }

  /**
   * Reads a file of titles into memory, of which some are those of known items.
   *
   * @param file plain or gzip
   * @param items ids to tell the format by
   * @return the titles, also those of other items
   * @throws InvalidDataException if there are no titles, a line has no id or no second column, or
   *     an id occurs twice; the message names file, line and remedy
   * @throws IOException if the file cannot be read
   */
  public static ItemTitles read(Path file, IdMap items) throws IOException {
    String text = decode(file);
    String separator = separator(text, items);
    try {
      return read(file, reader(text, separator, false));
    } catch (CsvParseException malformed) {
      throw new InvalidDataException(
          file,
          InvalidDataException.NO_LINE,
          "quotes do not match: " + malformed.getMessage(),
          "Close every quote, and write a quote inside quotes twice.");
    }
  }

  /** The formats of old have no quoting; NUL, which cannot occur, stands for none. */
  private static boolean hasQuotes(String separator) {
    return separator.length() == 1 && separator.charAt(0) != '|';
  }

  /**
   * The separator behind most known ids; among equals that of most lines with equally many fields,
   * and then the one that comes first in the text, as an id is less likely to contain one than what
   * follows it.
   */
  private static String separator(String text, IdMap items) {
    List<String> lines = text.lines().filter(line -> !line.isBlank()).limit(SAMPLED_LINES).toList();
    return SEPARATORS.stream()
        .filter(separator -> lines.stream().anyMatch(line -> line.contains(separator)))
        .max(
            Comparator.comparingLong((String separator) -> knownIds(lines, separator, items))
                .thenComparingLong(separator -> regularLines(lines, separator))
                .thenComparingInt(separator -> -text.indexOf(separator)))
        .orElse(",");
  }

  private static long knownIds(List<String> lines, String separator, IdMap items) {
    return lines.stream()
        .map(line -> fields(line, separator))
        .filter(fields -> fields.size() > 1)
        .filter(fields -> items.indexOf(fields.getFirst().strip()) != IdMap.UNKNOWN)
        .count();
  }

  /** How many lines have the most common number of fields, from two on. */
  private static long regularLines(List<String> lines, String separator) {
    return lines.stream()
        .map(line -> fields(line, separator).size())
        .filter(size -> size > 1)
        .collect(Collectors.groupingBy(size -> size, Collectors.counting()))
        .values()
        .stream()
        .max(Comparator.naturalOrder())
        .orElse(0L);
  }

  /** The fields of one line, good enough to count them: a title may go on behind the line's end. */
  private static List<String> fields(String line, String separator) {
    try (CsvReader<CsvRecord> reader = reader(line, separator, true)) {
      return reader.stream().findFirst().map(CsvRecord::getFields).orElse(List.of());
    } catch (IOException impossible) {
      throw new UncheckedIOException("text in memory cannot be read", impossible);
    } catch (CsvParseException malformed) {
      return List.of();
    }
  }

  private static CsvReader<CsvRecord> reader(String text, String separator, boolean openQuotes) {
    return CsvReader.builder()
        .fieldSeparator(separator)
        .quoteCharacter(hasQuotes(separator) ? '"' : '\0')
        .allowUnclosedQuote(openQuotes)
        .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
        .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
        .ofCsvRecord(text);
  }

  /**
   * The title of an item.
   *
   * @param id the item's external id
   * @return its title, or nothing if the file did not have it
   */
  public Optional<String> titleOf(String id) {
    return Optional.ofNullable(titles.get(id));
  }

  /**
   * Number of titles.
   *
   * @return at least 1
   */
  public int size() {
    return titles.size();
  }

  private static ItemTitles read(Path file, CsvReader<CsvRecord> lines)
      throws InvalidDataException {
    Map<String, String> titles = new Object2ObjectOpenHashMap<>();
    int idColumn = 0;
    int titleColumn = 1;
    boolean first = true;
    for (CsvRecord line : lines) {
      if (first) {
        first = false;
        int namedId = indexOf(line, ID_NAMES);
        int namedTitle = indexOf(line, TITLE_NAMES);
        if (namedId >= 0 && namedTitle >= 0) {
          idColumn = namedId;
          titleColumn = namedTitle;
          continue;
        }
      }
      if (line.getFieldCount() <= Math.max(idColumn, titleColumn)
          || line.getField(idColumn).isBlank()) {
        throw bad(file, line, "an item's id or title is missing");
      }
      if (titles.put(line.getField(idColumn).strip(), line.getField(titleColumn)) != null) {
        throw bad(file, line, "the item occurs a second time");
      }
    }
    if (titles.isEmpty()) {
      throw new InvalidDataException(
          file,
          InvalidDataException.NO_LINE,
          first ? "the file is empty" : "there is a header but no title",
          "Give a file with an item's id and title on each line.");
    }
    return new ItemTitles(titles);
  }

  private static InvalidDataException bad(Path file, CsvRecord line, String problem) {
    return new InvalidDataException(
        file,
        line.getStartingLineNumber(),
        problem + ", in " + InvalidDataException.quote(String.join(" ", line.getFields())),
        "Each line needs an item's id and title, as in u.item, movies.dat or movies.csv.");
  }

  private static int indexOf(CsvRecord header, List<String> names) {
    for (int index = 0; index < header.getFieldCount(); index++) {
      String field = header.getField(index).strip().toLowerCase(Locale.ROOT).replace("_", "");
      if (names.contains(field)) {
        return index;
      }
    }
    return -1;
  }

  private static String decode(Path file) throws IOException {
    byte[] bytes;
    try (InputStream content = TextFile.open(file).content()) {
      bytes = content.readAllBytes();
    } catch (EOFException cut) {
      throw TextFile.truncated(file, 0);
    } catch (ZipException damaged) {
      throw TextFile.damaged(file, 0, damaged);
    }
    for (byte b : bytes) {
      if (b == 0) {
        throw new InvalidDataException(
            file,
            InvalidDataException.NO_LINE,
            "there are NUL bytes in the file",
            "This is a binary file or UTF-16 text; give a text file.");
      }
    }
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException notUtf8) {
      text = new String(bytes, StandardCharsets.ISO_8859_1);
    }
    return text.startsWith("\uFEFF") ? text.substring(1) : text;
  }
}
