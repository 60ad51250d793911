package io.github.gpumf.check;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.check.EpochTimes.Part;
import io.github.gpumf.cuda.Kernels;
import io.github.gpumf.cuda.driver.CudaContext;
import io.github.gpumf.cuda.driver.CudaDevice;
import io.github.gpumf.cuda.driver.CudaDrivers;
import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code gpumf gpu-check}, in the bundle. */
@Command(
    name = "gpumf gpu-check",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    header = "Prove on this machine's GPU that GpuMf is right there, and measure it.",
    description = {
      "",
      "Runs the tests of the backend and its kernels on the GPU; measures copies, each",
      "kernel beside its floor, batch sizes, epochs from 1e5 to 1e8 ratings, an update a",
      "rating, lists for 10,000 users, and the same training in PyTorch where python3 has",
      "it. Writes gpu-check.json, gpu-check.md and charts, and ends with one line of",
      "verdict.",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is fine",
      "1:something is wrong: the last line says what",
      "2:wrong usage"
    })
public final class GpuCheck implements Callable<Integer> {
  private static final Path DRIVER_VERSION = Path.of("/proc/driver/nvidia/version");

  /** After the time is over, for what runs to notice. */
  private static final Duration GRACE = Duration.ofSeconds(15);

  /** Of the whole time for the tests, and what must be left for PyTorch to be begun. */
  private static final double SHARE_OF_TESTS = 0.6;

  private static final long LEAST_SECONDS_FOR_PEER = 30;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "The folder to write into; is made.")
  private Path out;

  @Option(
      names = "--backend",
      defaultValue = "cuda",
      paramLabel = "cuda[:GPU]",
      description = "Which GPU, by number or UUID as for train: cuda:1 (default: the first).")
  private String backend;

  @Option(
      names = "--small",
      description = "Tiny data: shows that all of it works, on the stand-in driver for example.")
  private boolean small;

  @Option(names = "--skip-tests", description = "Measure only; the verdict says so.")
  private boolean skipTests;

  @Option(
      names = "--only",
      split = "\\s*,\\s*",
      paramLabel = "PART",
      description =
          "Measure these parts alone, without the tests: copy bandwidth, kernels, batch sizes, epochs, an update a rating, top items, PyTorch; the verdict says so.")
  private List<String> only = List.of();

  @Option(
      names = "--minutes",
      defaultValue = "8",
      paramLabel = "N",
      description = "After which it ends with what it has, as wrong (default: ${DEFAULT-VALUE}).")
  private int minutes;

  @Spec private CommandSpec command;

  private final Findings findings = new Findings();
  private final long start = System.nanoTime();

  @SuppressWarnings("NullAway.Init") // picocli sets the fields before anything is called.
  GpuCheck() {}

  /**
   * Runs the check and ends the JVM with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    System.exit(new CommandLine(new GpuCheck()).execute(args));
  }

  @Override
  public Integer call() throws IOException {
    if (minutes < 1) {
      throw new CommandLine.ParameterException(
          command.commandLine(), "--minutes must be at least 1, not " + minutes);
    }
    if (!CheckedGpu.isGpu(backend)) {
      throw new CommandLine.ParameterException(
          command.commandLine(),
          "--backend must be a GPU, cuda, cuda:1 or cuda:GPU-5e7c1f0a, not " + backend);
    }
    Files.createDirectories(out);
    Report report = new Report(out);
    Thread watchdog = watchdog(report);
    describeMachine();
    try {
      check(report);
    } catch (CommandLine.ParameterException wrongUsage) {
      watchdog.interrupt();
      throw wrongUsage;
    } catch (BackendUnavailableException unavailable) {
      findings.problem(String.valueOf(unavailable.getMessage()));
    } catch (RuntimeException | LinkageError failure) {
      findings.problem(failure.toString());
      failure.printStackTrace(command.commandLine().getErr());
    }
    watchdog.interrupt();
    return end(report, true);
  }

  private int end(Report report, boolean complete) throws IOException {
    report.write(findings.snapshot(), complete);
    PrintWriter stdout = command.commandLine().getOut();
    stdout.println(Report.verdict(findings.snapshot(), complete));
    stdout.flush();
    return complete && Report.isFine(findings.snapshot()) ? 0 : 1;
  }

  /** Ends the check when its time is over: first by asking, then by ending the process. */
  private Thread watchdog(Report report) {
    Thread checking = Thread.currentThread();
    return Thread.ofPlatform()
        .daemon()
        .name("watchdog")
        .start(
            () -> {
              try {
                Thread.sleep(Duration.ofMinutes(minutes));
                findings.problem("not done after " + minutes + " minutes");
                checking.interrupt();
                Thread.sleep(GRACE);
                Runtime.getRuntime().halt(end(report, false));
              } catch (InterruptedException done) {
                // The check came to its end.
              } catch (IOException failure) {
                Runtime.getRuntime().halt(1);
              }
            });
  }

  private void describeMachine() {
    findings.machine(
        "date",
        DateTimeFormatter.ISO_INSTANT.format(ZonedDateTime.now(ZoneOffset.UTC).withNano(0)));
    findings.machine("sizes", small ? "small" : "full");
    findings.machine("Java", Runtime.version().toString());
    findings.machine("processors", Integer.toString(Runtime.getRuntime().availableProcessors()));
    try {
      findings.machine("driver", Files.readAllLines(DRIVER_VERSION).getFirst());
    } catch (IOException absent) {
      findings.machine("driver", "not NVIDIA's (no " + DRIVER_VERSION + ")");
    }
  }

  private void check(Report report) throws IOException {
    switch (CudaDrivers.preferred()) {
      case Missing missing -> findings.problem(missing.reason() + "; " + missing.remedy());
      case Found found -> {
        Optional<CheckedGpu> gpu = CheckedGpu.find(found.driver(), backend);
        if (gpu.isEmpty()) {
          Backends.select(backend); // Says why there is none.
          return;
        }
        try (CudaContext context = gpu.get().open();
            Kernels kernels = new Kernels(context)) {
          describe(context.device());
          for (Measure measure : measures(gpu.get(), context, kernels)) {
            run(measure, report);
          }
        }
      }
    }
  }

  private void describe(CudaDevice device) {
    findings.machine("GPU", device.name());
    findings.machine("chip", device.toString());
    findings.machine("UUID", device.id());
    findings.machine("L2", String.format(Locale.ROOT, "%.1f MiB", device.cacheBytes() / 0x1p20));
    findings.machine(
        "CUDA of the driver",
        device.driverVersion() / 1000 + "." + device.driverVersion() % 1000 / 10);
  }

  private List<Measure> measures(CheckedGpu gpu, CudaContext context, Kernels kernels) {
    Sizes sizes = small ? Sizes.small() : Sizes.full();
    Backend onGpu = Backends.select(gpu.backend()).backend();
    long testSeconds = Math.round(minutes * 60 * SHARE_OF_TESTS);
    Measure tests = new ContractTests(gpu, out, testSeconds);
    SkewedRatings ratings = new SkewedRatings(context, kernels);
    List<Measure> times =
        List.of(
            new CopyBandwidth(context, sizes),
            new KernelTimes(context, kernels, sizes),
            new EpochTimes(Part.BATCH_SIZES, onGpu, ratings, sizes),
            new EpochTimes(Part.EPOCHS, onGpu, ratings, sizes),
            new EpochTimes(Part.PER_RATING, onGpu, ratings, sizes),
            new TopItemsTimes(onGpu, sizes),
            new TorchPeer(gpu, out, sizes, secondsForPeer()));
    if (!only.isEmpty()) {
      List<String> names = times.stream().map(Measure::name).toList();
      if (!names.containsAll(only)) {
        throw new CommandLine.ParameterException(
            command.commandLine(), "--only takes parts of " + names + ", not " + only);
      }
      // A kernel's floor is the time of a copy.
      List<Measure> parts =
          times.stream()
              .filter(
                  part ->
                      only.contains(part.name())
                          || (part instanceof CopyBandwidth && only.contains(KernelTimes.NAME)))
              .toList();
      findings.note(
          parts.stream()
              .map(Measure::name)
              .collect(Collectors.joining(", ", "all but ", ", by --only")));
      return parts;
    }
    if (skipTests) {
      findings.note("the tests, by --skip-tests");
      return times;
    }
    return Stream.concat(Stream.of(tests), times.stream()).toList();
  }

  private long secondsForPeer() {
    return Math.max(LEAST_SECONDS_FOR_PEER, minutes * 60 / 8);
  }

  /** Runs a part; whatever fails in it is written down, and the next part runs. */
  private void run(Measure measure, Report report) throws IOException {
    PrintWriter err = command.commandLine().getErr();
    err.printf(Locale.ROOT, "gpu-check: %6.1f s: %s%n", seconds(start), measure.name());
    err.flush();
    long begin = System.nanoTime();
    try {
      measure.run(findings);
    } catch (IOException | RuntimeException | LinkageError | OutOfMemoryError failure) {
      findings.problem(measure.name() + ": " + failure);
      failure.printStackTrace(err);
    } catch (InterruptedException over) {
      findings.problem(measure.name() + ": cut short " + over.getMessage());
    }
    findings.took(measure.name(), seconds(begin));
    report.writeSoFar(findings.snapshot());
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
