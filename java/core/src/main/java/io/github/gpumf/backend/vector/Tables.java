package io.github.gpumf.backend.vector;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The weights of a training with the optimizer's slots.
 *
 * @param parts of the factors: one with all columns, or two halves
 * @param dense null if the model has biases instead
 */
record Tables(List<Columns> parts, @Nullable DenseHead dense) {
  /** The users, where one part has all columns. */
  Side users() {
    return only().users();
  }

  /** The items, where one part has all columns. */
  Side items() {
    return only().items();
  }

  private Columns only() {
    if (parts.size() != 1) {
      throw new IllegalStateException("there are " + parts.size() + " parts");
    }
    return parts.get(0);
  }

  /** Those of the users' biases. */
  Side userBiases() {
    return parts.getFirst().users();
  }

  /** Those of the items' biases. */
  Side itemBiases() {
    return parts.getLast().items();
  }

  /** The dot product of a user and an item: the sum of that of both halves. */
  float dot(int user, int item) {
    return parts.size() == 1
        ? only().dotOfHalves(user, item)
        : parts.get(0).dot(user, item) + parts.get(1).dot(user, item);
  }
}
