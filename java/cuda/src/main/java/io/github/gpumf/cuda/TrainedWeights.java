package io.github.gpumf.cuda;

import io.github.gpumf.model.Mf;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What training moves, with what belongs to it.
 *
 * @param weights of the model
 * @param gradients of the current batch, of the weights' shape; zero between batches
 * @param slots the optimizer's numbers
 */
record TrainedWeights(DeviceWeights weights, DeviceWeights gradients, List<DeviceWeights> slots) {
  /** One table; a model that has it has it in all of them. */
  Parameters parameters(Function<DeviceWeights, @Nullable DeviceTable> table) {
    return new Parameters(
        Objects.requireNonNull(table.apply(weights)),
        Objects.requireNonNull(table.apply(gradients)),
        slots.stream().map(slot -> Objects.requireNonNull(table.apply(slot))).toList());
  }

  /** Both tables of factors. */
  List<Parameters> factors() {
    return List.of(parameters(DeviceWeights::userFactors), parameters(DeviceWeights::itemFactors));
  }

  /** Both columns of biases, or a Dense head. */
  List<Parameters> others(Mf.Head head) {
    return head == Mf.Head.DENSE
        ? List.of(parameters(DeviceWeights::dense))
        : List.of(parameters(DeviceWeights::userBias), parameters(DeviceWeights::itemBias));
  }
}
