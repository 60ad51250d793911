package io.github.gpumf.check;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonUnwrapped;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a check has found so far. Measures add to it while another thread may write it down.
 *
 * <p>Safe for any number of threads.
 */
final class Findings {
  /**
   * The tests' outcome.
   *
   * @param passed how many
   * @param failed what and why, a line each
   * @param leftOut for each reason, how many
   * @param classes how many passed in each class of tests
   * @param seconds that they took
   */
  record Tests(
      int passed,
      List<String> failed,
      Map<String, Integer> leftOut,
      Map<String, Integer> classes,
      double seconds) {}

  /**
   * A copy.
   *
   * @param what from where to where
   * @param bytes copied
   * @param microseconds the median
   * @param gigabytesPerSecond read and written: twice the bytes on the device, once over the bus
   */
  record Copy(String what, long bytes, double microseconds, double gigabytesPerSecond) {}

  /**
   * A kernel on a size.
   *
   * @param kernel its name
   * @param size of the data, in words
   * @param factors k, or 0 where there are none
   * @param bytes that it must move, caches counted as empty
   * @param microseconds the median
   * @param floorMicroseconds the time of a copy of as many bytes, or of a launch
   */
  record Kernel(
      String kernel,
      String size,
      int factors,
      long bytes,
      double microseconds,
      double floorMicroseconds) {
    @JsonProperty
    double gigabytesPerSecond() {
      return bytes / microseconds / 1e3;
    }

    /** 1 at the floor; more where caches help. */
    @JsonProperty
    double ofFloor() {
      return floorMicroseconds / microseconds;
    }
  }

  /**
   * An epoch.
   *
   * @param by gpumf, or what else trained
   * @param optimizer its name
   * @param ratings of the epoch
   * @param users of the ratings
   * @param items of the ratings
   * @param factors k
   * @param batchSize ratings a step
   * @param milliseconds the median
   * @param rmse of the last epoch's predictions
   */
  record Epoch(
      String by,
      String optimizer,
      long ratings,
      int users,
      int items,
      int factors,
      int batchSize,
      double milliseconds,
      double rmse) {
    @JsonProperty
    double millionRatingsPerSecond() {
      return ratings / milliseconds / 1e3;
    }

    @JsonProperty
    double microsecondsPerBatch() {
      return milliseconds * 1e3 / Math.ceilDiv(ratings, (long) batchSize);
    }
  }

  /**
   * An epoch, and what comes before the first one.
   *
   * @param epoch the epoch
   * @param preparationSeconds until the ratings are sorted and on the device
   */
  record Prepared(@JsonUnwrapped Epoch epoch, double preparationSeconds) {}

  /**
   * Lists for many users.
   *
   * @param users that are asked for
   * @param items of the model
   * @param factors k
   * @param count items of a list
   * @param milliseconds the median
   */
  record TopItems(int users, int items, int factors, int count, double milliseconds) {
    @JsonProperty
    double usersPerSecond() {
      return users / milliseconds * 1e3;
    }
  }

  /**
   * All of it, as of now.
   *
   * @param machine what is measured on, by name
   * @param seconds that each part took
   * @param tests null until they have run
   * @param perRating epochs with an update a rating, whose batch is a round
   * @param peers epochs of others, on the same sizes
   * @param notes what was left out, and why
   * @param problems what went wrong
   */
  record Snapshot(
      Map<String, String> machine,
      Map<String, Double> seconds,
      @Nullable Tests tests,
      List<Copy> copies,
      List<Kernel> kernels,
      List<Epoch> epochs,
      List<Epoch> batchSizes,
      List<Prepared> perRating,
      List<TopItems> topItems,
      List<Epoch> peers,
      List<String> notes,
      List<String> problems) {}

  private final Map<String, String> machine = new java.util.LinkedHashMap<>();
  private final Map<String, Double> seconds = new java.util.LinkedHashMap<>();
  private @Nullable Tests tests;
  private final List<Copy> copies = new ArrayList<>();
  private final List<Kernel> kernels = new ArrayList<>();
  private final List<Epoch> epochs = new ArrayList<>();
  private final List<Epoch> batchSizes = new ArrayList<>();
  private final List<Prepared> perRating = new ArrayList<>();
  private final List<TopItems> topItems = new ArrayList<>();
  private final List<Epoch> peers = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private final List<String> problems = new ArrayList<>();

  synchronized void machine(String name, String value) {
    machine.put(name, value);
  }

  synchronized void took(String part, double time) {
    seconds.put(part, time);
  }

  synchronized void add(Tests outcome) {
    tests = outcome;
  }

  synchronized void add(Copy copy) {
    copies.add(copy);
  }

  synchronized void add(Kernel kernel) {
    kernels.add(kernel);
  }

  synchronized void add(Epoch epoch) {
    epochs.add(epoch);
  }

  synchronized void addBatchSize(Epoch epoch) {
    batchSizes.add(epoch);
  }

  synchronized void addPerRating(Prepared epoch) {
    perRating.add(epoch);
  }

  synchronized void add(TopItems lists) {
    topItems.add(lists);
  }

  synchronized void addPeer(Epoch epoch) {
    peers.add(epoch);
  }

  /** What was left out, and why; not wrong. */
  synchronized void note(String text) {
    notes.add(text);
  }

  synchronized void problem(String text) {
    problems.add(text);
  }

  /** The bandwidth of the fastest copy on the device, bytes a microsecond; 0 if none is known. */
  synchronized double copyBandwidth() {
    return copies.stream()
        .filter(copy -> copy.what().equals(CopyBandwidth.ON_DEVICE))
        .mapToDouble(copy -> copy.gigabytesPerSecond() * 1e3)
        .max()
        .orElse(0);
  }

  synchronized Snapshot snapshot() {
    return new Snapshot(
        java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(machine)),
        java.util.Collections.unmodifiableMap(new java.util.LinkedHashMap<>(seconds)),
        tests,
        List.copyOf(copies),
        List.copyOf(kernels),
        List.copyOf(epochs),
        List.copyOf(batchSizes),
        List.copyOf(perRating),
        List.copyOf(topItems),
        List.copyOf(peers),
        List.copyOf(notes),
        List.copyOf(problems));
  }
}
