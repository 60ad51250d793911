package io.github.gpumf.cuda;

import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * One table of weights that training moves, with what belongs to each weight.
 *
 * @param weights the weights
 * @param gradient of the current batch; zero between batches
 * @param slots the optimizer's numbers
 */
record Parameters(DeviceTable weights, DeviceTable gradient, List<DeviceTable> slots) {
  /** Takes one table out of each; a model that has it has it in all of them. */
  static Parameters of(
      Function<DeviceWeights, @Nullable DeviceTable> table,
      DeviceWeights weights,
      DeviceWeights gradients,
      List<DeviceWeights> slots) {
    return new Parameters(
        Objects.requireNonNull(table.apply(weights)),
        Objects.requireNonNull(table.apply(gradients)),
        slots.stream().map(slot -> Objects.requireNonNull(table.apply(slot))).toList());
  }
}
