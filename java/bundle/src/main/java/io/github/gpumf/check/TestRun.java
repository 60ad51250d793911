package io.github.gpumf.check;

import static org.junit.platform.engine.discovery.ClassNameFilter.excludeClassNamePatterns;
import static org.junit.platform.engine.discovery.ClassNameFilter.includeClassNamePatterns;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectPackage;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.check.Findings.Tests;
import java.io.File;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;
import org.junit.platform.engine.DiscoverySelector;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestExecutionResult.Status;
import org.junit.platform.engine.support.descriptor.ClassSource;
import org.junit.platform.engine.support.descriptor.MethodSource;
import org.junit.platform.launcher.LauncherDiscoveryRequest;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;

/**
 * Runs the backend's tests on the machine's GPU, in a JVM of its own: a kernel that goes wrong
 * takes the context with it, and must not take the measures.
 *
 * <p>Left out are tests of the build (architecture, the PTX's sources) and those that break the
 * device on purpose: all of the driver package, and those that lose it for good. They need the
 * stand-in for it.
 */
final class TestRun implements TestExecutionListener {
  private static final String PACKAGE = "io.github.gpumf.cuda";

  /** A device that one of these has lost stays lost for the tests after it. */
  private static final String LOSES_THE_DEVICE = ".*FaultTest";

  private int passed;
  private final List<String> failed = new ArrayList<>();
  private final Map<String, Integer> leftOut = new TreeMap<>();
  private final Map<String, Integer> classes = new TreeMap<>();
  private @Nullable TestPlan plan;

  private TestRun() {}

  /** Writes a {@link Tests} into the file given; it is there only if all was run. */
  public static void main(String[] args) throws IOException {
    long start = System.nanoTime();
    LauncherDiscoveryRequest request =
        LauncherDiscoveryRequestBuilder.request()
            .selectors(
                selectPackage(PACKAGE), selectClass("io.github.gpumf.backend.KerasParityTest"))
            .filters(
                includeClassNamePatterns(
                    PACKAGE.replace(".", "\\.") + "\\.[A-Za-z]+Test", ".*\\.KerasParityTest"),
                excludeClassNamePatterns(
                    ".*\\.(ArchitectureTest|KernelConstantsTest|PtxTest)", LOSES_THE_DEVICE))
            .build();
    TestRun run = new TestRun();
    LauncherFactory.create().execute(request, run);
    run.leaveOutBreakingTests();
    Tests tests =
        new Tests(
            run.passed, run.failed, run.leftOut, run.classes, (System.nanoTime() - start) / 1e9);
    new ObjectMapper().writeValue(new File(args[0]), tests);
    System.exit(0); // Whatever threads a test has left.
  }

  private void leaveOutBreakingTests() {
    int methods =
        methods(selectPackage(PACKAGE + ".driver"), ".*")
            + methods(selectPackage(PACKAGE), LOSES_THE_DEVICE);
    leftOut.put("methods of tests that break the device on purpose", methods);
  }

  private static int methods(DiscoverySelector selector, String classes) {
    TestPlan found =
        LauncherFactory.create()
            .discover(
                LauncherDiscoveryRequestBuilder.request()
                    .selectors(selector)
                    .filters(includeClassNamePatterns(classes))
                    .build());
    return (int)
        found.countTestIdentifiers(
            test -> test.getSource().filter(MethodSource.class::isInstance).isPresent());
  }

  @Override
  public void testPlanExecutionStarted(TestPlan started) {
    plan = started;
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    leftOut.merge(reason, 1, Integer::sum);
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (test.isContainer() && result.getStatus() == Status.SUCCESSFUL) {
      test.getSource()
          .filter(ClassSource.class::isInstance)
          .ifPresent(source -> classFinished(((ClassSource) source).getClassName()));
      return;
    }
    String reason = result.getThrowable().map(TestRun::firstLine).orElse("no reason given");
    switch (result.getStatus()) {
      case SUCCESSFUL -> passed++;
      case ABORTED -> leftOut.merge(reason, 1, Integer::sum);
      case FAILED -> {
        failed.add(name(test) + ": " + reason);
        System.err.println("  FAILED " + failed.getLast());
        result.getThrowable().ifPresent(Throwable::printStackTrace);
      }
    }
  }

  private void classFinished(String name) {
    int before = classes.values().stream().mapToInt(Integer::intValue).sum();
    String simpleName = name.substring(name.lastIndexOf('.') + 1);
    classes.put(simpleName, passed - before);
    System.err.println("  " + simpleName + ": " + (passed - before) + " passed");
  }

  private String name(TestIdentifier test) {
    return Objects.requireNonNull(plan)
            .getParent(test)
            .map(parent -> name(parent) + " > ")
            .orElse("")
        + test.getDisplayName();
  }

  private static String firstLine(Throwable failure) {
    return failure.toString().lines().findFirst().orElse("");
  }
}
