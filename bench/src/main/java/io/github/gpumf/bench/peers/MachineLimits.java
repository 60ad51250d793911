package io.github.gpumf.bench.peers;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorSpecies;

/**
 * What the machine can do at most, on one thread and on several: bytes copied and read a second
 * from memory much larger than the caches, fused multiply-adds of registers, and the way of a cache
 * line between two threads. Prints a line {@code limit THREADS COPY READ FMA HANDOVER} each, in
 * GB/s, GB/s, G FMA/s and nanoseconds there and back, a lane of a vector counted as one FMA and a
 * copied byte as one read and one written; {@code NaN} is the handover of one thread.
 */
public final class MachineLimits {
  private static final VectorSpecies<Float> SPECIES = FloatVector.SPECIES_PREFERRED;

  /** Floats of all threads together; 512 MiB, beyond any cache. */
  private static final int FLOATS = 1 << 27;

  private static final int FMA_ROUNDS = 20_000_000;
  private static final int REPEATS = 7;

  /** Independent chains: enough to hide an FMA's latency of 4 cycles on two pipes. */
  private static final int CHAINS = 8;

  private MachineLimits() {}

  /**
   * Measures.
   *
   * @param args the largest number of threads
   * @throws Exception if a thread fails
   */
  public static void main(String[] args) throws Exception {
    int most = Integer.parseInt(args[0]);
    for (int threads = 1; threads <= most; threads = next(threads, most)) {
      measure(threads);
    }
  }

  private static int next(int threads, int most) {
    return threads == most ? most + 1 : Math.min(2 * threads, most);
  }

  private static void measure(int threads) throws Exception {
    int floats = FLOATS / 2 / threads / SPECIES.length() * SPECIES.length();
    List<float[]> sources = new ArrayList<>();
    List<float[]> targets = new ArrayList<>();
    for (int thread = 0; thread < threads; thread++) {
      float[] source = new float[floats];
      Arrays.fill(source, 1f);
      sources.add(source);
      targets.add(new float[floats]);
    }
    try (ExecutorService team = Executors.newFixedThreadPool(threads)) {
      double bytes = (double) Float.BYTES * floats * threads;
      double copy =
          rate(team, threads, 2 * bytes, at -> copy(sources.get(at), targets.get(at)), floats);
      double read = rate(team, threads, bytes, at -> sum(sources.get(at)), floats);
      double lanes = (double) SPECIES.length() * CHAINS * FMA_ROUNDS * threads;
      double fma = rate(team, threads, lanes, at -> multiplyAdd(FMA_ROUNDS), FMA_ROUNDS);
      double handover = threads == 1 ? Double.NaN : Handover.nanoseconds();
      System.out.printf(
          Locale.ROOT, "limit %d %.2f %.2f %.2f %.1f%n", threads, copy, read, fma, handover);
    }
  }

  /** Something of a thread's own to do; the result must be what is expected. */
  private interface Work {
    double run(int thread);
  }

  /** The highest of several rates, in 1e9 a second: a limit is what nothing disturbed. */
  private static double rate(
      ExecutorService team, int threads, double amount, Work work, double expected)
      throws Exception {
    double best = 0;
    for (int repeat = 0; repeat < REPEATS; repeat++) {
      List<Callable<Double>> calls = new ArrayList<>();
      for (int thread = 0; thread < threads; thread++) {
        int at = thread;
        calls.add(() -> work.run(at));
      }
      long start = System.nanoTime();
      List<Future<Double>> results = team.invokeAll(calls);
      best = Math.max(best, amount / (System.nanoTime() - start));
      for (Future<Double> result : results) {
        if (result.get() != expected) {
          throw new IllegalStateException("computed " + result.get() + ", not " + expected);
        }
      }
    }
    return best;
  }

  private static double copy(float[] source, float[] target) {
    System.arraycopy(source, 0, target, 0, source.length);
    return target[source.length - 1] * source.length;
  }

  /** Each lane sums few enough ones to be exact. */
  private static double sum(float[] values) {
    FloatVector a = FloatVector.zero(SPECIES);
    FloatVector b = a;
    FloatVector c = a;
    FloatVector d = a;
    int step = SPECIES.length();
    int at = 0;
    for (; at + 4 * step <= values.length; at += 4 * step) {
      a = a.add(FloatVector.fromArray(SPECIES, values, at));
      b = b.add(FloatVector.fromArray(SPECIES, values, at + step));
      c = c.add(FloatVector.fromArray(SPECIES, values, at + 2 * step));
      d = d.add(FloatVector.fromArray(SPECIES, values, at + 3 * step));
    }
    double sum = 0;
    for (float lane : a.add(b).add(c.add(d)).toArray()) {
      sum += lane;
    }
    for (; at < values.length; at++) {
      sum += values[at];
    }
    return sum;
  }

  /** Each chain goes to the fixed point 2 of x / 2 + 1, so the first lanes say if all were run. */
  private static double multiplyAdd(int rounds) {
    FloatVector half = FloatVector.broadcast(SPECIES, 0.5f);
    FloatVector one = FloatVector.broadcast(SPECIES, 1f);
    FloatVector a = FloatVector.broadcast(SPECIES, 3f);
    FloatVector b = FloatVector.broadcast(SPECIES, 4f);
    FloatVector c = FloatVector.broadcast(SPECIES, 5f);
    FloatVector d = FloatVector.broadcast(SPECIES, 6f);
    FloatVector e = FloatVector.broadcast(SPECIES, 7f);
    FloatVector f = FloatVector.broadcast(SPECIES, 8f);
    FloatVector g = FloatVector.broadcast(SPECIES, 9f);
    FloatVector h = FloatVector.broadcast(SPECIES, 10f);
    for (int round = 0; round < rounds; round++) {
      a = a.fma(half, one);
      b = b.fma(half, one);
      c = c.fma(half, one);
      d = d.fma(half, one);
      e = e.fma(half, one);
      f = f.fma(half, one);
      g = g.fma(half, one);
      h = h.fma(half, one);
    }
    double sum =
        (double) a.lane(0)
            + b.lane(0)
            + c.lane(0)
            + d.lane(0)
            + e.lane(0)
            + f.lane(0)
            + g.lane(0)
            + h.lane(0);
    return sum / (2 * CHAINS) * rounds;
  }
}
