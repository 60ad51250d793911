package io.github.gpumf.backend;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.model.MfModel;
import java.util.ArrayList;
import java.util.List;
import java.util.SequencedMap;
import org.junit.jupiter.api.Test;

final class BackendsTest {
  private final UnsatisfiedLinkError noDriver = new UnsatisfiedLinkError("libcuda.so.1");

  /** A backend with nothing behind its name. */
  private record Named(String name, String device) implements Backend {
    @Override
    public MemoryPlan plan(TrainingShape shape) {
      throw new UnsupportedOperationException();
    }

    @Override
    public TrainingSession openTraining(TrainingJob job) {
      throw new UnsupportedOperationException();
    }

    @Override
    public Scorer openScorer(MfModel model) {
      throw new UnsupportedOperationException();
    }
  }

  private record Provider(String name, int priority, Availability probe)
      implements BackendProvider {}

  private static Provider there(String name, int priority, String device) {
    return new Provider(name, priority, new Available(new Named(name, device)));
  }

  private static final Provider SCALAR = there("scalar", 100, "plain Java");
  private static final Provider VECTOR = there("vector", 200, "512-bit vectors");
  private static final Provider NO_VECTOR =
      new Provider("vector", 200, new Unavailable("no module", "add the module", null));
  private final Provider noCuda =
      new Provider(
          "cuda",
          300,
          new Unavailable(
              "no NVIDIA driver (libcuda.so.1 not found)", "install the driver", noDriver));

  private static SequencedMap<String, Availability> probed(Provider... providers) {
    return Backends.probe(List.of(providers));
  }

  @Test
  void candidatesComeByPriorityWhateverTheirOrder() {
    assertEquals(
        List.of("cuda", "vector", "scalar"), List.copyOf(probed(SCALAR, noCuda, VECTOR).keySet()));
    assertEquals(
        List.of("cuda", "vector", "scalar"), List.copyOf(probed(VECTOR, SCALAR, noCuda).keySet()));
  }

  @Test
  void eachProviderIsProbedOnce() {
    List<String> probes = new ArrayList<>();
    BackendProvider counting =
        new BackendProvider() {
          @Override
          public String name() {
            return "counting";
          }

          @Override
          public int priority() {
            return 1;
          }

          @Override
          public Availability probe() {
            probes.add(name());
            return new Unavailable("it counts", "nothing does", null);
          }
        };
    SequencedMap<String, Availability> found = Backends.probe(List.of(counting, SCALAR));
    Backends.select("auto", found);
    assertThrows(BackendUnavailableException.class, () -> Backends.select("counting", found));
    assertEquals(List.of("counting"), probes);
  }

  @Test
  void autoTakesTheFirstAndSaysWhatItPassedOverAndWhy() {
    assertEquals(
        "cuda: no NVIDIA driver (libcuda.so.1 not found) (install the driver); "
            + "vector: chosen, 512-bit vectors",
        Backends.select("auto", probed(SCALAR, VECTOR, noCuda)).explanation());
    Backends.Selection scalar = Backends.select("auto", probed(SCALAR, NO_VECTOR, noCuda));
    assertEquals("scalar", scalar.backend().name());
    assertEquals(
        "cuda: no NVIDIA driver (libcuda.so.1 not found) (install the driver); "
            + "vector: no module (add the module); scalar: chosen, plain Java",
        scalar.explanation());
    assertEquals(
        "vector: chosen, 512-bit vectors",
        Backends.select("auto", probed(SCALAR, VECTOR)).explanation(),
        "what it did not have to try is no concern");
  }

  /** What a backend's device may do when something is opened on it. */
  private static String failsOn(Backend backend, String... failing) {
    if (List.of(failing).contains(backend.name())) {
      throw new DeviceException(
          backend.name() + " is full", "empty " + backend.name(), new IllegalStateException());
    }
    return "opened on " + backend.name();
  }

  @Test
  void autoPassesOverADeviceThatFails() {
    Backends.Opened<String> opened =
        Backends.open("auto", on -> failsOn(on, "vector"), probed(SCALAR, VECTOR, noCuda));
    assertEquals("opened on scalar", opened.opened());
    assertEquals("scalar", opened.selection().backend().name());
    assertEquals(
        "cuda: no NVIDIA driver (libcuda.so.1 not found) (install the driver); "
            + "vector: warning, passed over, vector is full (empty vector); "
            + "scalar: chosen, plain Java",
        opened.selection().explanation());
    DeviceException nowhere =
        assertThrows(
            DeviceException.class,
            () ->
                Backends.open(
                    "auto", on -> failsOn(on, "vector", "scalar"), probed(SCALAR, VECTOR)));
    assertEquals("scalar is full; empty scalar", nowhere.getMessage());
  }

  @Test
  void aDeviceThatFailsIsNotReplacedIfAskedForByName() {
    DeviceException failure =
        assertThrows(
            DeviceException.class,
            () -> Backends.open("vector", on -> failsOn(on, "vector"), probed(SCALAR, VECTOR)));
    assertEquals("vector is full; empty vector", failure.getMessage());
  }

  @Test
  void aBackendWithoutDevicesSaysSo() {
    assertEquals(
        "backend scalar has no devices to choose from; ask for scalar alone",
        assertThrows(
                BackendUnavailableException.class,
                () -> Backends.select("scalar:1", probed(SCALAR, VECTOR)))
            .getMessage());
    assertEquals(
        "there is no backend \"abacus\"; known are auto, vector, scalar",
        assertThrows(
                BackendUnavailableException.class,
                () -> Backends.select("abacus:1", probed(SCALAR, VECTOR)))
            .getMessage());
  }

  @Test
  void aNameIsTaken() {
    Backends.Selection selection = Backends.select("scalar", probed(SCALAR, VECTOR));
    assertEquals("scalar", selection.backend().name());
    assertEquals("scalar: asked for by name, plain Java", selection.explanation());
  }

  @Test
  void aNameIsNeverReplaced() {
    BackendUnavailableException refusal =
        assertThrows(
            BackendUnavailableException.class,
            () -> Backends.select("cuda", probed(SCALAR, VECTOR, noCuda)));
    assertEquals(
        "backend cuda is not available: no NVIDIA driver (libcuda.so.1 not found); "
            + "install the driver, or choose backend auto",
        refusal.getMessage());
    assertSame(noDriver, refusal.getCause(), "the failure behind it is kept");
    assertNull(
        assertThrows(
                BackendUnavailableException.class,
                () -> Backends.select("vector", probed(SCALAR, NO_VECTOR)))
            .getCause());
  }

  @Test
  void unknownNamesAreRefused() {
    for (String unknown : new String[] {"abacus", "", "Scalar", " scalar"}) {
      assertEquals(
          "there is no backend \"" + unknown + "\"; known are auto, cuda, vector, scalar",
          assertThrows(
                  BackendUnavailableException.class,
                  () -> Backends.select(unknown, probed(SCALAR, VECTOR, noCuda)))
              .getMessage());
    }
  }

  @Test
  void nothingAvailableIsSaidToo() {
    assertEquals(
        "no backend is available: cuda: no NVIDIA driver (libcuda.so.1 not found) "
            + "(install the driver); vector: no module (add the module)",
        assertThrows(
                BackendUnavailableException.class,
                () -> Backends.select("auto", probed(NO_VECTOR, noCuda)))
            .getMessage());
  }

  @Test
  void theTestsThemselvesRunOnBoth() {
    // A build that must cover the vector backend fails without it.
    assertEquals(List.of("vector", "scalar"), List.copyOf(Backends.probed().keySet()));
    Backends.probed()
        .forEach((name, found) -> assertInstanceOf(Available.class, found, () -> name + found));
    assertEquals("vector", Backends.select("auto").backend().name());
    assertThrows(UnsupportedOperationException.class, () -> Backends.probed().clear());
  }
}
