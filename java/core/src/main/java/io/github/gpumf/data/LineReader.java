package io.github.gpumf.data;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Reader;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.zip.ZipException;

/**
 * Hands a CSV parser one line at a time. {@link #next} moves to a line, and the parser may then
 * read that line and no further: if it asks for more, a quote was left open, and an {@link
 * UnclosedQuoteException} stops it before it swallows the rest of the file. The caller goes on with
 * a new parser on the next line. This also ties every error to its line, bad UTF-8 and binary junk
 * included, and keeps the line's text at hand for the message.
 *
 * <p>Lines end with LF, CR LF or CR; the parser sees LF. A UTF-8 byte order mark is dropped.
 */
final class LineReader extends Reader {
  /** No line of ratings comes near it; without a limit, junk would fill the memory. */
  static final int LONGEST_LINE = 1 << 16;

  /** A parser asked for more than the line. */
  static final class UnclosedQuoteException extends IOException {
    private static final long serialVersionUID = 1L;

    UnclosedQuoteException() {
      super("a quote is not closed on its line");
    }
  }

  private final Path file;
  private final InputStream in;
  private final CharsetDecoder utf8 = StandardCharsets.UTF_8.newDecoder();
  private final byte[] bytes = new byte[2 * LONGEST_LINE];
  private int position;
  private int limit;
  private boolean afterCarriageReturn;

  private final char[] line = new char[LONGEST_LINE + 1];
  private int length;
  private int delivered;
  private long number;

  /** Takes over the stream; closing the reader closes it. */
  LineReader(Path file, InputStream in) throws IOException {
    this.file = file;
    this.in = in;
    boolean more = true;
    while (more && limit < LONGEST_LINE) {
      more = fill();
    }
    if (limit >= 3
        && bytes[0] == (byte) 0xEF
        && bytes[1] == (byte) 0xBB
        && bytes[2] == (byte) 0xBF) {
      position = 3;
    }
  }

  /** The start of the file, each byte a character: enough to count separators. */
  String sample() {
    return new String(bytes, position, limit - position, StandardCharsets.ISO_8859_1);
  }

  /**
   * Moves to the next line.
   *
   * @return false at the end of the file
   * @throws BadLineException if the line is not text; {@code next} may be called again
   */
  boolean next() throws IOException, BadLineException {
    if (afterCarriageReturn && (position < limit || fill()) && bytes[position] == '\n') {
      position++;
    }
    int end = findLineEnd();
    if (end == position && end == limit) {
      return false;
    }
    number++;
    delivered = 0;
    if (end - position > LONGEST_LINE) {
      decodeStart(position, position + LONGEST_LINE);
      skipLine(end);
      throw new BadLineException(
          "the line is longer than " + LONGEST_LINE + " bytes",
          "Check that this is the right file.");
    }
    int start = position;
    endLine(end);
    decode(start, end);
    return true;
  }

  /** Number of the line, from 1; 0 before the first. */
  long number() {
    return number;
  }

  boolean isBlank() {
    for (int i = 0; i < length; i++) {
      if (line[i] != ' ' && line[i] != '\t') {
        return false;
      }
    }
    return true;
  }

  /** The line for a message. */
  String quoted() {
    return InvalidDataException.quote(CharBuffer.wrap(line, 0, length));
  }

  @Override
  public int read(char[] target, int offset, int count) throws UnclosedQuoteException {
    int left = length + 1 - delivered;
    if (left == 0) {
      throw new UnclosedQuoteException();
    }
    int copied = Math.min(left, count);
    System.arraycopy(line, delivered, target, offset, copied);
    delivered += copied;
    return copied;
  }

  @Override
  public void close() throws IOException {
    in.close();
  }

  private void decode(int start, int end) throws BadLineException {
    length = 0;
    for (int i = start; i < end; i++) {
      if (bytes[i] <= 0) {
        decodeUtf8(start, end);
        return;
      }
      line[length++] = (char) bytes[i];
    }
    line[length] = '\n';
  }

  /** The way of lines that are not all ASCII. */
  private void decodeUtf8(int start, int end) throws BadLineException {
    CharBuffer decoded = CharBuffer.wrap(line, 0, LONGEST_LINE);
    CoderResult result =
        utf8.reset().decode(ByteBuffer.wrap(bytes, start, end - start), decoded, true);
    length = decoded.position();
    line[length] = '\n';
    if (result.isError()) {
      decodeBytewise(start, end);
      throw new BadLineException(
          "the line is not UTF-8 text", "Check that this is the right file, and save it as UTF-8.");
    }
    for (int i = 0; i < length; i++) {
      if (line[i] == 0) {
        throw new BadLineException(
            "there are NUL bytes in the line",
            "This is a binary file or UTF-16 text; give a text file in UTF-8.");
      }
    }
  }

  /** For messages about lines that are too long: the characters that are whole. */
  private void decodeStart(int start, int end) {
    CharBuffer decoded = CharBuffer.wrap(line, 0, LONGEST_LINE);
    utf8.reset();
    if (utf8.decode(ByteBuffer.wrap(bytes, start, end - start), decoded, false).isError()) {
      decodeBytewise(start, end);
      return;
    }
    length = decoded.position();
    line[length] = '\n';
  }

  /** For messages about lines that are not UTF-8: each byte a character. */
  private void decodeBytewise(int start, int end) {
    length = 0;
    for (int i = start; i < end; i++) {
      line[length++] = (char) (bytes[i] & 0xFF);
    }
    line[length] = '\n';
  }

  /** Steps over a line that may be longer than the buffer, of which the end is not here yet. */
  private void skipLine(int bufferedEnd) throws IOException {
    int end = bufferedEnd;
    while (end == limit && end > position) {
      position = limit;
      end = findLineEnd();
    }
    endLine(end);
  }

  /** Steps over the line end at an index; the LF of a CR LF is left to the next line. */
  private void endLine(int end) {
    position = Math.min(end + 1, limit);
    afterCarriageReturn = end < limit && bytes[end] == '\r';
  }

  /** The index of the next line end; {@code limit} at the end of the file or of a full buffer. */
  private int findLineEnd() throws IOException {
    int scanned = 0;
    while (true) {
      for (int i = position + scanned; i < limit; i++) {
        if (bytes[i] == '\n' || bytes[i] == '\r') {
          return i;
        }
      }
      scanned = limit - position;
      if (scanned > LONGEST_LINE || !fill()) {
        return limit;
      }
    }
  }

  /** Moves what is left to the front of the buffer and reads more behind it. */
  private boolean fill() throws IOException {
    System.arraycopy(bytes, position, bytes, 0, limit - position);
    limit -= position;
    position = 0;
    int count;
    try {
      count = in.read(bytes, limit, bytes.length - limit);
    } catch (EOFException cut) {
      throw TextFile.truncated(file, number);
    } catch (ZipException damaged) {
      throw TextFile.damaged(file, number, damaged);
    }
    limit += Math.max(count, 0);
    return count > 0;
  }
}
