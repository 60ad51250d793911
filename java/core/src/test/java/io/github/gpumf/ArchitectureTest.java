package io.github.gpumf;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Who may import whom. */
final class ArchitectureTest {
  private static final String ROOT = "io.github.gpumf";

  /**
   * For each package below the root the packages of this project that it may use, itself aside.
   * Recommending and evaluating run on a backend, and a checkpoint is a file, so these three reach
   * one package further than their neighbours.
   */
  private static final Map<String, Set<String>> MAY_USE =
      new TreeMap<>(
          Map.of(
              "data", Set.of(),
              "optim", Set.of(),
              "model", Set.of("data"),
              "io", Set.of("data", "model"),
              "backend", Set.of("data", "model", "optim"),
              "backend.scalar", Set.of("backend", "data", "model", "optim"),
              "backend.vector", Set.of("backend", "data", "model", "optim"),
              "train", Set.of("backend", "data", "io", "model", "optim"),
              "recommend", Set.of("backend", "data", "model"),
              "evaluate", Set.of("backend", "data", "model", "recommend")));

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT);

  @Test
  void everyPackageIsInTheTable() {
    Set<String> found = new TreeSet<>();
    for (JavaClass each : CLASSES) {
      if (!each.getPackageName().equals(ROOT)) {
        found.add(each.getPackageName().substring(ROOT.length() + 1));
      }
    }
    assertEquals(MAY_USE.keySet(), found);
  }

  @TestFactory
  Stream<DynamicTest> packagesUseWhatTheyMay() {
    return MAY_USE.entrySet().stream()
        .map(
            row ->
                DynamicTest.dynamicTest(row.getKey(), () -> check(row.getKey(), row.getValue())));
  }

  private static void check(String name, Set<String> others) {
    String[] allowed =
        Stream.concat(Stream.of(name), others.stream())
            .map(other -> ROOT + "." + other)
            .toArray(String[]::new);
    DescribedPredicate<JavaClass> ours =
        resideInAPackage(ROOT + "..")
            .and(DescribedPredicate.not(residesInOneOf(allowed)))
            .as("outside " + Arrays.toString(allowed));
    noClasses()
        .that()
        .resideInAPackage(ROOT + "." + name)
        .should()
        .dependOnClassesThat(ours)
        .check(CLASSES);
  }

  private static DescribedPredicate<JavaClass> residesInOneOf(String... packages) {
    return DescribedPredicate.describe(
        "in one of " + Arrays.toString(packages),
        each -> Arrays.asList(packages).contains(each.getPackageName()));
  }

  @Test
  void aForbiddenImportIsFound() {
    // The oracle imports data; forbidding it that must fail, or the rules above cannot fail either.
    assertThrows(AssertionError.class, () -> check("backend.scalar", Set.of("backend")));
  }

  @Test
  void vectorsAreReachedThroughTheirProviderOnly() {
    classes()
        .that()
        .resideInAPackage(ROOT + ".backend.vector")
        .and()
        .haveModifier(JavaModifier.PUBLIC)
        .should()
        .haveSimpleNameEndingWith("Provider")
        .check(CLASSES);
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT + ".backend.vector")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jdk.incubator..")
        .check(CLASSES);
  }

  @Test
  void nothingImportsTheFacade() {
    noClasses()
        .that()
        .resideOutsideOfPackage(ROOT)
        .should()
        .dependOnClassesThat()
        .resideInAPackage(ROOT)
        .check(CLASSES);
  }

  @Test
  void theLibraryIsSilent() {
    noClasses()
        .should()
        .accessField(System.class, "out")
        .orShould()
        .accessField(System.class, "err")
        .check(CLASSES);
  }
}
