package io.github.gpumf.train;

import java.util.OptionalDouble;

/**
 * What an epoch did.
 *
 * @param epoch from 1
 * @param loss what Keras prints: the mean over batches, weighted by their sizes, of mean squared
 *     error plus Keras' L2 term. Each batch is measured before its own step
 * @param trainingRmse root of the mean squared error of the same predictions
 * @param validationRmse after the epoch on the validation ratings whose user and item have training
 *     ratings, if there are any
 * @param learningRate of the epoch's last step
 * @param ratings trained on in the epoch
 * @param seconds taken by the training of the epoch, without validation and checkpoints
 */
public record EpochReport(
    int epoch,
    double loss,
    double trainingRmse,
    OptionalDouble validationRmse,
    double learningRate,
    long ratings,
    double seconds) {
  /**
   * Speed of the epoch.
   *
   * @return ratings trained on in a second
   */
  public double ratingsPerSecond() {
    return ratings / seconds;
  }
}
