package io.github.gpumf.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import jcuda.CudaException;
import jcuda.nvptxcompiler.JNvPTXCompiler;
import jcuda.nvptxcompiler.nvPTXCompilerHandle;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The PTX that is shipped: made of the sources as they are, and good for every chip. */
final class PtxTest {
  private static final Path SOURCES =
      Path.of(System.getProperty("gpumf.root", "")).resolve("kernels/src/main/cuda");

  /** In what the compilers say with {@code -v}. */
  private static final Pattern SPILLED =
      Pattern.compile("(\\d+) bytes spill stores, (\\d+) bytes spill loads");

  private static Properties manifest() throws IOException {
    Properties manifest = new Properties();
    try (InputStream content =
        Objects.requireNonNull(
            Kernels.class.getResourceAsStream("/io/github/gpumf/kernels/manifest.properties"))) {
      manifest.load(content);
    }
    return manifest;
  }

  private static List<String> files() throws IOException {
    return manifest().stringPropertyNames().stream()
        .filter(name -> name.endsWith(".ptx"))
        .map(name -> name.substring(0, name.length() - ".ptx".length()))
        .sorted()
        .toList();
  }

  private static String sha256(byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError(impossible);
    }
  }

  @Test
  void isNotOlderThanItsSources() throws IOException {
    List<byte[]> parts = new ArrayList<>();
    TreeSet<String> kernels = new TreeSet<>();
    try (Stream<Path> sources = Files.list(SOURCES)) {
      for (Path source : sources.sorted().toList()) { // in the order of build.sh
        parts.add(Files.readAllBytes(source));
        String name = source.getFileName().toString();
        if (name.endsWith(".cu")) {
          kernels.add(name.replace(".cu", ""));
        }
      }
    }
    Properties manifest = manifest();
    assertEquals(
        manifest.getProperty("sources"),
        sha256(parts.toArray(byte[][]::new)),
        "the kernels changed after their PTX was made; run kernels/build.sh");
    assertEquals(kernels, new TreeSet<>(files()), "a PTX for each source");
    String script = Files.readString(SOURCES.resolve("../../../build.sh"));
    assertTrue(
        script.contains("flags=\"" + manifest.getProperty("flags") + "\""),
        "the flags changed after the PTX was made; run kernels/build.sh");
    for (String file : files()) {
      assertEquals(
          manifest.getProperty(file + ".ptx"),
          sha256(Kernels.ptx(file).getBytes(StandardCharsets.US_ASCII)),
          file + ".ptx is not what build.sh made");
    }
  }

  /** What the compiler says of a PTX; fails where it does not take it. */
  private static String compile(String file, String chip) {
    byte[] text = (Kernels.ptx(file) + "\0").getBytes(StandardCharsets.US_ASCII);
    nvPTXCompilerHandle compiler = new nvPTXCompilerHandle();
    JNvPTXCompiler.nvPTXCompilerCreate(compiler, text.length, text);
    try {
      JNvPTXCompiler.nvPTXCompilerCompile(
          compiler, 2, new String[] {"--gpu-name=" + chip, "--verbose"});
      long[] size = new long[1];
      JNvPTXCompiler.nvPTXCompilerGetCompiledProgramSize(compiler, size);
      assertTrue(size[0] > 0, file + " is empty for " + chip);
      JNvPTXCompiler.nvPTXCompilerGetInfoLogSize(compiler, size);
      byte[] log = new byte[(int) size[0] + 1];
      JNvPTXCompiler.nvPTXCompilerGetInfoLog(compiler, log);
      return new String(log, StandardCharsets.US_ASCII);
    } finally {
      JNvPTXCompiler.nvPTXCompilerDestroy(compiler);
    }
  }

  private static void assertNothingSpilled(String report, String what) {
    Matcher spilled = SPILLED.matcher(report);
    int kernels = 0;
    while (spilled.find()) {
      kernels++;
      assertEquals("0", spilled.group(1), what + ": " + report);
      assertEquals("0", spilled.group(2), what + ": " + report);
    }
    assertTrue(kernels > 0, "the compiler reports spills: " + report);
  }

  /** Every chip that JCuda's compiler knows, from the PTX's own target on. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_70", "sm_72", "sm_75", "sm_80", "sm_86", "sm_87", "sm_89", "sm_90"})
  void compilesForEveryChipWithoutSpills(String chip) throws IOException {
    JNvPTXCompiler.setExceptionsEnabled(true);
    assertFalse(files().isEmpty());
    for (String file : files()) {
      assertNothingSpilled(compile(file, chip), file + " for " + chip);
    }
  }

  /** A choice between two structs puts both there, for one, and nobody says so. */
  @Test
  void noKernelHasLocalMemory() throws IOException {
    for (String file : files()) {
      assertFalse(Kernels.ptx(file).contains(".local"), file);
    }
  }

  @Test
  void aChipBeforeTheTargetIsRefused() {
    JNvPTXCompiler.setExceptionsEnabled(true);
    assertThrows(CudaException.class, () -> compile("totals", "sm_60"));
  }

  /** The chips of a newer CUDA, where its assembler is installed. */
  @ParameterizedTest
  @ValueSource(strings = {"sm_75", "sm_80", "sm_86", "sm_89", "sm_90", "sm_100", "sm_120"})
  void assemblesForNewerChips(String chip) throws IOException, InterruptedException {
    Path folder = Files.createTempDirectory("ptx");
    for (String file : files()) {
      Path ptx = folder.resolve(file + ".ptx");
      Files.writeString(ptx, Kernels.ptx(file));
      Process assembler;
      try {
        assembler =
            new ProcessBuilder("ptxas", "-v", "-arch=" + chip, "-o", "/dev/null", ptx.toString())
                .redirectErrorStream(true)
                .start();
      } catch (IOException absent) {
        Assumptions.abort("left out: there is no ptxas on the PATH (nvcc 13 brings it)");
        throw new AssertionError("not reached");
      }
      String report =
          new String(assembler.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
      assertEquals(0, assembler.waitFor(), report);
      assertNothingSpilled(report, file + " for " + chip);
    }
  }
}
