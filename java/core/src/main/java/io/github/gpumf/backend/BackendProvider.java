package io.github.gpumf.backend;

/**
 * Finds out whether a backend can run here. Registered in {@code META-INF/services}; a provider's
 * class must load on every machine, so it touches what it needs only in {@link #probe}.
 */
public interface BackendProvider {
  /**
   * The name the backend is asked for by.
   *
   * @return lower case, unique
   */
  String name();

  /**
   * The order in which {@code auto} tries: highest first.
   *
   * @return cuda 300, vector 200, scalar 100
   */
  int priority();

  /**
   * Looks whether the backend can run. Called at most once in the life of a JVM; may take a while,
   * must not throw.
   *
   * @return what it found
   */
  Availability probe();
}
