package io.github.gpumf.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.PrintWriter;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Where a command's answer goes and in which form: mixed into every command. */
final class Output {
  private static final ObjectMapper MAPPER =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

  @Option(names = "--json", description = "Print the answer as one JSON object, for machines.")
  private boolean json;

  @SuppressWarnings("NullAway.Init") // picocli sets the command before anything is called.
  Output() {}

  boolean json() {
    return json;
  }

  /** For the answer. */
  PrintWriter out() {
    return command.commandLine().getOut();
  }

  /** For messages. */
  PrintWriter err() {
    return command.commandLine().getErr();
  }

  /** Prints the answer as JSON; NaN and infinity do not occur in answers. */
  void print(Object answer) {
    try {
      out().println(MAPPER.writeValueAsString(answer));
    } catch (JsonProcessingException impossible) {
      throw new IllegalStateException("the answer cannot be written as JSON", impossible);
    }
  }
}
