package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/**
 * The launcher {@code java/gpumf} in a made-up clone, with made-up JDKs and a made-up Maven that
 * tell how they were called: nothing is built, and what this machine has installed does not matter.
 */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "the launcher is a bash script")
class LauncherTest {
  /** What the launcher calls, beside java and mvn. */
  private static final List<String> TOOLS =
      List.of("bash", "dirname", "readlink", "find", "grep", "awk", "mkdir", "touch", "flock");

  private static final Instant LONG_AGO = Instant.parse("2020-01-01T00:00:00Z");

  @TempDir private Path folder = Path.of("");
  private Path clone = Path.of("");
  private Path path = Path.of("");
  private final Map<String, String> environment = new HashMap<>();

  private record Run(int exitCode, String out, String err) {}

  @BeforeEach
  void makeAClone() throws IOException {
    clone = Files.createDirectories(folder.resolve("a clone"));
    Path root = Path.of(System.getProperty("gpumf.root"));
    Files.createDirectories(clone.resolve("java"));
    for (String script : List.of("java/gpumf", "java/jdk25.sh")) {
      Files.copy(root.resolve(script), clone.resolve(script));
    }
    for (String source :
        List.of(
            "pom.xml",
            "kernels/pom.xml",
            "kernels/src/main/kernels.cu",
            "java/core/pom.xml",
            "java/core/src/main/Core.java",
            "java/cuda/pom.xml",
            "java/cuda/src/main/Cuda.java",
            "java/cli/pom.xml",
            "java/cli/src/main/Main.java")) {
      write(source, "");
      Files.setLastModifiedTime(clone.resolve(source), FileTime.from(LONG_AGO));
    }
    path = Files.createDirectories(folder.resolve("bin"));
    for (String tool : TOOLS) {
      script(path.resolve(tool), "exec " + tool(tool) + " \"$@\"\n");
    }
    environment.put("PATH", path.toString());
    environment.put("HOME", folder.toString());
    environment.put("GPUMF_JDK_FOLDERS", "");
  }

  private void write(String file, String content) throws IOException {
    Files.createDirectories(clone.resolve(file).getParent());
    Files.writeString(clone.resolve(file), content);
  }

  /** Where this machine has a tool. */
  private static Path tool(String name) {
    return Stream.of(System.getenv("PATH").split(":", -1))
        .map(place -> Path.of(place, name))
        .filter(Files::isExecutable)
        .findFirst()
        .orElseThrow(() -> new AssertionError("the launcher needs " + name));
  }

  private static void script(Path file, String content) throws IOException {
    Files.createDirectories(file.getParent());
    Files.writeString(file, "#!" + tool("bash") + "\n" + content);
    assertTrue(file.toFile().setExecutable(true));
  }

  /** A JDK whose java prints its home, then each argument on a line of its own. */
  private String jdk(String name, String version) throws IOException {
    Path home = folder.resolve(name);
    script(home.resolve("bin/java"), "printf '%s\\n' " + name + " \"$@\"\n");
    Files.writeString(home.resolve("release"), "JAVA_VERSION=\"" + version + "\"\n");
    return home.toString();
  }

  /** A Maven that notes its arguments and that it was called. */
  private void maven(int exitCode) throws IOException {
    script(
        path.resolve("mvn"),
        """
        printf '%%s\\n' "$@" >> '%1$s/maven'
        echo call >> '%1$s/calls'
        mkdir -p '%2$s/java/cli/target/lib'
        exit %3$d
        """
            .formatted(folder, clone, exitCode));
  }

  private long mavenCalls() throws IOException {
    Path calls = folder.resolve("calls");
    return Files.exists(calls) ? Files.readAllLines(calls).size() : 0;
  }

  private void markAsBuilt() throws IOException {
    write("java/cli/target/lib/.built", "");
  }

  private Run run(Path launcher, String... args) throws Exception {
    List<String> command =
        Stream.concat(Stream.of(tool("bash").toString(), launcher.toString()), Stream.of(args))
            .toList();
    Path out = folder.resolve("out");
    Path err = folder.resolve("err");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().clear();
    builder.environment().putAll(environment);
    int exitCode = builder.directory(folder.toFile()).start().waitFor();
    return new Run(exitCode, read(out), read(err));
  }

  private Run run(String... args) throws Exception {
    return run(clone.resolve("java/gpumf"), args);
  }

  private static String read(Path file) throws IOException {
    return Files.readString(file, StandardCharsets.UTF_8);
  }

  private static void assertRan(String first, Run run) {
    assertEquals(0, run.exitCode(), run.err());
    assertEquals(first, run.out().lines().findFirst().orElse(""), run.err());
  }

  @Test
  void saysWhatToInstallWhereThereIsNoJava25() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-17", "17.0.15"));
    environment.put("GPUMF_JDK_FOLDERS", jdk("jdk-21", "21.0.2") + " " + jdk("jdk-250", "250"));
    Files.createSymbolicLink(path.resolve("java"), folder.resolve("jdk-17/bin/java"));
    Run run = run("doctor");
    assertEquals(1, run.exitCode());
    assertEquals("", run.out());
    assertTrue(run.err().contains("there is no Java 25 in JAVA_HOME, on the PATH"), run.err());
    assertTrue(run.err().contains("install one, for example Temurin 25"), run.err());
    assertTrue(run.err().lines().allMatch(line -> line.startsWith("gpumf: ")), run.err());
  }

  @Test
  void findsJava25BesideAnOlderJavaHome() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-17", "17.0.15"));
    environment.put("GPUMF_JDK_FOLDERS", jdk("jdk-21", "21.0.2") + " " + jdk("jdk-25", "25.0.3"));
    assertRan("jdk-25", run("doctor"));
  }

  @Test
  void prefersJavaHomeThenThePath() throws Exception {
    markAsBuilt();
    environment.put("GPUMF_JDK_FOLDERS", jdk("folder-25", "25"));
    String home = jdk("home-25", "25.0.1");
    jdk("path-25", "25.0.2");
    Files.createSymbolicLink(path.resolve("java"), folder.resolve("path-25/bin/java"));
    assertRan("path-25", run("doctor"));
    environment.put("JAVA_HOME", home);
    assertRan("home-25", run("doctor"));
  }

  @Test
  void passesArgumentsOnAsTheyAre() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    environment.put("GPUMF_JAVA_OPTIONS", "-Xmx3g -Dsome=thing");
    String[] args = {"train", "--ratings", "my ratings.csv", "", "*", "$HOME", "a\"b'c"};
    Run run = run(args);
    assertRan("jdk-25", run);
    List<String> called = run.out().lines().toList();
    int main = called.indexOf(Main.class.getName());
    assertEquals(List.of(args), called.subList(main + 1, called.size()));
    List<String> options = called.subList(1, main);
    String file = "@" + clone.toRealPath().resolve("java/jvm.options");
    for (String option : List.of(file, "-Xmx3g", "-Dsome=thing", "-cp")) {
      assertTrue(options.contains(option), option + " is not in " + options);
    }
    String target = clone.toRealPath().resolve("java/cli/target").toString();
    assertEquals(target + "/gpumf-cli.jar:" + target + "/lib/*", options.getLast());
  }

  /** In {@code LC_ALL=C} Java would take every letter beyond ASCII for junk. */
  @Test
  void localeIsOneOfUtf8() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    String printsLocale = "printf '%s\\n' \"${LC_ALL-unset}\"\n";
    script(folder.resolve("jdk-25/bin/java"), printsLocale);
    Path bundle = folder.resolve("bundle/bin/gpumf");
    Files.createDirectories(bundle.getParent());
    Files.copy(
        Path.of(System.getProperty("gpumf.root"), "java/bundle/src/main/bundle/gpumf"), bundle);
    script(folder.resolve("bundle/runtime/bin/java"), printsLocale);
    for (Path launcher : List.of(clone.resolve("java/gpumf"), bundle)) {
      Files.deleteIfExists(path.resolve("locale"));
      assertRan("C.UTF-8", run(launcher, "doctor")); // a machine without the tool
      script(path.resolve("locale"), "echo ANSI_X3.4-1968\n");
      assertRan("C.UTF-8", run(launcher, "doctor"));
      environment.put("LC_ALL", "de_DE");
      assertRan("C.UTF-8", run(launcher, "doctor"));
      script(path.resolve("locale"), "[ \"$1\" = charmap ] && echo UTF-8\n");
      assertRan("de_DE", run(launcher, "doctor"));
      environment.remove("LC_ALL");
      assertRan("unset", run(launcher, "doctor"));
    }
  }

  @Test
  void exitCodeIsThatOfTheCommand() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    script(folder.resolve("jdk-25/bin/java"), "exit 2\n");
    assertEquals(2, run("train").exitCode());
  }

  @Test
  void runsThroughASymlink() throws Exception {
    markAsBuilt();
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    Path link = folder.resolve("elsewhere");
    Files.createSymbolicLink(link, clone.resolve("java/gpumf"));
    Path second = Files.createSymbolicLink(folder.resolve("again"), Path.of("elsewhere"));
    Run run = run(second, "doctor");
    assertRan("jdk-25", run);
    assertTrue(run.out().contains("/a clone/java/cli/target/gpumf-cli.jar"), run.out());
  }

  @Test
  void buildsOnceWhatIsNotBuilt() throws Exception {
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    maven(0);
    Run run = run("doctor");
    assertRan("jdk-25", run);
    assertTrue(run.err().contains("gpumf: building, once"), run.err());
    List<String> called = Files.readAllLines(folder.resolve("maven"));
    assertTrue(called.contains("package"), called.toString());
    assertTrue(
        called.contains(clone.toRealPath().resolve("pom.xml").toString()), called.toString());
    run = run("doctor");
    assertRan("jdk-25", run);
    assertEquals("", run.err());
    assertEquals(1, mavenCalls());
  }

  @Test
  void buildsAgainWhenASourceIsNewer() throws Exception {
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    maven(0);
    assertRan("jdk-25", run("doctor"));
    Path stamp = clone.resolve("java/cli/target/lib/.built");
    Path source = clone.resolve("java/core/src/main/Core.java");
    Instant later = Files.getLastModifiedTime(stamp).toInstant().plusSeconds(5);
    Files.setLastModifiedTime(source, FileTime.from(later));
    assertRan("jdk-25", run("doctor"));
    assertEquals(2, mavenCalls());
  }

  @Test
  void failedBuildIsNotTakenForOne() throws Exception {
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    maven(1);
    for (int time = 1; time <= 2; time++) {
      Run run = run("doctor");
      assertFalse(run.exitCode() == 0, "a command ran on nothing");
      assertEquals("", run.out());
      assertEquals(time, mavenCalls(), "tried again");
    }
  }

  @Test
  void saysThatMavenIsMissing() throws Exception {
    environment.put("JAVA_HOME", jdk("jdk-25", "25"));
    Run run = run("doctor");
    assertEquals(1, run.exitCode());
    assertTrue(run.err().contains("no Maven on the PATH; install Maven 3.8"), run.err());
  }
}
