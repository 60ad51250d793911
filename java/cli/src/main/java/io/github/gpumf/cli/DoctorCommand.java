package io.github.gpumf.cli;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Availability;
import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Finding;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code gpumf doctor}. */
@Command(
    name = "doctor",
    header = "Say what this machine offers.",
    description = {
      "",
      "Each backend, or why it is off and what turns it on, and which one auto takes.",
      ""
    },
    footer = {
      "",
      "Example:",
      "  gpumf doctor --json",
      "",
      "Keys of --json: java, os, processors, heapGiB, auto, backends (each: name,",
      "available, and device and findings, or reason, remedy and perhaps cause).",
      "A finding has subject, on, text and, where it is off, perhaps remedy."
    })
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
    findings.put("auto", Backends.select(Backends.AUTO).explanation());
    if (answer.json()) {
      List<Map<String, Object>> backends = new ArrayList<>();
      GpuMf.backends().forEach((name, found) -> backends.add(json(name, found)));
      findings.put("backends", backends);
      answer.print(findings);
    } else {
      findings.forEach((name, finding) -> print(name, finding.toString()));
      GpuMf.backends()
          .forEach(
              (name, found) -> {
                print("backend", name + ": " + text(found));
                findings(found).forEach(finding -> print("", "  " + text(finding)));
              });
    }
    return 0;
  }

  private void print(String name, String finding) {
    answer.out().printf(Locale.ROOT, "%-10s  %s%n", name, finding);
  }

  private static String text(Availability found) {
    return switch (found) {
      case Available yes -> "available, " + yes.backend().device();
      case Unavailable no -> "off, " + no.reason() + "; " + no.remedy();
    };
  }

  private static List<Finding> findings(Availability found) {
    return found instanceof Available yes ? yes.backend().findings() : List.of();
  }

  private static String text(Finding finding) {
    return finding.subject()
        + ": "
        + (finding.on() ? "" : "off, ")
        + finding.text()
        + (finding.remedy() == null ? "" : "; " + finding.remedy());
  }

  private static Map<String, Object> json(Finding finding) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("subject", finding.subject());
    json.put("on", finding.on());
    json.put("text", finding.text());
    if (finding.remedy() != null) {
      json.put("remedy", finding.remedy());
    }
    return json;
  }

  private static Map<String, Object> json(String name, Availability found) {
    Map<String, Object> backend = new LinkedHashMap<>();
    backend.put("name", name);
    switch (found) {
      case Available yes -> {
        backend.put("available", true);
        backend.put("device", yes.backend().device());
        backend.put("findings", findings(found).stream().map(finding -> json(finding)).toList());
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
    return backend;
  }
}
