package io.github.gpumf.data;

import java.io.BufferedInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/** Opens text files, plain or gzip by their first bytes, and refuses what is no text. */
final class TextFile {
  private TextFile() {}

  /** An open file. Closing the content closes the file. */
  record Opened(InputStream content, boolean gzip) {}

  static Opened open(Path file) throws IOException {
    if (Files.isDirectory(file)) {
      throw new FileSystemException(
          file.toString(), null, "this is a directory; name a file inside it");
    }
    InputStream in;
    try {
      in = new BufferedInputStream(Files.newInputStream(file), 1 << 16);
    } catch (NoSuchFileException missing) {
      throw new NoSuchFileException(
          file.toString(),
          null,
          "there is no such file; check the path, relative to " + Path.of("").toAbsolutePath());
    } catch (AccessDeniedException denied) {
      throw new AccessDeniedException(file.toString(), null, "no permission to read this file");
    }
    try {
      in.mark(4);
      byte[] magic = in.readNBytes(4);
      in.reset();
      if (startsWith(magic, 0x1f, 0x8b)) {
        return new Opened(new WholeGzipStream(in, Files.size(file)), true);
      }
      if (startsWith(magic, 'P', 'K', 3, 4)) {
        throw new InvalidDataException(
            file, InvalidDataException.NO_LINE, "this is a zip archive", "Unpack it first.");
      }
      if (startsWith(magic, 0xfe, 0xff) || startsWith(magic, 0xff, 0xfe)) {
        throw new InvalidDataException(
            file, InvalidDataException.NO_LINE, "this text is UTF-16", "Save it as UTF-8.");
      }
      return new Opened(in, false);
    } catch (IOException failed) {
      in.close();
      throw failed instanceof java.io.EOFException ? truncated(file, 0) : failed;
    }
  }

  /** The error of gzip data that ends too early. */
  static InvalidDataException truncated(Path file, long goodLines) {
    return new InvalidDataException(
        file,
        InvalidDataException.NO_LINE,
        "the gzip data ends too early, after line " + goodLines,
        "The file is cut: download or compress it again.");
  }

  /** The error of gzip data that is damaged. */
  static InvalidDataException damaged(Path file, long goodLines, ZipException cause) {
    return new InvalidDataException(
        file,
        InvalidDataException.NO_LINE,
        "the gzip data is damaged after line " + goodLines + " (" + cause.getMessage() + ")",
        "Download or compress the file again.");
  }

  private static boolean startsWith(byte[] bytes, int... prefix) {
    if (bytes.length < prefix.length) {
      return false;
    }
    for (int i = 0; i < prefix.length; i++) {
      if ((bytes[i] & 0xff) != prefix[i]) {
        return false;
      }
    }
    return true;
  }

  /**
   * A gzip stream whose end is the end of the file. {@link GZIPInputStream} takes whatever follows
   * a member and is not the whole header of another one for the end, so a file of several members
   * that is cut inside a header would read as complete.
   */
  private static final class WholeGzipStream extends GZIPInputStream {
    private final CountingStream compressed;
    private final long compressedSize;
    private long filled;

    WholeGzipStream(InputStream in, long compressedSize) throws IOException {
      this(new CountingStream(in), compressedSize);
    }

    private WholeGzipStream(CountingStream compressed, long compressedSize) throws IOException {
      super(compressed, 1 << 14);
      this.compressed = compressed;
      this.compressedSize = compressedSize;
    }

    @Override
    protected void fill() throws IOException {
      super.fill();
      filled = compressed.count;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int count = super.read(target, offset, length);
      if (count < 0) {
        long end = filled - inf.getRemaining() + Integer.BYTES + Integer.BYTES; // CRC and size
        if (end != compressedSize) {
          throw new ZipException(
              (compressedSize - end) + " bytes behind its end are not gzip data");
        }
      }
      return count;
    }
  }

  private static final class CountingStream extends FilterInputStream {
    private long count;

    CountingStream(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      int read = super.read();
      count += read < 0 ? 0 : 1;
      return read;
    }

    @Override
    public int read(byte[] target, int offset, int length) throws IOException {
      int read = super.read(target, offset, length);
      count += Math.max(read, 0);
      return read;
    }
  }
}
