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
import java.util.function.Function;

/**
 * The backends of this JVM, probed once, and the choice among them.
 *
 * <p>Safe for any number of threads.
 */
public final class Backends {
  /** The name that leaves the choice to the library. */
  public static final String AUTO = "auto";

  /** Between a backend and one of its devices: {@code cuda:1}. */
  private static final char OF_DEVICE = ':';

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
   * What was opened on a backend.
   *
   * @param opened what {@link #open} was asked for
   * @param selection on which backend, and why
   * @param <T> what it is
   */
  public record Opened<T>(T opened, Selection selection) {}

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
   * @param name {@link #AUTO} for the first that is available, or the name of the one to use, such
   *     as {@code cuda}; with a device where it has several, by number or identity: {@code cuda:1},
   *     {@code cuda:GPU-5e7c1f0a}
   * @return the choice
   * @throws BackendUnavailableException if the one asked for by name is not available or not known:
   *     it is never replaced
   */
  public static Selection select(String name) {
    return select(name, Probed.BY_NAME);
  }

  static Selection select(String name, SequencedMap<String, Availability> candidates) {
    return open(name, backend -> backend, candidates).selection();
  }

  /**
   * Chooses a backend by what it can do: of those that are available {@link #AUTO} takes the first
   * whose device neither lacks the memory nor fails.
   *
   * @param name {@link #AUTO}, or the name of the one to use
   * @param opening what it is to do; leaves nothing behind when it throws
   * @param <T> what it is
   * @return what was opened, and on which backend; for {@link #AUTO} with a word about each device
   *     that was passed over
   * @throws BackendUnavailableException if the one asked for by name is not available or not known
   * @throws DeviceException if the device of the one asked for by name lacks the memory or fails,
   *     or those of all, or the host has not the memory that any of them needs
   */
  public static <T> Opened<T> open(String name, Function<Backend, T> opening) {
    return open(name, opening, Probed.BY_NAME);
  }

  static <T> Opened<T> open(
      String name, Function<Backend, T> opening, SequencedMap<String, Availability> candidates) {
    if (name.equals(AUTO)) {
      return auto(opening, candidates);
    }
    Backend backend = named(name, candidates);
    return new Opened<>(
        opening.apply(backend),
        new Selection(backend, name + ": asked for by name, " + backend.device()));
  }

  private static Backend named(String asked, SequencedMap<String, Availability> candidates) {
    int colon = asked.indexOf(OF_DEVICE);
    String name = colon < 0 ? asked : asked.substring(0, colon);
    return switch (candidates.get(name)) {
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
                  + ", or choose backend auto",
              no.cause());
      case Available yes ->
          colon < 0 ? yes.backend() : yes.backend().on(asked.substring(colon + 1));
    };
  }

  private static <T> Opened<T> auto(
      Function<Backend, T> opening, SequencedMap<String, Availability> candidates) {
    List<String> passed = new ArrayList<>();
    DeviceException last = null;
    for (Map.Entry<String, Availability> candidate : candidates.entrySet()) {
      switch (candidate.getValue()) {
        case Unavailable no ->
            passed.add(candidate.getKey() + ": " + no.reason() + " (" + no.remedy() + ")");
        case Available yes -> {
          try {
            T opened = opening.apply(yes.backend());
            passed.add(candidate.getKey() + ": chosen, " + yes.backend().device());
            return new Opened<>(opened, new Selection(yes.backend(), String.join("; ", passed)));
          } catch (DeviceException failure) {
            if (failure.isOfHost()) {
              throw failure;
            }
            passed.add(
                candidate.getKey()
                    + ": warning, passed over, "
                    + failure.reason()
                    + " ("
                    + failure.remedy()
                    + ")");
            last = failure;
          }
        }
      }
    }
    if (last != null) {
      throw last;
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
