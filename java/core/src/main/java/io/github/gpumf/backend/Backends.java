package io.github.gpumf.backend;

import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.ServiceLoader;

/**
 * The backends of this JVM, probed once, and the choice among them.
 *
 * <p>Safe for any number of threads.
 */
public final class Backends {
  /** The name that leaves the choice to the library. */
  public static final String AUTO = "auto";

  private Backends() {}

  /** Probes on first use, once: a probe may load a driver. */
  private static final class Probed {
    static final SequencedMap<String, Availability> BY_NAME =
        probe(ServiceLoader.load(BackendProvider.class, Backends.class.getClassLoader()));
  }

  /**
   * A backend and why it is the one.
   *
   * @param backend the choice
   * @param explanation one line: what was chosen, and for each one passed over why and what would
   *     enable it
   */
  public record Selection(Backend backend, String explanation) {}

  /**
   * What the probes found.
   *
   * @return by name, in the order in which {@code auto} tries
   */
  public static SequencedMap<String, Availability> probed() {
    return java.util.Collections.unmodifiableSequencedMap(Probed.BY_NAME);
  }

  /**
   * Chooses a backend.
   *
   * @param name {@link #AUTO} for the first that is available, or the name of the one to use
   * @return the choice
   * @throws BackendUnavailableException if the one asked for by name is not available or not known:
   *     it is never replaced
   */
  public static Selection select(String name) {
    return select(name, Probed.BY_NAME);
  }

  static Selection select(String name, SequencedMap<String, Availability> candidates) {
    if (name.equals(AUTO)) {
      return auto(candidates);
    }
    Availability asked = candidates.get(name);
    return switch (asked) {
      case null ->
          throw new BackendUnavailableException(
              "there is no backend \""
                  + name
                  + "\"; known are "
                  + AUTO
                  + ", "
                  + String.join(", ", candidates.keySet()),
              null);
      case Unavailable no ->
          throw new BackendUnavailableException(
              "backend "
                  + name
                  + " is not available: "
                  + no.reason()
                  + "; "
                  + no.remedy()
                  + ", or choose --backend auto",
              no.cause());
      case Available yes ->
          new Selection(yes.backend(), name + ": asked for by name, " + yes.backend().device());
    };
  }

  private static Selection auto(SequencedMap<String, Availability> candidates) {
    List<String> passed = new ArrayList<>();
    for (Map.Entry<String, Availability> candidate : candidates.entrySet()) {
      switch (candidate.getValue()) {
        case Unavailable no ->
            passed.add(candidate.getKey() + ": " + no.reason() + " (" + no.remedy() + ")");
        case Available yes -> {
          passed.add(candidate.getKey() + ": chosen, " + yes.backend().device());
          return new Selection(yes.backend(), String.join("; ", passed));
        }
      }
    }
    throw new BackendUnavailableException(
        "no backend is available: " + String.join("; ", passed), null);
  }

  static SequencedMap<String, Availability> probe(Iterable<BackendProvider> providers) {
    List<BackendProvider> sorted = new ArrayList<>();
    providers.forEach(sorted::add);
    sorted.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
    SequencedMap<String, Availability> found = new LinkedHashMap<>();
    for (BackendProvider provider : sorted) {
      found.put(provider.name(), provider.probe());
    }
    return found;
  }
}
