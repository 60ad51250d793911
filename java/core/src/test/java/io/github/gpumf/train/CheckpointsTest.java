package io.github.gpumf.train;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.io.SafetensorsFile;
import io.github.gpumf.io.SafetensorsWriter;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import io.github.gpumf.optim.Optimizer;
import io.github.gpumf.optim.Sgd;
import io.github.gpumf.optim.Updates;
import io.github.gpumf.train.TrainingResult.StopReason;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CheckpointsTest {
  private static final Ratings RATINGS = Trainings.ratings(103, 1);
  private static final Ratings VALIDATION = Trainings.ratings(37, 2);
  private static final Mf SPEC = Trainings.SPECS.get(2);
  private static final Optimizer OPTIMIZER = new LazyAdam(0.01);

  @TempDir private Path directory;

  /** What a test throws where a process would be killed. */
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  private static TrainingListener killedAfter(int epoch) {
    return new TrainingListener() {
      @Override
      public void epochEnded(EpochReport report) {
        if (report.epoch() == epoch) {
          throw new Killed();
        }
      }
    };
  }

  private Checkpointing every(int epochs, boolean resume) {
    return new Checkpointing(checkpoints(), epochs, resume);
  }

  private Path checkpoints() {
    return directory.resolve("made/checkpoints");
  }

  private static TrainingResult train(
      @Nullable Ratings validation, Mf spec, TrainingOptions options) {
    return new Trainer(RATINGS, validation, spec, options).train();
  }

  private List<String> names() throws IOException {
    try (var files = Files.list(checkpoints())) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static String name(int epoch) {
    return String.format(Locale.ROOT, "checkpoint-%06d.safetensors", epoch);
  }

  private void clear() throws IOException {
    for (String name : names()) {
      Files.delete(checkpoints().resolve(name));
    }
  }

  /** Equal but for the seconds that the epochs took. */
  private void assertSameOutcome(TrainingResult expected, TrainingResult actual)
      throws IOException {
    assertEquals(expected.stopReason(), actual.stopReason());
    assertEquals(expected.bestEpoch(), actual.bestEpoch());
    assertEquals(expected.history().size(), actual.history().size());
    for (int epoch = 0; epoch < expected.history().size(); epoch++) {
      assertSameEpoch(expected.history().get(epoch), actual.history().get(epoch));
    }
    Path one = directory.resolve("expected.safetensors");
    Path other = directory.resolve("actual.safetensors");
    ModelFile.save(expected.model(), one);
    ModelFile.save(actual.model(), other);
    assertEquals(-1, Files.mismatch(one, other));
  }

  /** Epochs take other seconds each time, all else is the same. */
  private static void assertSameEpoch(EpochReport expected, EpochReport actual) {
    assertEquals(expected.epoch(), actual.epoch());
    assertEquals(expected.loss(), actual.loss());
    assertEquals(expected.trainingRmse(), actual.trainingRmse());
    assertEquals(expected.validationRmse(), actual.validationRmse());
    assertEquals(expected.learningRate(), actual.learningRate());
    assertEquals(expected.ratings(), actual.ratings());
  }

  @Test
  void aResumedTrainingEndsWithTheBitsOfAnUninterruptedOne() throws IOException {
    for (Mf spec : Trainings.SPECS) {
      for (Optimizer optimizer : Trainings.OPTIMIZERS) {
        TrainingOptions options = Trainings.options(optimizer).build();
        TrainingResult expected = train(VALIDATION, spec, options);
        for (int killedAfter = 1; killedAfter <= 7; killedAfter += 3) {
          TrainingOptions killed =
              options.toBuilder()
                  .checkpointing(every(2, false))
                  .listener(killedAfter(killedAfter))
                  .build();
          assertThrows(Killed.class, () -> train(VALIDATION, spec, killed));
          TrainingOptions resumed = options.toBuilder().checkpointing(every(2, true)).build();
          assertSameOutcome(expected, train(VALIDATION, spec, resumed));
          assertEquals(List.of(name(6), name(7)), names());
          clear();
        }
      }
    }
  }

  @Test
  void goesOnFromAFinishedTraining() throws IOException {
    TrainingOptions seven = Trainings.options(OPTIMIZER).build();
    TrainingResult expected = train(null, SPEC, seven);
    TrainingResult three =
        train(null, SPEC, seven.toBuilder().epochs(3).checkpointing(every(5, true)).build());
    assertEquals(List.of(name(3)), names());
    List<TrainingListener.Start> starts = new ArrayList<>();
    TrainingOptions more =
        seven.toBuilder()
            .checkpointing(every(1, true))
            .threads(2)
            .listener(
                new TrainingListener() {
                  @Override
                  public void started(Start start) {
                    starts.add(start);
                  }
                })
            .build();
    TrainingResult all = train(null, SPEC, more);
    assertSameOutcome(expected, all);
    assertEquals(three.history(), all.history().subList(0, 3), "the seconds are what they were");
    assertSameOutcome(expected, train(null, SPEC, more)); // There is nothing left to do.
    assertEquals(List.of(4, 8), starts.stream().map(start -> start.firstEpoch()).toList());
    assertEquals(
        "goes on from " + checkpoints().resolve(name(3)), starts.get(0).resumed().orElse("anew"));
  }

  @Test
  void startsAnewWithoutCheckpoints() throws IOException {
    List<TrainingListener.Start> starts = new ArrayList<>();
    TrainingOptions options =
        Trainings.options(OPTIMIZER)
            .checkpointing(every(1, true))
            .listener(
                new TrainingListener() {
                  @Override
                  public void started(Start start) {
                    starts.add(start);
                  }
                })
            .build();
    train(null, SPEC, options);
    assertEquals(1, starts.get(0).firstEpoch());
    assertTrue(starts.get(0).resumed().isEmpty());
    assertEquals(List.of(name(6), name(7)), names());
  }

  @Test
  void earlyStoppingGoesOnWhereItWas() throws IOException {
    for (boolean restoreBest : new boolean[] {false, true}) {
      // The biases learn the mean, the factors then learn noise: the validation RMSE falls and
      // rises.
      Mf spec = Mf.biased(4);
      TrainingOptions options =
          Trainings.options(new Adam(0.1))
              .epochs(100)
              .earlyStopping(new EarlyStopping(4, 0.001, restoreBest))
              .build();
      TrainingResult expected = train(VALIDATION, spec, options);
      assertEquals(StopReason.EARLY_STOPPED, expected.stopReason());
      int last = expected.history().size();
      assertEquals(expected.bestEpoch() + 4, last);
      assertTrue(expected.bestEpoch() > 2, "the best epoch must come after the first checkpoint");
      for (int killedAfter = 2; killedAfter <= last; killedAfter++) {
        TrainingOptions killed =
            options.toBuilder()
                .checkpointing(every(1, false))
                .listener(killedAfter(killedAfter))
                .build();
        assertThrows(Killed.class, () -> train(VALIDATION, spec, killed));
        TrainingOptions resumed = options.toBuilder().checkpointing(every(1, true)).build();
        assertSameOutcome(expected, train(VALIDATION, spec, resumed));
        assertEquals(name(last), names().getLast());
        assertSameOutcome(expected, train(VALIDATION, spec, resumed)); // It had stopped.
        clear();
      }
    }
  }

  @Test
  void aCancelledTrainingKeepsItsCheckpoints() throws IOException {
    TrainingOptions options = Trainings.options(OPTIMIZER).build();
    Cancellation cancellation = new Cancellation();
    TrainingResult cancelled =
        train(
            null,
            SPEC,
            options.toBuilder()
                .checkpointing(every(1, false))
                .cancellation(cancellation)
                .listener(
                    new TrainingListener() {
                      @Override
                      public void epochEnded(EpochReport report) {
                        if (report.epoch() == 3) {
                          cancellation.cancel();
                        }
                      }
                    })
                .build());
    assertEquals(StopReason.CANCELLED, cancelled.stopReason());
    assertEquals(List.of(name(2), name(3)), names());
    assertSameOutcome(
        train(null, SPEC, options),
        train(null, SPEC, options.toBuilder().checkpointing(every(1, true)).build()));
  }

  @Test
  void aSpoiledCheckpointIsPassedOver() throws IOException {
    TrainingOptions options = Trainings.options(OPTIMIZER).build();
    TrainingResult expected = train(null, SPEC, options);
    train(null, SPEC, options.toBuilder().epochs(5).checkpointing(every(1, false)).build());
    assertEquals(List.of(name(4), name(5)), names());
    Path newest = checkpoints().resolve(name(5));
    byte[] bytes = Files.readAllBytes(newest);
    bytes[bytes.length - 1] ^= 1;
    Files.write(newest, bytes);
    Files.writeString(checkpoints().resolve("." + name(6) + ".1f.tmp"), "killed while writing");
    List<String> notes = new ArrayList<>();
    TrainingOptions resumed =
        options.toBuilder()
            .checkpointing(every(7, true))
            .listener(
                new TrainingListener() {
                  @Override
                  public void started(Start start) {
                    notes.add(start.resumed().orElse("anew"));
                  }
                })
            .build();
    assertSameOutcome(expected, train(null, SPEC, resumed));
    String note = notes.get(0);
    assertTrue(note.startsWith("goes on from " + checkpoints().resolve(name(4))), note);
    assertTrue(note.contains("passed over: " + newest + " is damaged"), note);
    assertEquals(List.of(name(4), name(7)), names(), "neither the spoiled nor the unfinished one");
  }

  @Test
  void refusesToStartAnewWhenAllCheckpointsAreSpoiled() throws IOException {
    TrainingOptions options = Trainings.options(OPTIMIZER).checkpointing(every(1, true)).build();
    train(null, SPEC, options);
    Files.write(checkpoints().resolve(name(6)), new byte[100]);
    Files.delete(checkpoints().resolve(name(7)));
    ModelFile.save(
        train(null, SPEC, Trainings.options(OPTIMIZER).build()).model(),
        checkpoints().resolve(name(7)));
    String message = refusal(RATINGS, null, SPEC, options);
    assertTrue(message.startsWith("none of the checkpoints in " + checkpoints()), message);
    assertTrue(message.contains(name(6) + " is cut off or not a safetensors file"), message);
    assertTrue(message.contains(name(7) + " is not a checkpoint"), message);
    assertTrue(message.contains("give an empty directory"), message);
    assertEquals(List.of(name(6), name(7)), names(), "nothing is deleted");
  }

  private static String refusal(
      Ratings ratings, @Nullable Ratings validation, Mf spec, TrainingOptions options) {
    return String.valueOf(
        assertThrows(
                CheckpointException.class,
                () -> new Trainer(ratings, validation, spec, options).train())
            .getMessage());
  }

  @Test
  void refusesADirectoryWithCheckpointsUnlessResuming() throws IOException {
    TrainingOptions options = Trainings.options(OPTIMIZER).checkpointing(every(1, false)).build();
    train(null, SPEC, options);
    String message = refusal(RATINGS, null, SPEC, options);
    assertTrue(message.contains("up to " + name(7) + "; resume"), message);
    assertEquals(List.of(name(6), name(7)), names());
  }

  @Test
  void refusesACheckpointOfAnotherTraining() throws IOException {
    EarlyStopping stopping = new EarlyStopping(50);
    TrainingOptions options =
        Trainings.options(OPTIMIZER).earlyStopping(stopping).checkpointing(every(1, true)).build();
    train(VALIDATION, SPEC, options);
    Mf otherSpec = SPEC.withRegularization(1e-9);
    assertDiffers("model is " + SPEC + ", expected " + otherSpec, otherSpec, options);
    assertDiffers(
        "optimizer is " + OPTIMIZER + ", expected " + new LazyAdam(0.02),
        SPEC,
        options.toBuilder().optimizer(new LazyAdam(0.02)).build());
    assertDiffers(
        "optimizer is " + OPTIMIZER, SPEC, options.toBuilder().optimizer(new Sgd(0.01)).build());
    assertDiffers("seed is 42, expected 43", SPEC, options.toBuilder().seed(43).build());
    assertDiffers("batch size is 16, expected 17", SPEC, options.toBuilder().batchSize(17).build());
    assertDiffers(
        "shuffle is true, expected false", SPEC, options.toBuilder().shuffle(false).build());
    assertDiffers(
        "early stopping is " + stopping + ", expected none",
        SPEC,
        options.toBuilder().earlyStopping(null).build());
    assertTrue(
        refusal(Trainings.ratings(103, 3), VALIDATION, SPEC, options)
            .contains("ratings is " + RATINGS.fingerprint() + ", expected "));
    Ratings otherValidation = Trainings.ratings(37, 4);
    assertTrue(
        refusal(RATINGS, otherValidation, SPEC, options)
            .contains(
                "validation ratings is "
                    + VALIDATION.fingerprint()
                    + ", expected "
                    + otherValidation.fingerprint()));
    String two =
        refusal(RATINGS, VALIDATION, SPEC, options.toBuilder().seed(1).batchSize(9).build());
    assertTrue(two.contains("batch size is 16, expected 9; seed is 42, expected 1;"), two);
    assertTrue(two.contains("or give an empty directory"), two);
    String fewer = refusal(RATINGS, VALIDATION, SPEC, options.toBuilder().epochs(6).build());
    assertTrue(fewer.contains("is of epoch 7, but only 6 epochs are asked for"), fewer);
    assertEquals(List.of(name(6), name(7)), names());
    TrainingOptions same =
        options.toBuilder().threads(3).keepSeenItems(false).checkpointing(every(5, true)).build();
    assertEquals(7, train(VALIDATION, SPEC, same).history().size());
  }

  private static void assertDiffers(String expected, Mf spec, TrainingOptions options) {
    String message = refusal(RATINGS, VALIDATION, spec, options);
    assertTrue(message.contains("belongs to another training: "), message);
    assertTrue(message.contains(expected), message);
  }

  @Test
  void saysThatACosineOverOtherEpochsIsAnotherSchedule() {
    TrainingOptions two =
        Trainings.options(new Sgd(LearningRate.cosine(0.05, 7)))
            .checkpointing(every(1, true))
            .build()
            .withEpochs(2);
    train(null, SPEC, two);
    String message = refusal(RATINGS, null, SPEC, two.withEpochs(20));
    assertEquals(
        checkpoints().resolve(name(2))
            + " belongs to a training with another schedule: its learning rate falls over 2 epochs,"
            + " this one's over 20 epochs; resume with a schedule over 2 epochs, or, to go on for"
            + " longer later, train anew with a constant rate (--schedule constant,"
            + " LearningRate.constant) in an empty directory",
        message);
    String seedToo = refusal(RATINGS, null, SPEC, two.withEpochs(20).toBuilder().seed(3).build());
    assertTrue(
        seedToo.contains(
            "belongs to another training: its learning rate falls over 2 epochs, this one's over 20"
                + " epochs; seed is 42, expected 3; train with the options"),
        seedToo);
    // A cosine from another rate is another optimizer, whatever its epochs.
    Sgd faster = new Sgd(LearningRate.cosine(0.06, 20));
    assertTrue(
        refusal(RATINGS, null, SPEC, two.toBuilder().optimizer(faster).build())
            .contains("optimizer is " + two.optimizer() + ", expected " + faster));
    Sgd constant = new Sgd(0.05);
    assertTrue(
        refusal(RATINGS, null, SPEC, two.toBuilder().optimizer(constant).build())
            .contains("optimizer is " + two.optimizer() + ", expected " + constant));
  }

  /** Other vectors, or another GPU, make other bits. */
  @ParameterizedTest
  @CsvSource({"backend, cuda, scalar", "arithmetic, 128-bit vectors, scalar"})
  void refusesACheckpointOfAnotherBackend(String key, String theirs, String ours)
      throws IOException {
    TrainingOptions options = Trainings.options(OPTIMIZER).checkpointing(every(1, true)).build();
    train(null, SPEC, options);
    for (String name : names()) {
      Path file = checkpoints().resolve(name);
      SafetensorsFile content = SafetensorsFile.open(file, Arena.ofAuto());
      Map<String, String> metadata = new LinkedHashMap<>(content.metadata());
      assertEquals(ours, metadata.put("identity." + key, theirs));
      SafetensorsWriter.write(file, metadata, new LinkedHashMap<>(content.tensors()));
    }
    String message = refusal(RATINGS, null, SPEC, options);
    assertTrue(message.contains(key + " is " + theirs + ", expected " + ours), message);
  }

  @Test
  void theBatchSizeDoesNotMatterToUpdatesPerRating() {
    TrainingOptions.Builder options =
        Trainings.options(new Sgd(0.01)).updates(Updates.PER_RATING).checkpointing(every(1, true));
    train(null, Mf.biased(4), options.epochs(2).build());
    TrainingResult resumed = train(null, Mf.biased(4), options.batchSize(5).epochs(3).build());
    assertEquals(3, resumed.history().size());
  }

  @Test
  void whatCannotBeDeletedEndsNoTraining() throws IOException {
    Path stubborn = checkpoints().resolve(".checkpoint-x.tmp");
    Files.createDirectories(stubborn);
    Files.writeString(stubborn.resolve("somebody"), "else's");
    TrainingOptions options = Trainings.options(OPTIMIZER).checkpointing(every(1, true)).build();
    assertEquals(7, train(null, SPEC, options).history().size());
    assertEquals(List.of(".checkpoint-x.tmp", name(6), name(7)), names());
  }

  @Test
  void saysWhyTheDirectoryCannotBeUsed() throws IOException {
    Files.writeString(directory.resolve("made"), "a file");
    TrainingOptions options = Trainings.options(OPTIMIZER).checkpointing(every(1, true)).build();
    String message = refusal(RATINGS, null, SPEC, options);
    assertTrue(message.contains("cannot use " + checkpoints() + " for checkpoints"), message);
  }

  @Test
  @EnabledOnOs(value = OS.LINUX, disabledReason = "/proc takes no directories, not even root's")
  void saysThatTheDirectoryCannotBeMade() {
    TrainingOptions options =
        Trainings.options(OPTIMIZER)
            .checkpointing(new Checkpointing(Path.of("/proc/ck"), 1, false))
            .build();
    assertEquals(
        "cannot use /proc/ck for checkpoints: /proc/ck cannot be made or used; give another directory",
        refusal(RATINGS, null, SPEC, options));
  }

  @Test
  void theModelOutlivesACheckpointThatCannotBeWritten() throws IOException {
    Mf spec = Trainings.OVERFITTING;
    TrainingOptions options =
        Trainings.options(OPTIMIZER)
            .earlyStopping(new EarlyStopping(5))
            .checkpointing(every(1, false))
            .listener(Trainings.atEndOf(3, this::putAFileInTheirPlace))
            .build();
    CheckpointException failure =
        assertThrows(CheckpointException.class, () -> train(VALIDATION, spec, options));
    assertEquals(
        "cannot write checkpoint "
            + checkpoints().resolve(name(3))
            + ": there is no directory "
            + checkpoints()
            + "; give the directory back, or room in it, and resume (--resume, Checkpointing.resume)"
            + "; the model of epoch 3 is kept",
        failure.getMessage());
    MfModel kept = failure.lastGoodModel().orElseThrow();
    WeightsAssert.assertSameBits(
        Trainings.weightsAfter(3, spec, Trainings.options(OPTIMIZER).build()),
        kept.weights(),
        "the last epoch");
    assertEquals("3", kept.provenance().get("epochs"));
  }

  private void putAFileInTheirPlace() {
    try {
      clear();
      Files.delete(checkpoints());
      Files.writeString(checkpoints(), "not a directory");
    } catch (IOException failure) {
      throw new UncheckedIOException(failure);
    }
  }

  @Test
  void saysThatACheckpointCannotBeWritten() throws IOException {
    Path inTheWay = checkpoints().resolve(name(3));
    TrainingOptions options =
        Trainings.options(OPTIMIZER)
            .checkpointing(every(1, false))
            .listener(
                new TrainingListener() {
                  @Override
                  public void epochEnded(EpochReport report) {
                    if (report.epoch() == 3) {
                      assertTrue(inTheWay.toFile().mkdir());
                    }
                  }
                })
            .build();
    String message = refusal(RATINGS, null, SPEC, options);
    assertTrue(message.contains("cannot write checkpoint " + inTheWay), message);
    assertEquals(List.of(name(1), name(2), name(3)), names());
    assertFalse(Files.isRegularFile(inTheWay));
  }
}
