package io.github.gpumf.cuda;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Who may import whom in this module. */
final class ArchitectureTest {
  private static final String ROOT = "io.github.gpumf";

  /** For each package of this module the packages of this project that it may use, itself aside. */
  private static final Map<String, Set<String>> MAY_USE =
      Map.of(
          "cuda", Set.of("backend", "cuda.driver", "data", "model", "optim"),
          "cuda.driver", Set.of());

  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages(ROOT + ".cuda");

  @Test
  void everyPackageIsInTheTable() {
    Set<String> found = new TreeSet<>();
    for (JavaClass each : CLASSES) {
      found.add(each.getPackageName().substring(ROOT.length() + 1));
    }
    assertEquals(MAY_USE.keySet(), found);
  }

  @TestFactory
  Stream<DynamicTest> packagesUseWhatTheyMay() {
    return MAY_USE.entrySet().stream()
        .map(
            row ->
                DynamicTest.dynamicTest(
                    row.getKey(),
                    () ->
                        noClasses()
                            .that()
                            .resideInAPackage(ROOT + "." + row.getKey())
                            .should()
                            .dependOnClassesThat(oursExcept(row.getKey(), row.getValue()))
                            .check(CLASSES)));
  }

  private static DescribedPredicate<JavaClass> oursExcept(String name, Set<String> others) {
    return DescribedPredicate.describe(
        "are of this project and neither in " + name + " nor in " + others,
        each -> {
          String other = each.getPackageName();
          return (other.equals(ROOT) || other.startsWith(ROOT + "."))
              && !other.equals(ROOT + "." + name)
              && others.stream().noneMatch(allowed -> other.equals(ROOT + "." + allowed));
        });
  }

  /** JCuda is an implementation detail of two classes and their loader. */
  private static void checkThatJCudaIsKnownOnlyTo(String pattern) {
    noClasses()
        .that()
        .haveNameNotMatching(pattern)
        .should()
        .dependOnClassesThat()
        .resideInAPackage("jcuda..")
        .check(CLASSES);
  }

  @Test
  void onlyItsBindingsKnowJCuda() {
    checkThatJCudaIsKnownOnlyTo(".*\\.driver\\.(JCudaBinding|JCublasBinding|JCudaNatives)(\\$.*)?");
  }

  @Test
  void aForbiddenImportIsFound() {
    // The loader uses JCuda; forbidding it that must fail, or the rule above cannot fail either.
    assertThrows(
        AssertionError.class,
        () -> checkThatJCudaIsKnownOnlyTo(".*\\.JCu(da|blas)Binding(\\$.*)?"));
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
