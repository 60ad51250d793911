package io.github.gpumf.data;

import java.io.Closeable;
import java.io.File;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Files that are there whole or not at all, whatever happens while they are written: written under
 * another name in the same directory, synced, renamed, and the directory synced.
 *
 * <p>Safe for any number of threads; of several that write one file, the last to rename wins.
 */
public final class AtomicFiles {
  /** Ends the names of unfinished files, which begin with a dot. */
  static final String UNFINISHED = ".tmp";

  private AtomicFiles() {}

  /** What a file is to hold. */
  @FunctionalInterface
  public interface Content {
    /**
     * Writes it.
     *
     * @param out not buffered; closed by the caller
     * @throws IOException if it cannot be written
     */
    void writeTo(OutputStream out) throws IOException;
  }

  /**
   * Makes or replaces a file; of a link, the file that it leads to. When this returns, the file is
   * on the disk. When it throws, the file is what it was before, and nothing is left behind; only
   * if the directory cannot be synced at the very end is the new file in place already. A process
   * killed meanwhile leaves the old file and a {@code .NAME.*.tmp} beside it.
   *
   * <p>Not stopped by interruption: the thread's interrupt status is still set afterwards. On
   * Windows a file that is memory-mapped cannot be replaced.
   *
   * @param file to make or replace; its directory must exist
   * @param content what it is to hold
   * @throws IOException if it cannot be written
   */
  @SuppressWarnings("try") // The first resource is there for its end: it cleans up.
  public static void write(Path file, Content content) throws IOException {
    Path target = Files.exists(file) ? file.toRealPath() : file.toAbsolutePath();
    Path directory = target.getParent();
    if (directory == null || Files.isDirectory(target)) {
      throw new FileSystemException(
          file.toString(), null, "is a directory; give the name of a file");
    }
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS) && !Files.isRegularFile(target)) {
      // It would be replaced by a file: /dev/null, too.
      throw new FileSystemException(
          file.toString(),
          null,
          "is a device, a pipe or a link that leads nowhere; give the name of a file");
    }
    if (!Files.isDirectory(directory)) {
      throw new NoSuchFileException(
          file.toString(), null, "there is no directory " + directory + "; make it first");
    }
    Path unfinished =
        directory.resolve("." + target.getFileName() + "." + UUID.randomUUID() + UNFINISHED);
    try (Closeable cleanUp = () -> Files.deleteIfExists(unfinished)) {
      // Not a FileChannel: that one is closed when its thread is interrupted.
      try (FileOutputStream out = new FileOutputStream(unfinished.toFile())) {
        content.writeTo(out);
        out.getFD().sync();
      }
      Files.move(unfinished, target, StandardCopyOption.ATOMIC_MOVE);
    }
    syncDirectory(directory);
  }

  /** Makes a rename last through a power failure. */
  private static void syncDirectory(Path directory) throws IOException {
    if (File.separatorChar == '\\') {
      return; // Windows cannot open a directory, and journals its renames.
    }
    Uninterrupted.run(
        () -> {
          try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
            channel.force(true);
            return directory;
          }
        });
  }
}
