package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
  @TempDir private Path directory;

  private static AtomicFiles.Content content(String text) {
    return out -> out.write(text.getBytes(StandardCharsets.UTF_8));
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(directory)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void makesAndReplacesAFile() throws IOException {
    Path file = directory.resolve("model");
    AtomicFiles.write(file, content("first"));
    assertEquals("first", Files.readString(file));
    AtomicFiles.write(file, content("2nd"));
    assertEquals("2nd", Files.readString(file));
    assertEquals(List.of("model"), names());
  }

  @Test
  void keepsTheOldFileWhenTheContentFails() throws IOException {
    Path file = directory.resolve("model");
    AtomicFiles.write(file, content("old"));
    IOException full = new IOException("no space left on device");
    IOException thrown =
        assertThrows(
            IOException.class,
            () ->
                AtomicFiles.write(
                    file,
                    out -> {
                      out.write(new byte[100]);
                      throw full;
                    }));
    assertEquals(full, thrown);
    assertThrows(
        IllegalStateException.class,
        () ->
            AtomicFiles.write(
                file,
                out -> {
                  throw new IllegalStateException("a bug");
                }));
    assertEquals("old", Files.readString(file));
    assertEquals(List.of("model"), names());
  }

  @Test
  void saysWhatIsWrongWithTheTarget() throws IOException {
    FileSystemException isDirectory =
        assertThrows(
            FileSystemException.class, () -> AtomicFiles.write(directory, content("text")));
    assertTrue(isDirectory.toString().contains("give the name of a file"));
    NoSuchFileException missing =
        assertThrows(
            NoSuchFileException.class,
            () -> AtomicFiles.write(directory.resolve("none/model"), content("text")));
    assertTrue(missing.toString().contains("make it first"));
    assertEquals(List.of(), names());
  }

  @Test
  void writesWhatALinkLeadsTo() throws IOException {
    Path target = Files.writeString(directory.resolve("target"), "old");
    Path link = Files.createSymbolicLink(directory.resolve("link"), Path.of("target"));
    AtomicFiles.write(link, content("new"));
    assertTrue(Files.isSymbolicLink(link));
    assertEquals("new", Files.readString(target));
    Path lost = Files.createSymbolicLink(directory.resolve("lost"), Path.of("nowhere"));
    assertThrows(FileSystemException.class, () -> AtomicFiles.write(lost, content("new")));
    assertTrue(Files.isSymbolicLink(lost));
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void doesNotReplaceADevice() throws Exception {
    Path pipe = directory.resolve("pipe");
    assertEquals(0, new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor());
    String refusal =
        Thrown.message(FileSystemException.class, () -> AtomicFiles.write(pipe, content("text")));
    assertTrue(refusal.contains("is a device, a pipe"), refusal);
    assertTrue(Files.exists(pipe) && !Files.isRegularFile(pipe));
  }

  @Test
  void leavesAReadOnlyDirectoryAsItWas() throws IOException {
    Path file = directory.resolve("model");
    AtomicFiles.write(file, content("old"));
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("r-xr-xr-x"));
    String expected = "new"; // What root may do in spite of the permissions.
    try {
      AtomicFiles.write(file, content("new"));
    } catch (IOException refused) {
      expected = "old";
    } finally {
      Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
    assertEquals(expected, Files.readString(file));
    assertEquals(List.of("model"), names());
  }

  @Test
  void isNotStoppedByInterruption() throws IOException {
    Path file = directory.resolve("model");
    Thread.currentThread().interrupt();
    AtomicFiles.write(file, content("text"));
    assertTrue(Thread.interrupted(), "the interruption must still be there for the caller");
    assertEquals("text", Files.readString(file));
  }

  @Test
  void severalThreadsLeaveOneWholeFile() throws Exception {
    Path file = directory.resolve("model");
    List<Future<?>> writes = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (int thread = 0; thread < 4; thread++) {
        String text = Integer.toString(thread).repeat(10_000 + thread);
        writes.add(
            threads.submit(
                () -> {
                  for (int time = 0; time < 10; time++) {
                    AtomicFiles.write(file, content(text));
                  }
                  return null;
                }));
      }
    }
    for (Future<?> write : writes) {
      write.get();
    }
    String text = Files.readString(file);
    int thread = text.charAt(0) - '0';
    assertEquals(Integer.toString(thread).repeat(10_000 + thread), text);
    assertEquals(List.of("model"), names());
  }
}
