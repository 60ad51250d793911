package io.github.gpumf.cuda;

import java.util.List;

/**
 * One table of weights that training moves, with what belongs to each weight.
 *
 * @param weights the weights
 * @param gradient of the current batch; zero between batches
 * @param slots the optimizer's numbers
 */
record Parameters(DeviceTable weights, DeviceTable gradient, List<DeviceTable> slots) {
  /** A slot's buffer for a kernel, or a pointer to nothing where the optimizer has fewer. */
  Object slot(int slot) {
    return slot < slots.size() ? slots.get(slot).buffer() : Arguments.NULL;
  }
}
