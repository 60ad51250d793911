package io.github.gpumf.cli;

import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.backend.DeviceException;
import io.github.gpumf.train.BackendFailedException;
import io.github.gpumf.train.CheckpointException;
import io.github.gpumf.train.DivergedException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import picocli.CommandLine;
import picocli.CommandLine.IExecutionExceptionHandler;
import picocli.CommandLine.ParseResult;

/**
 * Turns a failure into one message and exit code 1. Failures that a user can cause have messages
 * written for users; anything else is a defect and shows its stack trace.
 */
final class FailureHandler implements IExecutionExceptionHandler {
  @Override
  public int handleExecutionException(Exception failure, CommandLine command, ParseResult parsed) {
    switch (failure) {
      case FileSystemException file -> print(command, message(file));
      case IOException io -> print(command, message(io));
      case CommandFailedException failed -> print(command, message(failed));
      case BackendUnavailableException unavailable -> print(command, message(unavailable));
      case DeviceException device -> print(command, message(device));
      case BackendFailedException failed -> print(command, message(failed));
      case CheckpointException checkpoint -> print(command, message(checkpoint));
      case DivergedException diverged -> print(command, message(diverged));
      default -> {
        print(command, "unexpected " + failure + "; this is a defect of gpumf");
        failure.printStackTrace(command.getErr());
      }
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** The JDK's own messages about files are often nothing but the name. */
  private static String message(FileSystemException failure) {
    if (failure.getReason() != null) {
      return message((Exception) failure);
    }
    return switch (failure) {
      case NoSuchFileException missing -> "there is no file " + missing.getFile();
      case AccessDeniedException denied -> "no permission to use " + denied.getFile();
      default -> "cannot use " + failure.getFile() + ": " + failure.getClass().getSimpleName();
    };
  }

  /** What to do about a limit of the JVM. */
  static String outOfMemory(OutOfMemoryError full) {
    return "gpumf: out of memory: "
        + full.getMessage()
        + "; ask for less (fewer factors, users or items), or raise the limits, for example"
        + " GPUMF_JAVA_OPTIONS=\"-Xmx8g -XX:MaxDirectMemorySize=16g\"";
  }

  private static String message(Exception failure) {
    return failure.getMessage() == null ? failure.toString() : failure.getMessage();
  }

  private static void print(CommandLine command, String message) {
    command.getErr().println("gpumf: " + message);
  }
}
