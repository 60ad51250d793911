package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.DriverProbe.Found;
import io.github.gpumf.cuda.driver.DriverProbe.Missing;

/** The main class of a JVM that looks for the driver through each binding. */
final class PrintsProbes {
  private PrintsProbes() {}

  public static void main(String[] arguments) {
    System.out.println("jcuda: " + text(CudaDrivers.jcuda()));
    System.out.println("foreign: " + text(CudaDrivers.foreign()));
    System.out.println("preferred: " + text(CudaDrivers.preferred()));
    System.out.println("again: " + text(CudaDrivers.jcuda()));
  }

  private static String text(DriverProbe probe) {
    return switch (probe) {
      case Found found -> "found, through " + found.driver().binding();
      case Missing missing -> missing.reason() + "; " + missing.remedy();
    };
  }
}
