package io.github.gpumf.cli;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.cli.TrainingFlags.Model;
import io.github.gpumf.cli.TrainingFlags.OptimizerName;
import io.github.gpumf.cli.TrainingFlags.Preset;
import io.github.gpumf.cli.TrainingFlags.Schedule;
import io.github.gpumf.cli.TrainingFlags.UpdatesName;
import io.github.gpumf.optim.Precision;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads the values of flags, and says in the words of the command line what is wrong with one. */
final class Values {
  /** Part of other installations: asking for it in vain is a failure, but no wrong usage. */
  private static final String CUDA = "cuda";

  private Values() {}

  /** Sets how a command and its subcommands read values. */
  static void register(CommandLine line) {
    registerNumber(line, int.class, Integer.class, Integer::valueOf, "a whole number below 2^31");
    registerNumber(line, long.class, Long.class, Long::valueOf, "a whole number below 2^63");
    registerNumber(line, double.class, Double.class, Double::valueOf, "a number");
    line.registerConverter(Path.class, Values::path);
    registerNames(line, Preset.class);
    registerNames(line, Model.class);
    registerNames(line, OptimizerName.class);
    registerNames(line, Schedule.class);
    registerNames(line, UpdatesName.class);
    registerNames(line, Precision.class);
  }

  private static <T> void registerNumber(
      CommandLine line, Class<T> primitive, Class<T> boxed, Function<String, T> read, String kind) {
    ITypeConverter<T> converter =
        value -> {
          try {
            return read.apply(value);
          } catch (NumberFormatException other) {
            throw new TypeConversionException("'" + value + "' is not " + kind);
          }
        };
    line.registerConverter(primitive, converter);
    line.registerConverter(boxed, converter);
  }

  private static <E extends Enum<E>> void registerNames(CommandLine line, Class<E> type) {
    line.registerConverter(
        type,
        value ->
            Stream.of(type.getEnumConstants())
                .filter(constant -> nameOf(constant).equals(value.toLowerCase(Locale.ROOT)))
                .findFirst()
                .orElseThrow(
                    () ->
                        notOneOf(
                            Stream.of(type.getEnumConstants()).map(Values::nameOf).toList(),
                            value)));
  }

  /** As on the command line: {@code lazy-adam} for {@code LAZY_ADAM}. */
  private static String nameOf(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private static TypeConversionException notOneOf(List<String> names, String value) {
    return new TypeConversionException(
        "expected one of " + String.join(", ", names) + " but was '" + value + "'");
  }

  /** The empty path is the current directory, but an empty value is a variable that was not set. */
  private static Path path(String value) {
    if (value.isEmpty()) {
      throw new TypeConversionException("the name of a file is needed, but it is empty");
    }
    try {
      return Path.of(value);
    } catch (InvalidPathException invalid) {
      // By the locale Java reads arguments and names files, and many a C locale has ASCII alone.
      boolean ascii = value.chars().allMatch(letter -> letter < 128);
      throw new TypeConversionException(
          "no file can have this name: "
              + invalid.getReason()
              + (ascii ? "" : "; names beyond ASCII need a locale of UTF-8: set LC_ALL=C.UTF-8"));
    }
  }

  /** The name of a backend that there is, here or elsewhere, perhaps with a device of it. */
  static final class BackendName implements ITypeConverter<String> {
    @Override
    public String convert(String value) {
      List<String> names = new ArrayList<>(Backends.probed().sequencedKeySet());
      names.addFirst(Backends.AUTO);
      if (!names.contains(CUDA)) {
        names.add(CUDA);
      }
      int colon = value.indexOf(':'); // a device of a backend: cuda:1
      if (!names.contains(colon < 0 ? value : value.substring(0, colon))) {
        throw notOneOf(names, value);
      }
      return value;
    }
  }
}
