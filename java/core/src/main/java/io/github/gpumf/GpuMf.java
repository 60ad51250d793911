package io.github.gpumf;

import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.train.Trainer;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingPlan;
import io.github.gpumf.train.TrainingResult;
import java.util.SequencedMap;

/**
 * The front door: train a matrix-factorization model of ratings.
 *
 * {@snippet file="io/github/gpumf/ReadmeExample.java" region="service"}
 *
 * <p>All methods are safe for any number of threads; each training uses the threads of its own
 * options.
 */
public final class GpuMf {
  private GpuMf() {}

  /**
   * Trains with {@link TrainingOptions#tunedFor(Mf, Ratings)}: the options that do well on
   * MovieLens, fitted to these ratings.
   *
   * <p>They are meant for {@link Mf#tuned} and {@link Mf#withTunedOptions}. A model without
   * regularization, such as {@code Mf.biased(64)}, overfits with them: on MovieLens 100K its RMSE
   * on held-out ratings is about 1.02, that of {@code Mf.tuned(64)} 0.90.
   *
   * @param ratings training ratings, at least one
   * @param spec the model, best one with tuned options
   * @return the model and how it was reached
   * @throws IllegalArgumentException if there are no ratings
   * @throws io.github.gpumf.backend.DeviceException if the device, or the JVM, has not the memory;
   *     {@link #plan} knows before
   * @throws io.github.gpumf.train.BackendFailedException if the device fails in the middle; it
   *     carries the model of the last good epoch
   * @throws io.github.gpumf.train.DivergedException if the loss explodes; it carries the model of
   *     the last good epoch
   */
  public static TrainingResult train(Ratings ratings, Mf spec) {
    return train(ratings, spec, TrainingOptions.tunedFor(spec, ratings));
  }

  /**
   * Trains.
   *
   * @param ratings training ratings, at least one
   * @param spec the model
   * @param options how to train
   * @return the model and how it was reached
   * @throws IllegalArgumentException if there are no ratings, or the options do not go with the
   *     model or with each other; {@link Trainer} says which do not
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used here
   * @throws io.github.gpumf.backend.DeviceException if the device of the backend asked for has not
   *     the memory; {@link #plan} knows before
   * @throws io.github.gpumf.train.BackendFailedException if the device fails in the middle; it
   *     carries the model of the last good epoch
   * @throws io.github.gpumf.train.DivergedException if the loss explodes; it carries the model of
   *     the last good epoch
   * @throws io.github.gpumf.train.CheckpointException if a checkpoint cannot be read or written; in
   *     the middle it carries the model of the last good epoch
   */
  public static TrainingResult train(Ratings ratings, Mf spec, TrainingOptions options) {
    return new Trainer(ratings, null, spec, options).train();
  }

  /**
   * Trains, and measures each epoch on other ratings.
   *
   * @param ratings training ratings, at least one
   * @param validation ratings to measure on, at least one; those whose user or item has no training
   *     rating are left out
   * @param spec the model
   * @param options how to train; early stopping goes by the validation RMSE
   * @return the model and how it was reached
   * @throws IllegalArgumentException if there are no ratings, none of the validation ratings has a
   *     user and an item that have training ratings, or the options do not go with the model or
   *     with each other; {@link Trainer} says which do not
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used here
   * @throws io.github.gpumf.backend.DeviceException if the device of the backend asked for has not
   *     the memory; {@link #plan} knows before
   * @throws io.github.gpumf.train.BackendFailedException if the device fails in the middle; it
   *     carries the model of the last good epoch
   * @throws io.github.gpumf.train.DivergedException if the loss explodes; it carries the model of
   *     the last good epoch
   * @throws io.github.gpumf.train.CheckpointException if a checkpoint cannot be read or written; in
   *     the middle it carries the model of the last good epoch
   */
  public static TrainingResult train(
      Ratings ratings, Ratings validation, Mf spec, TrainingOptions options) {
    return new Trainer(ratings, validation, spec, options).train();
  }

  /**
   * What a training would take; nothing is allocated.
   *
   * @param ratings training ratings, at least one
   * @param spec the model
   * @param options how to train
   * @return memory by part, on the backend that the training would run on, whether it fits or not
   * @throws IllegalArgumentException if there are no ratings, or the options do not go with the
   *     model or with each other; {@link Trainer} says which do not
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used here
   * @throws io.github.gpumf.backend.DeviceException if the device cannot be asked
   */
  public static TrainingPlan plan(Ratings ratings, Mf spec, TrainingOptions options) {
    return new Trainer(ratings, null, spec, options).plan();
  }

  /**
   * What a training that measures its epochs would take; nothing is allocated.
   *
   * @param ratings training ratings, at least one
   * @param validation ratings to measure on, at least one
   * @param spec the model
   * @param options how to train
   * @return memory by part, on the backend that the training would run on, whether it fits or not
   * @throws IllegalArgumentException if there are no ratings, none of the validation ratings has a
   *     user and an item that have training ratings, or the options do not go with the model or
   *     with each other; {@link Trainer} says which do not
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used here
   * @throws io.github.gpumf.backend.DeviceException if the device cannot be asked
   */
  public static TrainingPlan plan(
      Ratings ratings, Ratings validation, Mf spec, TrainingOptions options) {
    return new Trainer(ratings, validation, spec, options).plan();
  }

  /**
   * What can be used on this machine, and for each thing that cannot, why and what would enable it.
   *
   * @return by name, in the order in which {@code auto} tries
   */
  public static SequencedMap<String, Availability> backends() {
    return Backends.probed();
  }
}
