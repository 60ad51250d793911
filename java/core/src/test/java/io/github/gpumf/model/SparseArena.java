package io.github.gpumf.model;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Assumptions;

/**
 * Memory for tables that are far larger than this machine's: each allocation maps a sparse file, of
 * which only the pages exist that were written. Reading a page that was never written gives zeros.
 *
 * <p>Tests must touch a few rows only: nothing that goes over a whole table.
 */
public final class SparseArena implements Arena {
  private static final long PROBED_BYTES = 1L << 36;

  private final Path directory;
  private final Arena mappings = Arena.ofShared();
  private final List<Path> files = new ArrayList<>();

  /**
   * Makes an arena, or aborts the test with the reason if the directory's file system writes the
   * holes of files to the disk.
   */
  public SparseArena(Path directory) {
    this.directory = directory;
    assumeHolesTakeNoSpace();
  }

  private void assumeHolesTakeNoSpace() {
    Path probe = directory.resolve("probe");
    try {
      try {
        long before = Files.getFileStore(directory).getUnallocatedSpace();
        try (FileChannel channel = create(probe)) {
          channel.write(ByteBuffer.allocate(1), PROBED_BYTES);
        }
        long taken = before - Files.getFileStore(directory).getUnallocatedSpace();
        // Others may write at the same time, but hardly half as much.
        Assumptions.assumeTrue(
            taken < PROBED_BYTES / 2,
            () ->
                "tables beyond 2^31 floats are NOT tested: a hole of "
                    + PROBED_BYTES
                    + " bytes takes "
                    + taken
                    + " bytes in "
                    + directory
                    + "; use a file system with sparse files");
      } catch (IOException refused) {
        Assumptions.abort(
            "tables beyond 2^31 floats are NOT tested: no sparse file in "
                + directory
                + ": "
                + refused);
      } finally {
        Files.deleteIfExists(probe);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  private static FileChannel create(Path file) throws IOException {
    return FileChannel.open(
        file,
        StandardOpenOption.CREATE_NEW,
        StandardOpenOption.SPARSE,
        StandardOpenOption.READ,
        StandardOpenOption.WRITE);
  }

  @Override
  public MemorySegment allocate(long byteSize, long byteAlignment) {
    Path file = directory.resolve("table" + files.size());
    files.add(file);
    try (FileChannel channel = create(file)) {
      // A mapping starts on a page, which is more than any alignment asked for.
      return channel.map(FileChannel.MapMode.READ_WRITE, 0, byteSize, mappings);
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Override
  public MemorySegment.Scope scope() {
    return mappings.scope();
  }

  @Override
  public void close() {
    mappings.close();
    try {
      for (Path file : files) {
        Files.delete(file);
      }
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }
}
