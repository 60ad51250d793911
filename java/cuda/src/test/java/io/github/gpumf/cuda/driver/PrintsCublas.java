package io.github.gpumf.cuda.driver;

import io.github.gpumf.cuda.driver.CublasProbe.Found;
import io.github.gpumf.cuda.driver.CublasProbe.Missing;

/** The main class of a JVM that looks for cuBLAS. */
final class PrintsCublas {
  private PrintsCublas() {}

  public static void main(String[] arguments) {
    System.out.println(
        switch (CublasLibraries.preferred()) {
          case Found found -> found.version() + " through " + found.library().binding();
          case Missing missing -> missing.reason() + "; " + missing.remedy();
        });
  }
}
