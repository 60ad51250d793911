package io.github.gpumf.cli;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Looks at where a file is to be written before hours of work, not after. */
final class Outputs {
  private Outputs() {}

  /**
   * Fails if a file cannot be written, or must not be.
   *
   * @param file to be written
   * @param inputs files that the command reads, null for those that were not given
   */
  static void check(Path file, @Nullable Path... inputs) throws IOException {
    if (Files.isDirectory(file)) {
      throw new CommandFailedException(
          "cannot write " + file + ": it is a directory; give the name of a file");
    }
    if (Files.exists(file) && !Files.isRegularFile(file)) {
      // A file is written beside and renamed, which would take the place of /dev/null.
      throw new CommandFailedException(
          "cannot write " + file + ": it is a device or a pipe; give the name of a file");
    }
    for (Path input : inputs) {
      if (input != null
          && Files.exists(file)
          && Files.exists(input)
          && Files.isSameFile(file, input)) {
        throw new CommandFailedException(
            "cannot write " + file + ": it is also read; give --output another name");
      }
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new CommandFailedException(
          "cannot write " + file + ": there is no directory " + folder + "; make it first");
    }
    Path probe = folder.resolve("." + file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      // Only a file tells: permissions know neither of file systems that take none nor of long
      // names.
      Files.delete(Files.createFile(probe));
    } catch (IOException refused) {
      throw new CommandFailedException(
          "cannot write " + file + ": " + refusal(folder, refused), refused);
    }
  }

  /** Why a folder takes no file, and what to do. */
  static String refusal(Path folder, IOException refused) {
    return refused instanceof AccessDeniedException
        ? "there is no permission to write in " + folder + "; choose another directory"
        : "no file of this name can be made in " + folder + "; choose another";
  }
}
