package io.github.gpumf.cli;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.backend.Backends;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code gpumf doctor}. */
@Command(
    name = "doctor",
    header = "Say what this machine offers: each backend, or why it is off and what turns it on.",
    footer = {"", "Example:", "  gpumf doctor --json"})
final class DoctorCommand implements Callable<Integer> {
  private static final double GIB = 1L << 30;

  @Mixin private Output answer;

  @SuppressWarnings("NullAway.Init") // picocli sets the field before anything is called.
  DoctorCommand() {}

  @Override
  public Integer call() {
    Runtime runtime = Runtime.getRuntime();
    Map<String, Object> findings = new LinkedHashMap<>();
    findings.put("java", Runtime.version() + ", " + System.getProperty("java.vm.name"));
    findings.put("os", System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    findings.put("processors", runtime.availableProcessors());
    findings.put("heapGiB", Math.round(runtime.maxMemory() / GIB * 10) / 10.0);
    findings.put("backends", backends());
    findings.put("auto", Backends.select(Backends.AUTO).explanation());
    if (answer.json()) {
      answer.print(findings);
    } else {
      print(findings);
    }
    return 0;
  }

  private static List<Map<String, Object>> backends() {
    List<Map<String, Object>> backends = new ArrayList<>();
    for (Map.Entry<String, Availability> entry : GpuMf.backends().entrySet()) {
      Map<String, Object> backend = new LinkedHashMap<>();
      backend.put("name", entry.getKey());
      switch (entry.getValue()) {
        case Available yes -> {
          backend.put("available", true);
          backend.put("device", yes.backend().device());
        }
        case Unavailable no -> {
          backend.put("available", false);
          backend.put("reason", no.reason());
          backend.put("remedy", no.remedy());
          if (no.cause() != null) {
            backend.put("cause", no.cause().toString());
          }
        }
      }
      backends.add(backend);
    }
    return backends;
  }

  private void print(Map<String, Object> findings) {
    findings.forEach(
        (name, finding) -> {
          if (finding instanceof List<?> backends) {
            backends.forEach(backend -> answer.out().println("backend    " + backend));
          } else {
            answer.out().printf("%-10s %s%n", name, finding);
          }
        });
  }
}
