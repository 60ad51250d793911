package io.github.gpumf.cuda.driver;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.cuda.driver.ChildJvm.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * JVMs that load JCuda's library, beside one another and from folders that are not as they left.
 */
@DisabledOnOs(OS.WINDOWS) // Permissions of POSIX.
class JCudaNativesTest {
  /** As many have been seen to break JCuda's own loading. */
  private static final int JVMS = 32;

  @TempDir private Path directory;

  private CudaDriver driver;

  @BeforeEach
  void requireDriver() {
    driver = TestDriver.of(CudaDrivers.jcuda());
  }

  private Path folder() {
    return directory.resolve("natives");
  }

  private ChildJvm start() throws IOException {
    return ChildJvm.start(
        directory,
        true,
        List.of("-D" + JCudaNatives.FOLDER_PROPERTY + "=" + folder()),
        LoadsJCuda.class);
  }

  private void assertLoads(Result result) {
    assertEquals("", result.errors(), "nothing on standard error");
    assertEquals("CUDA " + driver.cuDriverGetVersion() + "\n", result.output());
    assertEquals(0, result.exitCode());
  }

  /** The one file in the folder. */
  private Path library() throws IOException {
    try (var files = Files.list(folder())) {
      List<Path> all = files.toList();
      assertEquals(1, all.size(), all::toString);
      return all.getFirst();
    }
  }

  @Test
  void manyJvmsStartAtOnceOnAFreshFolder() throws Exception {
    List<ChildJvm> all = new ArrayList<>();
    for (int jvm = 0; jvm < JVMS; jvm++) {
      all.add(start());
    }
    for (ChildJvm each : all) {
      assertLoads(each.await());
    }
    assertEquals(
        "rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(folder())));
    assertTrue(library().getFileName().toString().startsWith("libJCudaDriver-"));
  }

  @Test
  void neverLoadsWhatIsPlantedOrTruncated() throws Exception {
    assertLoads(start().await());
    byte[] whole = Files.readAllBytes(library());

    byte[] planted = whole.clone();
    planted[planted.length / 2] ^= 1; // Would load, and be another library.
    Files.write(library(), planted);
    assertLoads(start().await());
    assertArrayEquals(whole, Files.readAllBytes(library()));

    Files.write(library(), Arrays.copyOf(whole, whole.length / 3));
    assertLoads(start().await());
    assertArrayEquals(whole, Files.readAllBytes(library()));
  }

  @Test
  void usesAFolderOfItsOwnByDefault() throws Exception {
    Result result =
        ChildJvm.start(directory, true, List.of("-Djava.io.tmpdir=" + directory), LoadsJCuda.class)
            .await();
    assertLoads(result);
    try (var files = Files.list(directory)) {
      List<Path> folders = files.filter(Files::isDirectory).toList();
      assertEquals(1, folders.size(), folders::toString);
      assertTrue(
          folders.getFirst().getFileName().toString().startsWith("gpumf-natives-"),
          folders::toString);
    }
  }

  @Test
  void refusesAFolderOfOthers() throws Exception {
    Files.createDirectory(folder());
    Files.setPosixFilePermissions(folder(), PosixFilePermissions.fromString("rwxrwxrwx"));
    Result result =
        ChildJvm.start(
                directory,
                true,
                List.of("-D" + JCudaNatives.FOLDER_PROPERTY + "=" + folder()),
                PrintsProbes.class)
            .await();
    assertTrue(
        result.output().startsWith("jcuda: JCuda's library cannot be loaded (" + folder()),
        result::output);
    assertTrue(result.output().contains("preferred: found, through foreign"), result::output);
    assertEquals("", result.errors());
  }

  @Test
  void leavesTemporaryFilesWhereTheyAre() {
    assertFalse(System.getProperty("java.io.tmpdir").contains("gpumf-natives"));
  }
}
