package io.github.gpumf.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** All that a run finds out, and the files that it is written to. */
final class Findings {
  /** Contests: GpuMf and its peers on epochs of the same model. */
  static final String BESIDE = "beside";

  /** RMSE against seconds. */
  static final String QUALITY = "quality";

  /** GpuMf's backends by k. */
  static final String BACKENDS = "backends";

  /** GpuMf by batch size. */
  static final String BATCHES = "batches";

  /** By number of threads. */
  static final String THREADS = "threads";

  /** By number of ratings. */
  static final String SIZES = "sizes";

  /** From a ratings file to a saved model. */
  static final String FILE = "file";

  /** All that a run measures, in its order. */
  static final List<String> GROUPS =
      List.of(BESIDE, QUALITY, BACKENDS, BATCHES, THREADS, SIZES, FILE);

  private final Machine machine;
  private final List<Limit> limits = new ArrayList<>();
  private final List<Result> results = new ArrayList<>();
  private final List<Whole> wholes = new ArrayList<>();
  private final List<String> notes = new ArrayList<>();
  private double seconds;

  /** Nothing yet, of a machine. */
  Findings(Machine machine) {
    this.machine = machine;
  }

  /**
   * What the machine can do.
   *
   * @param threads that did it
   * @param copy GB/s, read and written bytes together
   * @param read GB/s
   * @param fma 1e9 fused multiply-adds of a lane a second
   * @param handover nanoseconds of a cache line from one thread to another and back; NaN for one
   *     thread
   */
  record Limit(int threads, double copy, double read, double fma, double handover) {}

  /**
   * A way from file to model.
   *
   * @param parts seconds of each
   * @param total seconds of the process until the model was saved
   * @param rmse on the held-out ratings
   */
  record Whole(Map<String, Double> parts, double total, double rmse) {}

  void add(Limit limit) {
    limits.add(limit);
  }

  void add(List<Result> more) {
    results.addAll(more);
  }

  void add(Whole whole) {
    wholes.add(whole);
  }

  void note(String note) {
    notes.add(note);
    System.err.println("  note: " + note);
  }

  void took(double value) {
    seconds = value;
  }

  Machine machine() {
    return machine;
  }

  List<Limit> limits() {
    return limits;
  }

  /** Limits of all threads. */
  Limit limit() {
    return limits.getLast();
  }

  List<Whole> wholes() {
    return wholes;
  }

  List<String> notes() {
    return notes;
  }

  double seconds() {
    return seconds;
  }

  List<Result> results() {
    return results;
  }

  List<Result> of(String group) {
    return results.stream().filter(result -> result.group().equals(group)).toList();
  }

  /** Writes {@code peers.json}, {@code peers.md} and {@code charts/}. */
  void write(Path folder) throws IOException {
    Files.createDirectories(folder);
    ResultsJson.write(this, folder.resolve("peers.json"));
    Files.writeString(folder.resolve("peers.md"), new ResultsPage(this).text());
    RunCharts.write(this, folder.resolve("charts"));
    System.err.println(folder.resolve("peers.md"));
  }
}
