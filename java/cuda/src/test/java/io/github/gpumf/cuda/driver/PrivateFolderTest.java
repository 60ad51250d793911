package io.github.gpumf.cuda.driver;

import static io.github.gpumf.cuda.driver.Thrown.assertFails;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@DisabledOnOs(OS.WINDOWS) // Permissions of POSIX.
class PrivateFolderTest {
  private static final byte[] CONTENT = "the library".getBytes(StandardCharsets.US_ASCII);

  @TempDir private Path directory;

  private Path folder() {
    return directory.resolve("private");
  }

  private Path file() {
    return folder().resolve("lib.so");
  }

  private void assertPrepared() throws IOException {
    PrivateFolder.prepare(folder(), "lib.so", CONTENT);
    assertArrayEquals(CONTENT, Files.readAllBytes(file()));
    try (var files = Files.list(folder())) {
      assertEquals(List.of(file()), files.toList(), "nothing else is left");
    }
  }

  @Test
  void makesItForUsAlone() throws IOException {
    assertPrepared();
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void keepsAFileThatIsWhole() throws IOException {
    assertPrepared();
    Object before = Files.getAttribute(file(), "unix:ino");
    assertPrepared();
    assertEquals(before, Files.getAttribute(file(), "unix:ino"));
  }

  @Test
  void replacesAFileThatIsPlantedOrTruncated() throws IOException {
    assertPrepared();
    Files.writeString(file(), "the l");
    assertPrepared();
    Files.writeString(file(), "THE LIBRARY");
    assertPrepared();
  }

  @Test
  void replacesAFileThatOthersCanWrite() throws IOException {
    assertPrepared();
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-rw-rw-"));
    assertPrepared();
    assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
  }

  @Test
  void replacesALinkAndNotItsTarget() throws IOException {
    assertPrepared();
    Files.delete(file());
    Path elsewhere = Files.writeString(directory.resolve("elsewhere"), "another");
    Files.createSymbolicLink(file(), elsewhere);
    assertPrepared();
    assertFalse(Files.isSymbolicLink(file()));
    assertEquals("another", Files.readString(elsewhere));
  }

  @Test
  void refusesAFolderThatOthersCanWrite() throws IOException {
    Files.createDirectory(folder());
    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertFails(
        IOException.class,
        () -> PrivateFolder.prepare(folder(), "lib.so", CONTENT),
        folder().toString(),
        "can be written by others",
        "chmod 700",
        "-Dgpumf.natives");
    assertFalse(Files.exists(file(), LinkOption.NOFOLLOW_LINKS));
  }

  @Test
  void refusesALinkToAFolder() throws IOException {
    Path elsewhere = Files.createDirectory(directory.resolve("elsewhere"));
    Files.createSymbolicLink(folder(), elsewhere);
    assertFails(
        IOException.class, () -> PrivateFolder.prepare(folder(), "lib.so", CONTENT), "is a link");
    try (var files = Files.list(elsewhere)) {
      assertEquals(0, files.count());
    }
  }
}
