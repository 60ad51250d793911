package io.github.gpumf.backend.vector;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Classes for one shape of data. Java has no template whose parameter is a number; but a class can
 * be loaded once more as a hidden class that is given a value, and what it keeps of that in static
 * final fields is a constant to the compiler.
 *
 * <p>A class and a shape make one hidden class, which stays: the next training finds it compiled.
 */
final class Shaped {
  private static final ConcurrentMap<Key, Object> OBJECTS = new ConcurrentHashMap<>();

  private Shaped() {}

  /**
   * What is constant.
   *
   * @param rowBytes from a row of factors to the next
   * @param stride from a rating to the next
   */
  record Shape(int rowBytes, int stride) {
    /** The shape that the class of a lookup was made for. */
    static Shape of(MethodHandles.Lookup lookup) {
      try {
        Shape shape = MethodHandles.classData(lookup, "_", Shape.class);
        if (shape == null) {
          throw new IllegalStateException(lookup.lookupClass() + " is to be made by Shaped");
        }
        return shape;
      } catch (IllegalAccessException impossible) {
        throw new AssertionError(impossible);
      }
    }
  }

  private record Key(Class<?> type, Shape shape) {}

  /**
   * An object of a class for a shape, always the same.
   *
   * @param type has a constructor without parameters
   */
  static <T> T make(Class<? extends T> type, Shape shape) {
    @SuppressWarnings("unchecked") // It is a copy of the class, and so implements what that does.
    T made = (T) OBJECTS.computeIfAbsent(new Key(type, shape), Shaped::make);
    return made;
  }

  private static Object make(Key key) {
    try {
      MethodHandles.Lookup hidden =
          MethodHandles.lookup().defineHiddenClassWithClassData(bytes(key.type), key.shape, true);
      return hidden
          .findConstructor(hidden.lookupClass(), MethodType.methodType(void.class))
          .invoke();
    } catch (RuntimeException | Error failure) {
      throw failure;
    } catch (Throwable impossible) {
      throw new AssertionError(impossible);
    }
  }

  private static byte[] bytes(Class<?> type) {
    String file = type.getSimpleName() + ".class";
    try (InputStream in = type.getResourceAsStream(file)) {
      if (in == null) {
        throw new IllegalStateException(
            file + " is not beside " + type + "; the library must be on the class path as it is");
      }
      return in.readAllBytes();
    } catch (IOException failure) {
      throw new UncheckedIOException("cannot read " + file, failure);
    }
  }
}
