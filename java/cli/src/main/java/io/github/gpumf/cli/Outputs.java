package io.github.gpumf.cli;

import java.nio.file.Files;
import java.nio.file.Path;

/** Looks at where a file is to be written before hours of work, not after. */
final class Outputs {
  private Outputs() {}

  static void check(Path file) {
    if (Files.isDirectory(file)) {
      throw new CommandFailedException(
          "cannot write " + file + ": it is a directory; give the name of a file");
    }
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder)) {
      throw new CommandFailedException(
          "cannot write " + file + ": there is no directory " + folder + "; make it first");
    }
    if (!Files.isWritable(folder)) {
      throw new CommandFailedException(
          "cannot write " + file + ": no permission to write in " + folder);
    }
  }
}
