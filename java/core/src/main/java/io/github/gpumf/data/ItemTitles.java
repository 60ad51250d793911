package io.github.gpumf.data;

import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import it.unimi.dsi.fastutil.objects.Object2ObjectOpenHashMap;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.ZipException;

/**
 * The titles of items, for people to read recommendations by. Formats are found from the content:
 * MovieLens 100K's {@code u.item} (columns separated by {@code |}), 1M's {@code movies.dat} ({@code
 * ::}) and, from 2014 on, {@code movies.csv} (comma and quotes, with a header); tab and semicolon
 * too. Id and title are the first two columns unless a header names them. The text is UTF-8 if all
 * of it is valid as such, else ISO-8859-1, as the older sets are.
 *
 * <p>Immutable, safe for any number of threads.
 */
public final class ItemTitles {
  private static final List<String> SEPARATORS = List.of("::", "|", "\t", ";", ",");
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
    String text = decode(file);
    String first = text.lines().filter(line -> !line.isBlank()).findFirst().orElse("");
    String separator = SEPARATORS.stream().filter(first::contains).findFirst().orElse(",");
    boolean quotes = separator.length() == 1 && separator.charAt(0) != '|';
    CsvReader<CsvRecord> lines =
        CsvReader.builder()
            .fieldSeparator(separator)
            // The formats of old have no quoting, and NUL cannot occur.
            .quoteCharacter(quotes ? '"' : '\0')
            .allowUnclosedQuote(false)
            .missingFieldStrategy(FieldMismatchStrategy.IGNORE)
            .extraFieldStrategy(FieldMismatchStrategy.IGNORE)
            .ofCsvRecord(text);
    try {
      return read(file, lines);
    } catch (CsvParseException malformed) {
      throw new InvalidDataException(
          file,
          InvalidDataException.NO_LINE,
          "quotes do not match: " + malformed.getMessage(),
          "Close every quote, and write a quote inside quotes twice.");
    }
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
