package io.github.gpumf.cli;

import java.io.PrintStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.List;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.MissingParameterException;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The {@code gpumf} command and its subcommands. */
@Command(
    name = "gpumf",
    versionProvider = Version.class,
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    header = "Matrix-factorization recommenders: train, evaluate, recommend.",
    description = {
      "",
      "A first walk, without any data of your own:",
      "  gpumf demo",
      "With a ratings file:",
      "  gpumf train --ratings ratings.csv --output model.safetensors",
      "  gpumf recommend --model model.safetensors --user 42 -n 10",
      ""
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:success",
      "1:failure: the message on standard error says why",
      "2:wrong usage",
      "130:ended by Ctrl-C; a training saves the model of its last finished epoch",
      "143:ended by SIGTERM; a training saves it, too"
    },
    subcommands = {
      DemoCommand.class,
      TrainCommand.class,
      EvaluateCommand.class,
      PredictCommand.class,
      RecommendCommand.class,
      SimilarCommand.class,
      GenerateCommand.class,
      DoctorCommand.class,
      HelpCommand.class
    })
public final class Main {
  private Main() {}

  /**
   * Runs the command and ends the JVM with its exit code.
   *
   * @param args the command line
   */
  public static void main(String[] args) {
    System.exit(run(args, System.out, System.err));
  }

  /**
   * Runs the command.
   *
   * @param args the command line
   * @param out receives the answer
   * @param err receives messages and progress
   * @return 0, 1 for a failure, or 2 for wrong usage
   */
  public static int run(String[] args, PrintStream out, PrintStream err) {
    CommandLine line = commandLine();
    line.setOut(new PrintWriter(out, true, StandardCharsets.UTF_8));
    line.setErr(new PrintWriter(err, true, StandardCharsets.UTF_8));
    if (args.length == 0) {
      line.usage(line.getErr());
      return CommandLine.ExitCode.USAGE;
    }
    try {
      int exitCode = line.execute(args);
      // Writers keep failures to themselves, and half an answer must not look like a whole one.
      if (line.getOut().checkError()) {
        line.getErr().println("gpumf: the answer cannot be written to standard output");
        return CommandLine.ExitCode.SOFTWARE;
      }
      return exitCode;
    } catch (OutOfMemoryError full) {
      line.getErr().println(FailureHandler.outOfMemory(full));
      return CommandLine.ExitCode.SOFTWARE;
    }
  }

  /** The command with its subcommands, as it parses and speaks. */
  static CommandLine commandLine() {
    CommandLine line = new CommandLine(new Main());
    line.setExpandAtFiles(false); // An id may begin with @.
    Values.register(line);
    line.setParameterExceptionHandler(Main::wrongUsage);
    line.setExecutionExceptionHandler(new FailureHandler());
    return line;
  }

  private static int wrongUsage(ParameterException wrong, String[] args) {
    CommandLine command = wrong.getCommandLine();
    PrintWriter err = command.getErr();
    List<String> unknown = command.getUnmatchedArguments();
    if (wrong instanceof MissingParameterException && !unknown.isEmpty()) {
      // What is missing is looked for first, but may be among the unknown, misspelt.
      UnmatchedArgumentException misspelt = new UnmatchedArgumentException(command, unknown);
      err.println("gpumf: " + misspelt.getMessage() + "; " + wrong.getMessage());
      UnmatchedArgumentException.printSuggestions(misspelt, err);
    } else {
      err.println("gpumf: " + wrong.getMessage());
      UnmatchedArgumentException.printSuggestions(wrong, err);
    }
    err.println("See: " + command.getCommandSpec().qualifiedName() + " --help");
    return CommandLine.ExitCode.USAGE;
  }
}
