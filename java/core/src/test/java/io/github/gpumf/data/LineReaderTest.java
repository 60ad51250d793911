package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.data.LineReader.UnclosedQuoteException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class LineReaderTest {
  private static LineReader reader(String content) throws IOException {
    return new LineReader(
        Path.of("file"), new ByteArrayInputStream(content.getBytes(StandardCharsets.UTF_8)));
  }

  /**
   * Shifted byte by byte, line ends and characters of several bytes lie across the buffer's end.
   */
  @Test
  void linesAreTheSameWhereverTheBufferEnds() throws IOException, BadLineException {
    int count = 40_000;
    for (int shift = 1; shift <= 9; shift++) {
      try (LineReader reader =
          reader("x".repeat(shift) + "\r\n" + "\u00fc\u6771\r\n".repeat(count))) {
        assertTrue(reader.next());
        for (int line = 0; line < count; line++) {
          assertTrue(reader.next());
          assertEquals("\"\u00fc\u6771\"", reader.quoted(), "shift " + shift);
        }
        assertFalse(reader.next());
        assertEquals(count + 1, reader.number());
      }
    }
  }

  @Test
  void aParserGetsOneLineAndNoMore() throws IOException, BadLineException {
    try (LineReader reader = reader("abc\nde")) {
      assertTrue(reader.next());
      char[] target = new char[10];
      assertEquals(2, reader.read(target, 0, 2));
      assertEquals(2, reader.read(target, 2, 8));
      assertEquals("abc\n", new String(target, 0, 4));
      assertThrows(UnclosedQuoteException.class, () -> reader.read(target, 0, 1));
      assertTrue(reader.next());
      assertEquals(3, reader.read(target, 0, 10));
      assertEquals("de\n", new String(target, 0, 3));
      assertFalse(reader.next());
      assertFalse(reader.next());
    }
  }

  @Test
  void longestLineIsReadAndALongerOneIsPassedOver() throws IOException, BadLineException {
    for (int length : new int[] {65_535, 65_536, 65_537, 131_072, 131_073, 500_000}) {
      try (LineReader reader = reader("y".repeat(length) + "\r\nnext\n")) {
        if (length <= 65_536) {
          assertTrue(reader.next());
        } else {
          assertThrows(BadLineException.class, reader::next);
        }
        assertTrue(reader.next());
        assertEquals("\"next\"", reader.quoted(), "length " + length);
        assertEquals(2, reader.number());
        assertFalse(reader.next());
      }
    }
  }
}
