package io.github.gpumf.train;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.optim.Adam;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.locks.LockSupport;

/** A process for {@link KilledTrainingTest}: resumes or starts a training and saves its model. */
final class CheckpointedTraining {
  static final int EPOCHS = 60;

  private CheckpointedTraining() {}

  /** Arguments: the directory of the checkpoints, the file of the model. */
  public static void main(String[] arguments) throws IOException {
    ModelFile.save(
        train(new Checkpointing(Path.of(arguments[0]), 1, true)).model(), Path.of(arguments[1]));
  }

  static TrainingResult train(Checkpointing checkpointing) {
    Ratings ratings = Trainings.ratings(211, 5);
    Ratings validation = Trainings.ratings(53, 6);
    TrainingOptions options =
        Trainings.options(new Adam(0.01))
            .epochs(EPOCHS)
            .earlyStopping(new EarlyStopping(EPOCHS))
            .checkpointing(checkpointing)
            .listener(
                new TrainingListener() {
                  @Override
                  public void epochEnded(EpochReport report) {
                    // Slow enough to be killed in the middle, on any machine.
                    LockSupport.parkNanos(5_000_000);
                  }
                })
            .build();
    return new Trainer(ratings, validation, Mf.biased(8), options).train();
  }
}
