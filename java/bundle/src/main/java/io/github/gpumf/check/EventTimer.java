package io.github.gpumf.check;

import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.Event;
import io.github.gpumf.cuda.driver.Stream;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * The time of work on a device, by its own clock: events before and after several launches, so that
 * a launch waits for the one before it and not for the host.
 */
final class EventTimer implements AutoCloseable {
  private final Stream stream;
  private final Event start;
  private final Event end;
  private final int samples;
  private final int repetitions;

  /**
   * Makes the events.
   *
   * @param samples that are taken
   * @param repetitions of the work between two events
   */
  EventTimer(CudaContext context, Stream stream, int samples, int repetitions) {
    this.stream = stream;
    this.samples = samples;
    this.repetitions = repetitions;
    start = context.newTimingEvent();
    end = context.newTimingEvent();
  }

  /**
   * Takes the time, after a warm-up that is not counted.
   *
   * @param work puts itself into the stream; is given 0, 1, 2 and so on
   * @return microseconds of one, the median over samples
   */
  double microseconds(IntConsumer work) {
    int turn = 0;
    for (int time = 0; time < repetitions; time++) {
      work.accept(turn++);
    }
    double[] times = new double[samples];
    for (int sample = 0; sample < samples; sample++) {
      start.record(stream);
      for (int time = 0; time < repetitions; time++) {
        work.accept(turn++);
      }
      end.record(stream);
      end.synchronize();
      times[sample] = end.millisecondsSince(start) * 1e3 / repetitions;
    }
    return median(times);
  }

  /** Sorts. */
  static double median(double[] samples) {
    Arrays.sort(samples);
    int middle = samples.length / 2;
    return samples.length % 2 == 1 ? samples[middle] : (samples[middle - 1] + samples[middle]) / 2;
  }

  @Override
  public void close() {
    start.close();
    end.close();
  }
}
