package io.github.gpumf.io;

import io.github.gpumf.io.Tensor.ElementType;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;

/**
 * Weights as tensors with Keras' shapes: {@code item_factors} [items, k], {@code user_factors}
 * [users, k], {@code user_bias} [users, 1] and {@code item_bias} [items, 1], or {@code
 * dense_kernel} [1, 1] and {@code dense_bias} [1].
 */
public final class WeightTensors {
  private static final String USER_FACTORS = "user_factors";
  private static final String ITEM_FACTORS = "item_factors";
  private static final String USER_BIAS = "user_bias";
  private static final String ITEM_BIAS = "item_bias";
  private static final String DENSE_KERNEL = "dense_kernel";
  private static final String DENSE_BIAS = "dense_bias";

  private WeightTensors() {}

  /**
   * Adds weights to the tensors of a file.
   *
   * @param tensors to add to; views of the weights
   * @param prefix of the tensors' names
   * @param weights to add
   */
  public static void put(Map<String, Tensor> tensors, String prefix, Weights weights) {
    // The items first: theirs is the table that is read from end to end for every recommendation.
    tensors.put(prefix + ITEM_FACTORS, Tensor.of(weights.itemFactors()));
    tensors.put(prefix + USER_FACTORS, Tensor.of(weights.userFactors()));
    if (weights.userBias() != null && weights.itemBias() != null) {
      tensors.put(prefix + USER_BIAS, Tensor.of(weights.userBias()));
      tensors.put(prefix + ITEM_BIAS, Tensor.of(weights.itemBias()));
    }
    if (weights.dense() != null) {
      MemorySegment dense = weights.dense().segment();
      tensors.put(
          prefix + DENSE_KERNEL, Tensor.of(ElementType.F32, dense.asSlice(0, Float.BYTES), 1, 1));
      tensors.put(
          prefix + DENSE_BIAS,
          Tensor.of(ElementType.F32, dense.asSlice(Float.BYTES, Float.BYTES), 1));
    }
  }

  /**
   * Reads weights.
   *
   * @param file to read from
   * @param prefix of the tensors' names
   * @param head decides which tensors there are
   * @param users number of users
   * @param items number of items
   * @param columns of the factor tables
   * @return read-only views of the file's mapping; the two numbers of a Dense head are copied
   * @throws InvalidSafetensorsException if a tensor is missing or has another type or shape
   */
  public static Weights get(
      SafetensorsFile file, String prefix, Mf.Head head, long users, long items, int columns)
      throws InvalidSafetensorsException {
    FloatTable userFactors = table(file, prefix + USER_FACTORS, users, columns);
    FloatTable itemFactors = table(file, prefix + ITEM_FACTORS, items, columns);
    return switch (head) {
      case BIASES ->
          new Weights(
              userFactors,
              itemFactors,
              table(file, prefix + USER_BIAS, users, 1),
              table(file, prefix + ITEM_BIAS, items, 1),
              null);
      case DENSE -> {
        FloatTable dense = FloatTable.allocate(1, 2, Arena.ofAuto());
        MemorySegment kernel = file.data(prefix + DENSE_KERNEL, ElementType.F32, 1, 1);
        MemorySegment bias = file.data(prefix + DENSE_BIAS, ElementType.F32, 1);
        dense.set(0, 0, kernel.get(FloatTable.LAYOUT, 0));
        dense.set(0, 1, bias.get(FloatTable.LAYOUT, 0));
        yield new Weights(userFactors, itemFactors, null, null, dense.asReadOnly());
      }
    };
  }

  private static FloatTable table(SafetensorsFile file, String name, long rows, int columns)
      throws InvalidSafetensorsException {
    return FloatTable.view(rows, columns, file.data(name, ElementType.F32, rows, columns));
  }
}
