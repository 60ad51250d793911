package io.github.gpumf.cuda.driver;

import java.io.IOException;
import java.io.InputStream;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import jcuda.JCudaVersion;
import jcuda.LibUtils;

/**
 * Loads JCuda's native libraries from where nobody else can put one.
 *
 * <p>JCuda by itself writes a library under a fixed name into {@code java.io.tmpdir} and loads what
 * lies there, half-written files of another JVM and strangers' files included. So before a class of
 * JCuda's is first used its library is put, whole and compared with the jar's, into a {@link
 * PrivateFolder}, and for the time of that first use {@code java.io.tmpdir} points there. The JDK's
 * own temporary files stay where they are: it read the property when the JVM started.
 */
final class JCudaNatives {
  /**
   * A folder that we alone can write to. By default one in {@code java.io.tmpdir}, named by the
   * user and the library's hash.
   */
  static final String FOLDER_PROPERTY = "gpumf.natives";

  private static final String TEMPORARY = "java.io.tmpdir";

  /** Of a SHA-256, in a name that need not be unique, only another one for another library. */
  private static final int HASH_BYTES = 8;

  private JCudaNatives() {}

  /**
   * Loads one, the first time.
   *
   * @param name of the library, as JCuda calls it: {@code JCudaDriver}
   * @param user the class that loads it when it is initialized
   * @throws IOException if JCuda has no library for this platform, or it cannot be extracted
   * @throws LinkageError if the library does not load
   */
  static synchronized void load(String name, Class<?> user) throws IOException {
    String library =
        LibUtils.createLibraryFileName(
            LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get()));
    byte[] content = content(library, user);
    Path folder = folder(content);
    PrivateFolder.prepare(folder, library, content);

    String before = System.getProperty(TEMPORARY);
    System.setProperty(TEMPORARY, folder.toString());
    try {
      MethodHandles.lookup().ensureInitialized(user);
    } catch (IllegalAccessException impossible) {
      throw new AssertionError(user + " is public", impossible);
    } finally {
      System.setProperty(TEMPORARY, before);
    }
  }

  /** Of JCuda. */
  static String version() {
    return JCudaVersion.get();
  }

  private static byte[] content(String library, Class<?> user) throws IOException {
    try (InputStream in = user.getResourceAsStream("/lib/" + library)) {
      if (in == null) {
        throw new IOException(
            "JCuda has no library for this platform: " + library + " is not on the class path");
      }
      return in.readAllBytes();
    }
  }

  private static Path folder(byte[] content) {
    String asked = System.getProperty(FOLDER_PROPERTY);
    if (asked != null) {
      return Path.of(asked).toAbsolutePath();
    }
    String user = System.getProperty("user.name").replaceAll("\\W", "_");
    return Path.of(System.getProperty(TEMPORARY), "gpumf-natives-" + user + "-" + hash(content))
        .toAbsolutePath();
  }

  private static String hash(byte[] content) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
      return HexFormat.of().formatHex(digest, 0, HASH_BYTES);
    } catch (NoSuchAlgorithmException impossible) {
      throw new AssertionError("every JDK has SHA-256", impossible);
    }
  }
}
