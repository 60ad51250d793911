package io.github.gpumf.cuda.driver;

import java.io.File;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.nio.file.attribute.UserPrincipal;
import java.util.Arrays;
import java.util.Set;

/**
 * A folder that we alone can write to, holding a file that is known byte by byte. Any number of
 * processes may prepare the same one at once: each writes the file under a name of its own and
 * renames it, so that nobody ever opens half of it, and one that is loaded elsewhere is replaced,
 * not overwritten.
 */
final class PrivateFolder {
  private static final Set<PosixFilePermission> OTHERS_WRITE =
      Set.of(PosixFilePermission.GROUP_WRITE, PosixFilePermission.OTHERS_WRITE);

  private PrivateFolder() {}

  /**
   * Makes sure that the folder is there and ours, and that the file in it is whole.
   *
   * @param folder made, for us alone, if it is not there
   * @param name of the file
   * @param content of the file; anything else that lies under its name is replaced
   * @throws IOException if others can write to the folder, or the file cannot be written
   */
  static void prepare(Path folder, String name, byte[] content) throws IOException {
    make(folder);
    Path unfinished = Files.createTempFile(folder, ".", ".tmp");
    try {
      // What we have just made is ours: whose the rest is, is told by its owner.
      UserPrincipal we = Files.getOwner(unfinished);
      requirePrivate(folder, we);
      Path file = folder.resolve(name);
      if (!holds(file, content, we)) {
        Files.write(unfinished, content);
        replace(unfinished, file, content, we);
      }
    } finally {
      Files.deleteIfExists(unfinished);
    }
  }

  private static boolean isPosix() {
    return File.separatorChar == '/';
  }

  private static void make(Path folder) throws IOException {
    Path parent = folder.toAbsolutePath().getParent();
    if (parent != null) {
      Files.createDirectories(parent);
    }
    try {
      if (isPosix()) {
        Files.createDirectory(
            folder,
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
      } else {
        // A user's temporary folder on Windows is closed to others, and what is made in it too.
        Files.createDirectory(folder);
      }
    } catch (FileAlreadyExistsException another) {
      // Made before, or by another process just now; whose it is, is looked at next.
    }
  }

  private static void requirePrivate(Path folder, UserPrincipal we) throws IOException {
    if (isPosix() && !isOurs(folder, we)) {
      throw new FileSystemException(
          folder.toString(),
          null,
          "belongs to another user, is a link or can be written by others; remove it, make it"
              + " private (chmod 700), or name another folder with -D"
              + JCudaNatives.FOLDER_PROPERTY);
    }
  }

  private static boolean isOurs(Path path, UserPrincipal we) throws IOException {
    PosixFileAttributes found =
        Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
    return !found.isSymbolicLink()
        && found.owner().equals(we)
        && found.permissions().stream().noneMatch(OTHERS_WRITE::contains);
  }

  private static boolean holds(Path file, byte[] content, UserPrincipal we) throws IOException {
    return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
        && (!isPosix() || isOurs(file, we))
        && Files.size(file) == content.length
        && Arrays.equals(Files.readAllBytes(file), content);
  }

  private static void replace(Path unfinished, Path file, byte[] content, UserPrincipal we)
      throws IOException {
    try {
      Files.move(unfinished, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (FileSystemException inUse) {
      // Windows does not replace a library that another process, a moment faster, has loaded.
      if (!holds(file, content, we)) {
        throw inUse;
      }
    }
  }
}
