package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** {@link BadInputTest} has the rest: root may write everywhere, and tests may run as root. */
class OutputsTest {
  private static final Path FOLDER = Path.of("folder");

  @Test
  void permissionIsToldFromOtherReasons() {
    assertEquals(
        "there is no permission to write in folder; choose another directory",
        Outputs.refusal(FOLDER, new AccessDeniedException("folder/.out.tmp")));
    assertEquals(
        "no file of this name can be made in folder; choose another",
        Outputs.refusal(
            FOLDER, new FileSystemException("folder/.out.tmp", null, "File name too long")));
  }
}
