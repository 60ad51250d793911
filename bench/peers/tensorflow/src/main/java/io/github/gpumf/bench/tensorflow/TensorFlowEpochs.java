package io.github.gpumf.bench.tensorflow;

import io.github.gpumf.bench.peers.RatingColumns;
import io.github.gpumf.bench.peers.Turns;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Epochs of the biased model with Keras' Adam in TensorFlow Java, in turns: the engine that GpuMf's
 * numbers are those of.
 */
public final class TensorFlowEpochs {
  private TensorFlowEpochs() {}

  /**
   * Takes part in a contest.
   *
   * @param args training ratings, held-out ratings or {@code -}, k, batch size, threads, learning
   *     rate, regularization
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    RatingColumns train = RatingColumns.read(Path.of(args[0]));
    @Nullable RatingColumns heldOut =
        args[1].equals("-") ? null : RatingColumns.read(Path.of(args[1]));
    Settings settings =
        new Settings(
            Integer.parseInt(args[2]),
            Integer.parseInt(args[3]),
            Integer.parseInt(args[4]),
            Float.parseFloat(args[5]),
            Float.parseFloat(args[6]));
    Turns turns = Turns.ofProcess();
    try (BiasedModel model = new BiasedModel(train, settings)) {
      turns.ready();
      while (turns.await()) {
        long start = System.nanoTime();
        double trainingRmse = model.epoch();
        double seconds = (System.nanoTime() - start) * 1e-9;
        turns.answer(seconds, trainingRmse, heldOut == null ? Double.NaN : model.rmse(heldOut));
      }
    }
  }

  /**
   * How to train.
   *
   * @param factors k
   * @param batchSize ratings a step
   * @param threads of TensorFlow
   * @param learningRate of Adam
   * @param regularization each rating adds that times |p|^2 + |q|^2 to the loss
   */
  record Settings(
      int factors, int batchSize, int threads, float learningRate, float regularization) {}
}
