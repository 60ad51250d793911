package io.github.gpumf.cli;

import io.github.gpumf.cli.TrainingFlags.OptimizerName;
import java.util.Arrays;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads {@code lazy-adam} as {@link OptimizerName#LAZY_ADAM}. */
final class OptimizerConverter implements ITypeConverter<OptimizerName> {
  @Override
  public OptimizerName convert(String value) {
    return Arrays.stream(OptimizerName.values())
        .filter(name -> name.toString().equals(value))
        .findFirst()
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "expected one of "
                        + Arrays.toString(OptimizerName.values())
                        + " but was '"
                        + value
                        + "'"));
  }
}
