package io.github.gpumf.cli;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;

/** Checks of numbers that several commands share. */
final class Counts {
  private Counts() {}

  static void requirePositive(CommandSpec command, String flag, int value) {
    if (value < 1) {
      throw new ParameterException(
          command.commandLine(), flag + " must be at least 1, not " + value);
    }
  }
}
