package io.github.gpumf.cli;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.HostMemory;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.train.BackendFailedException;
import io.github.gpumf.train.CheckpointException;
import io.github.gpumf.train.Checkpointing;
import io.github.gpumf.train.DivergedException;
import io.github.gpumf.train.EpochReport;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingPlan;
import io.github.gpumf.train.TrainingResult;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code gpumf train}. */
@Command(
    name = "train",
    sortOptions = false,
    header = "Train a model of a ratings file.",
    description = {
      "",
      "The file may be MovieLens 100K or 1M, CSV or TSV, with or without a header,",
      "plain or gzip.",
      "Without further flags the model is the one that does best on MovieLens.",
      ""
    },
    footer = {
      "",
      "Examples:",
      "  gpumf train --ratings ratings.csv --output model.safetensors",
      "  gpumf train --ratings train.tsv --validation test.tsv --early-stopping 3 \\",
      "      --output model.safetensors",
      "  gpumf train --ratings u.data --model l2 --l2 1e-4 --preset keras \\",
      "      --output keras.safetensors",
      "  gpumf train --ratings big.csv.gz --checkpoint state --every 5 --resume \\",
      "      --output model.safetensors",
      "  gpumf train --ratings ratings.csv --dry-run",
      "",
      "Ctrl-C ends the training and saves the model of the last finished epoch;",
      "the exit code is then 130, or 143 after SIGTERM.",
      "",
      "Keys of --json: output, users, items, ratings, spec, backend,",
      "stopReason (completed, early_stopped or cancelled),",
      "bestEpoch (null without --validation), modelEpoch (the one that is saved),",
      "trainingSeconds, history (for each epoch: epoch, loss, rmse,",
      "validationRmse, learningRate, seconds).",
      "With --dry-run: backend, memory, neededBytes, freeBytes (null where nobody",
      "knows), fits, parts (bytes by name)."
    })
final class TrainCommand implements Callable<Integer> {
  /** More than the JVM takes to give back what a collection has found. */
  private static final long GARBAGE_MILLIS = 100;

  @Spec private CommandSpec command;

  @Option(names = "--ratings", required = true, paramLabel = "F", description = "Training ratings.")
  private Path ratingsFile;

  @Option(
      names = "--validation",
      paramLabel = "F",
      description = "Ratings to measure each epoch on.")
  private @Nullable Path validationFile;

  @Option(
      names = "--output",
      paramLabel = "M",
      description = "The model file to write, safetensors; only --dry-run goes without.")
  private @Nullable Path output;

  @Mixin private TrainingFlags flags;
  @Mixin private RatingsFlags ratings;

  @Option(
      names = "--checkpoint",
      paramLabel = "DIR",
      description = "Save the state of the training there, so that it can be resumed.")
  private @Nullable Path checkpoint;

  @Option(
      names = "--every",
      paramLabel = "N",
      description = "Save it after every N epochs (default: 1).")
  private @Nullable Integer every;

  @Option(
      names = "--resume",
      description =
          "Go on from the newest checkpoint in the directory, if there is one. The end is the same, bit for bit.")
  private boolean resume;

  @Option(
      names = "--no-seen",
      description =
          "Do not keep each user's items in the model: smaller, but recommendations repeat them.")
  private boolean noSeen;

  @Option(
      names = "--dry-run",
      description = "Print the memory that the training would take, and train nothing.")
  private boolean dryRun;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  TrainCommand() {}

  @Override
  public Integer call() throws IOException {
    Mf spec = flags.spec();
    TrainingOptions.Builder options =
        flags.options().keepSeenItems(!noSeen).checkpointing(checkpointing());
    if (validationFile == null && flags.stopsEarly()) {
      throw new ParameterException(
          command.commandLine(),
          "--early-stopping needs --validation, a file to measure epochs on");
    }
    flags.requireBackend();
    if (!dryRun || output != null) {
      Outputs.check(output(), ratingsFile, validationFile);
    }
    Ratings training = ratings.read(ratingsFile);
    flags.fit(options, training);
    Ratings validation = validationFile == null ? null : validation(validationFile, training);
    if (dryRun) {
      collectGarbage();
      return dryRun(
          validation == null
              ? GpuMf.plan(training, spec, options.build())
              : GpuMf.plan(training, validation, spec, options.build()));
    }
    // Ctrl-C waits for the model, so the interruption is closed after it is saved.
    try (Interruption interruption = new Interruption()) {
      options.cancellation(interruption.cancellation());
      TrainingResult result = train(training, validation, spec, options);
      if (result.modelEpoch() == 0) {
        // Not an exception: the JVM may be gone before anybody catches it.
        answer.err().println("gpumf: cancelled before the first epoch ended; nothing is saved");
        return CommandLine.ExitCode.SOFTWARE;
      }
      if (result.stopReason() == StopReason.CANCELLED) {
        answer.err().println("cancelled: saving the model of epoch " + result.modelEpoch());
      }
      ModelFile.save(result.model(), output());
      print(result, training, options.build().epochs());
    }
    return 0;
  }

  /** Where the model goes. */
  private Path output() {
    if (output == null) {
      throw new ParameterException(
          command.commandLine(), "--output is missing: give the model file to write, --output=M");
    }
    return output;
  }

  /**
   * Reading leaves memory behind that counts as taken until it is collected, as the JVM does before
   * it refuses a training any.
   */
  private static void collectGarbage() {
    System.gc();
    try {
      Thread.sleep(GARBAGE_MILLIS);
    } catch (InterruptedException interruption) {
      Thread.currentThread().interrupt();
    }
  }

  /** Answers with the plan; a failure if the training does not fit. */
  private int dryRun(TrainingPlan plan) {
    MemoryPlan memory = plan.memory();
    Long free = memory.freeBytes().isPresent() ? memory.freeBytes().getAsLong() : null;
    if (answer.json()) {
      Map<String, @Nullable Object> json = new LinkedHashMap<>();
      json.put("backend", plan.backend());
      json.put("memory", memory.memory());
      json.put("neededBytes", memory.neededBytes());
      json.put("freeBytes", free);
      json.put("fits", memory.fits());
      Map<String, Long> parts = new LinkedHashMap<>();
      memory.parts().forEach(part -> parts.put(part.name(), part.bytes()));
      json.put("parts", parts);
      answer.print(json);
    } else {
      answer.out().println("backend " + plan.backend());
      answer.out().println("memory of " + memory.memory() + ":");
      memory.parts().forEach(part -> print(part.name(), part.bytes()));
      print("needed", memory.neededBytes());
      if (free != null) {
        print("free", free);
      }
    }
    if (memory.fits()) {
      return CommandLine.ExitCode.OK;
    }
    answer
        .err()
        .println(
            "gpumf: the training needs more than is free"
                + (memory.onHost() ? "; " + HostMemory.REMEDY : ""));
    return CommandLine.ExitCode.SOFTWARE;
  }

  private void print(String what, long bytes) {
    answer.out().printf(Locale.ROOT, "  %-26s %15d  %s%n", what, bytes, MemoryPlan.text(bytes));
  }

  /** Reads the ratings to validate on, and leaves out those that the model cannot know. */
  private Ratings validation(Path file, Ratings training) throws IOException {
    Ratings all = ratings.read(file);
    Ratings known = all.alignedTo(training.users(), training.items());
    if (known.size() == 0) {
      throw new CommandFailedException(
          file
              + ": none of its ratings has a user and an item that occur in "
              + ratingsFile
              + "; validate on a part of the same data");
    }
    if (known.size() < all.size()) {
      answer
          .err()
          .println(
              file
                  + ": "
                  + (all.size() - known.size())
                  + " of "
                  + all.size()
                  + " ratings are left out, their users or items do not occur in "
                  + ratingsFile);
    }
    return known;
  }

  private @Nullable Checkpointing checkpointing() {
    if (checkpoint == null) {
      if (every != null || resume) {
        throw new ParameterException(
            command.commandLine(), (resume ? "--resume" : "--every") + " needs --checkpoint DIR");
      }
      return null;
    }
    if (every != null && every < 1) {
      throw new ParameterException(
          command.commandLine(), "--every must be at least 1 epoch, not " + every);
    }
    return new Checkpointing(checkpoint, every == null ? 1 : every, resume);
  }

  private TrainingResult train(
      Ratings training, @Nullable Ratings validation, Mf spec, TrainingOptions.Builder options)
      throws IOException {
    try (Progress progress =
        new Progress(answer.err(), Progress.isWatched(), Decimals.of(training))) {
      options.listener(progress);
      return validation == null
          ? GpuMf.train(training, spec, options.build())
          : GpuMf.train(training, validation, spec, options.build());
    } catch (DivergedException diverged) {
      throw saved(diverged, diverged.lastGoodModel());
    } catch (BackendFailedException failed) {
      throw saved(failed, failed.lastGoodModel());
    } catch (CheckpointException notWritten) {
      throw saved(notWritten, notWritten.lastGoodModel());
    }
  }

  /** Saves what a training reached before it failed; returns what to tell the user. */
  private RuntimeException saved(RuntimeException failure, Optional<MfModel> lastGood)
      throws IOException {
    if (lastGood.isEmpty()) {
      return failure;
    }
    Path kept = output().resolveSibling(output().getFileName() + ".last-good");
    ModelFile.save(lastGood.get(), kept);
    return new CommandFailedException(failure.getMessage() + ", saved as " + kept, failure);
  }

  private void print(TrainingResult result, Ratings training, int epochs) {
    MfModel model = result.model();
    EpochReport reached = result.history().get(result.modelEpoch() - 1);
    if (answer.json()) {
      answer.print(json(result, training));
      return;
    }
    Decimals decimals = Decimals.of(model);
    answer
        .out()
        .printf(
            Locale.ROOT,
            "%s: %d users, %d items, k = %d, epoch %d of %d%s, training RMSE %s%s%n",
            output(),
            model.users().size(),
            model.items().size(),
            model.spec().factors(),
            result.modelEpoch(),
            epochs,
            switch (result.stopReason()) {
              case COMPLETED -> "";
              case EARLY_STOPPED -> " (stopped early after " + result.history().size() + ")";
              case CANCELLED -> " (cancelled after " + result.history().size() + ")";
            },
            decimals.text(reached.trainingRmse()),
            reached.validationRmse().isPresent()
                ? ", held-out RMSE " + decimals.text(reached.validationRmse().getAsDouble())
                : "");
  }

  private Map<String, @Nullable Object> json(TrainingResult result, Ratings training) {
    Map<String, @Nullable Object> json = new LinkedHashMap<>();
    json.put("output", output().toString());
    json.put("users", training.userCount());
    json.put("items", training.itemCount());
    json.put("ratings", training.size());
    json.put("spec", result.model().spec().toString());
    json.put("backend", result.backend());
    json.put("stopReason", result.stopReason().name().toLowerCase(Locale.ROOT));
    json.put("bestEpoch", result.bestEpoch() == 0 ? null : result.bestEpoch());
    json.put("modelEpoch", result.modelEpoch());
    List<Map<String, @Nullable Object>> epochs = new ArrayList<>();
    double seconds = 0;
    for (EpochReport report : result.history()) {
      Map<String, @Nullable Object> epoch = new LinkedHashMap<>();
      epoch.put("epoch", report.epoch());
      epoch.put("loss", report.loss());
      epoch.put("rmse", report.trainingRmse());
      epoch.put(
          "validationRmse",
          report.validationRmse().isPresent() ? report.validationRmse().getAsDouble() : null);
      epoch.put("learningRate", report.learningRate());
      epoch.put("seconds", report.seconds());
      epochs.add(epoch);
      seconds += report.seconds();
    }
    json.put("trainingSeconds", seconds);
    json.put("history", epochs);
    return json;
  }
}
