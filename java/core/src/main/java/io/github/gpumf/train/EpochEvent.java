package io.github.gpumf.train;

import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;

/** For Flight Recorder. */
@Name(EpochEvent.NAME)
@Label("Epoch")
@Description("An epoch of a training, from its first batch until its weights are kept and measured")
@Category("GpuMf")
@StackTrace(false)
final class EpochEvent extends Event {
  static final String NAME = "io.github.gpumf.Epoch";

  @Label("Backend")
  String backend = "";

  @Label("Epoch")
  int epoch;

  @Label("Ratings")
  long ratings;

  @Label("Loss")
  double loss;

  @Label("Training RMSE")
  double trainingRmse;

  @Label("Seconds in Batches")
  double seconds;

  /** Records an epoch that has ended, if anybody listens. */
  void commit(String backend, EpochReport report) {
    end();
    if (shouldCommit()) {
      this.backend = backend;
      epoch = report.epoch();
      ratings = report.ratings();
      loss = report.loss();
      trainingRmse = report.trainingRmse();
      seconds = report.seconds();
      commit();
    }
  }
}
