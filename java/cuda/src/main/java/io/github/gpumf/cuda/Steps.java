package io.github.gpumf.cuda;

import io.github.gpumf.backend.TrainingSession.EpochTotals;
import java.util.List;
import java.util.function.Function;

/** How the weights of a session move. */
interface Steps {
  /** As {@link io.github.gpumf.backend.TrainingSession#run}. */
  EpochTotals run(int epoch, long from, long to);

  /** Steps done since the training began. */
  long step();

  /** Looks at the weights, or at a slot, as they are now, without a trace in those to come. */
  default <T> T look(DeviceWeights tables, Function<DeviceWeights, T> look) {
    return look.apply(tables);
  }

  /** Makes the steps of a session whose weights are on their way to the device. */
  @FunctionalInterface
  interface Maker {
    /**
     * Makes them.
     *
     * @param weights to move
     * @param slots the optimizer's numbers
     * @param totals of the epoch, zero
     * @param arena owner of what they need beside
     */
    Steps of(
        DeviceWeights weights, List<DeviceWeights> slots, DeviceTotals totals, DeviceArena arena);
  }
}
