package io.github.gpumf.train;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Workers;
import io.github.gpumf.io.SafetensorsFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Precision;
import io.github.gpumf.optim.Updates;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.SequencedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The checkpoints of one training in their directory: {@code checkpoint-NNNNNN.safetensors} after
 * epoch NNNNNN. The last two are kept, so that there is one to go on from even if the disk spoils
 * the other.
 */
final class Checkpoints {
  private static final Pattern NAME = Pattern.compile("checkpoint-(\\d{6,9})\\.safetensors");

  private static final String OPTIMIZER = "optimizer";

  /** The schedule in the text of an optimizer; the group is its epochs. */
  private static final Pattern COSINE = Pattern.compile("Cosine\\[epochs=([0-9.E-]+)");

  /** What a killed training leaves of a checkpoint that it was writing. */
  private static final String UNFINISHED = ".checkpoint-*.tmp";

  private static final int KEPT = 2;

  private final Checkpointing where;
  private final Ratings ratings;
  private final @Nullable Ratings validation;
  private final Mf spec;
  private final TrainingOptions options;
  private final SequencedMap<String, String> identity;

  /** Whole checkpoints of this training, oldest first. */
  private final List<Path> written = new ArrayList<>();

  /** A checkpoint to go on from, and a line about it for people. */
  record Resumed(Checkpoint checkpoint, String note) {}

  /**
   * Names the training and its directory; touches no file.
   *
   * @param precision that the backend has
   * @param backend that trains
   */
  Checkpoints(
      Checkpointing where,
      Ratings ratings,
      @Nullable Ratings validation,
      Mf spec,
      TrainingOptions options,
      Precision precision,
      Backend backend) {
    this.where = where;
    this.ratings = ratings;
    this.validation = validation;
    this.spec = spec;
    this.options = options;
    identity = new TreeMap<>();
    identity.put("model", spec.toString());
    identity.put(OPTIMIZER, options.optimizer().toString());
    identity.put("seed", Long.toString(options.seed()));
    if (options.updates() == Updates.PER_BATCH) {
      identity.put("batch size", Integer.toString(options.batchSize()));
    }
    identity.put("updates", options.updates().toString());
    identity.put("precision", precision.toString());
    identity.put("rating unit", Double.toString(options.ratingUnit()));
    identity.put("shuffle", Boolean.toString(options.shuffle()));
    identity.put(
        "early stopping", options.earlyStopping().map(EarlyStopping::toString).orElse("none"));
    Workers workers = Workers.of(options.threads());
    identity.put("ratings", ratings.fingerprint(workers));
    identity.put(
        "validation ratings", validation == null ? "none" : validation.fingerprint(workers));
    // Backends sum in different orders, so a training that changed its backend would end with other
    // bits than either.
    identity.put("backend", backend.name());
    identity.put("arithmetic", backend.arithmetic());
  }

  /**
   * Makes the directory if need be, and finds the checkpoint to go on from.
   *
   * @return the newest that is whole, or empty if there is none and the training starts anew
   * @throws CheckpointException if there are checkpoints but they are not to be resumed, or none of
   *     them is whole, or the newest belongs to another training
   */
  Optional<Resumed> resume() {
    if (Files.exists(where.directory()) && !Files.isDirectory(where.directory())) {
      throw new CheckpointException(
          where.directory() + " is a file; checkpoints need a directory, give another name", null);
    }
    try {
      Files.createDirectories(where.directory());
      List<Path> newestFirst = list().reversed();
      if (newestFirst.isEmpty()) {
        return Optional.empty();
      }
      if (!where.resume()) {
        throw new CheckpointException(
            where.directory()
                + " holds checkpoints up to "
                + newestFirst.getFirst().getFileName()
                + "; resume from them (--resume, Checkpointing.resume), or give an empty directory",
            null);
      }
      return Optional.of(newestWhole(newestFirst));
    } catch (IOException failure) {
      throw new CheckpointException(
          "cannot use "
              + where.directory()
              + " for checkpoints: "
              + why(failure)
              + "; give another directory",
          failure);
    }
  }

  private Resumed newestWhole(List<Path> newestFirst) {
    List<String> passedOver = new ArrayList<>();
    for (Path file : newestFirst) {
      try (Arena arena = Arena.ofConfined()) {
        SafetensorsFile content = SafetensorsFile.open(file, arena);
        compare(file, Checkpoint.identity(content));
        Checkpoint checkpoint =
            Checkpoint.read(
                content,
                spec,
                options.optimizer(),
                ratings.userCount(),
                ratings.itemCount(),
                validation != null);
        if (checkpoint.epoch() > options.epochs()) {
          throw new CheckpointException(
              file
                  + " is of epoch "
                  + checkpoint.epoch()
                  + ", but only "
                  + options.epochs()
                  + " epochs are asked for; ask for at least "
                  + checkpoint.epoch()
                  + ", or give an empty directory",
              null);
        }
        written.add(file);
        String note = "goes on from " + file;
        return new Resumed(
            checkpoint,
            passedOver.isEmpty() ? note : note + "; passed over: " + String.join("; ", passedOver));
      } catch (IOException | IllegalArgumentException unusable) {
        passedOver.add(String.valueOf(unusable.getMessage()));
      }
    }
    throw new CheckpointException(
        "none of the checkpoints in "
            + where.directory()
            + " can be used: "
            + String.join("; ", passedOver)
            + "; give an empty directory to train anew",
        null);
  }

  private void compare(Path file, SequencedMap<String, String> found) {
    TreeSet<String> keys = new TreeSet<>(identity.keySet());
    keys.addAll(found.keySet());
    List<String> differences = new ArrayList<>();
    OptionalDouble theirCosine = otherCosine(found.getOrDefault(OPTIMIZER, "missing"));
    for (String key : keys) {
      String theirs = found.getOrDefault(key, "missing");
      String ours = identity.getOrDefault(key, "missing");
      if (key.equals(OPTIMIZER) && theirCosine.isPresent()) {
        differences.add(
            "its learning rate falls over "
                + epochs(theirCosine.getAsDouble())
                + ", this one's over "
                + epochs(cosineEpochs().orElseThrow()));
      } else if (!theirs.equals(ours)) {
        differences.add(key + " is " + theirs + ", expected " + ours);
      }
    }
    if (differences.size() == 1 && theirCosine.isPresent()) {
      throw new CheckpointException(
          file
              + " belongs to a training with another schedule: "
              + differences.getFirst()
              + "; resume with a schedule over "
              + epochs(theirCosine.getAsDouble())
              + ", or, to go on for longer later, train anew with a constant rate (--schedule"
              + " constant, LearningRate.constant) in an empty directory",
          null);
    }
    if (!differences.isEmpty()) {
      throw new CheckpointException(
          file
              + " belongs to another training: "
              + String.join("; ", differences)
              + "; train with the options and data it was made with, or give an empty directory",
          null);
    }
  }

  /**
   * The epochs over which the learning rate of another optimizer falls, if they are all that it
   * differs in from ours: then its record is ours with another number.
   */
  private OptionalDouble otherCosine(String theirs) {
    String ours = options.optimizer().toString();
    Matcher cosine = COSINE.matcher(theirs);
    if (theirs.equals(ours) || cosineEpochs().isEmpty() || !cosine.find()) {
      return OptionalDouble.empty();
    }
    String withOurs =
        theirs.substring(0, cosine.start(1))
            + cosineEpochs().getAsDouble()
            + theirs.substring(cosine.end(1));
    return withOurs.equals(ours)
        ? OptionalDouble.of(Double.parseDouble(cosine.group(1)))
        : OptionalDouble.empty();
  }

  private OptionalDouble cosineEpochs() {
    return options.optimizer().learningRate().decay() instanceof LearningRate.Cosine cosine
        ? OptionalDouble.of(cosine.epochs())
        : OptionalDouble.empty();
  }

  /** Without a point where the number is whole, as nearly always. */
  private static String epochs(double number) {
    String digits =
        number == Math.rint(number) ? Long.toString((long) number) : Double.toString(number);
    return digits + (number == 1 ? " epoch" : " epochs");
  }

  /** Whether a checkpoint is to be written after an epoch, counted from 1. */
  boolean isDue(int epoch) {
    return epoch % where.everyEpochs() == 0 || epoch == options.epochs();
  }

  /**
   * Writes a checkpoint, then deletes all but the last two. What cannot be deleted stays, until the
   * next one is written.
   *
   * @throws IOException if it cannot be written; earlier ones are still there
   */
  void write(Checkpoint checkpoint) throws IOException {
    Path file = file(checkpoint.epoch());
    if (!Files.isDirectory(where.directory())) {
      throw new NotDirectoryException(where.directory().toString());
    }
    checkpoint.write(file, options.optimizer());
    written.remove(file);
    written.add(file);
    if (written.size() > KEPT) {
      written.removeFirst();
    }
    try {
      clean();
    } catch (IOException failure) {
      // The checkpoint is written, and the next one tries again: no reason to end the training.
    }
  }

  /** Deletes other checkpoints, and what killed trainings have left. */
  private void clean() throws IOException {
    for (Path old : list()) {
      if (!written.contains(old)) {
        Files.deleteIfExists(old);
      }
    }
    try (DirectoryStream<Path> unfinished =
        Files.newDirectoryStream(where.directory(), UNFINISHED)) {
      for (Path leftover : unfinished) {
        Files.deleteIfExists(leftover);
      }
    }
  }

  /** What to say of a checkpoint that cannot be written. */
  String refusal(int epoch, IOException failure) {
    return "cannot write checkpoint "
        + file(epoch)
        + ": "
        + why(failure)
        + "; give the directory back, or room in it, and resume (--resume, Checkpointing.resume)";
  }

  /** The JDK's own messages about files are often nothing but the name. */
  private static String why(IOException failure) {
    if (failure instanceof FileSystemException file && file.getReason() != null) {
      return file.getReason();
    }
    return switch (failure) {
      case AccessDeniedException denied -> "no permission to use " + denied.getFile();
      case NotDirectoryException other -> "there is no directory " + other.getFile();
      case FileSystemException file -> file.getFile() + " cannot be made or used";
      default -> String.valueOf(failure.getMessage());
    };
  }

  private Path file(int epoch) {
    return where
        .directory()
        .resolve(String.format(Locale.ROOT, "checkpoint-%06d.safetensors", epoch));
  }

  SequencedMap<String, String> identity() {
    return identity;
  }

  /** Files with a checkpoint's name, oldest first. */
  private List<Path> list() throws IOException {
    List<Path> files = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(where.directory())) {
      for (Path file : all) {
        if (NAME.matcher(file.getFileName().toString()).matches()) {
          files.add(file);
        }
      }
    }
    files.sort(Comparator.comparingInt(Checkpoints::epochOf));
    return files;
  }

  private static int epochOf(Path file) {
    Matcher name = NAME.matcher(file.getFileName().toString());
    if (!name.matches()) {
      throw new IllegalArgumentException(file + " is not the name of a checkpoint");
    }
    return Integer.parseInt(name.group(1));
  }
}
