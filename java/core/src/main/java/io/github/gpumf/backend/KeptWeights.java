package io.github.gpumf.backend;

import io.github.gpumf.backend.TrainingSession.Slot;
import io.github.gpumf.model.Weights;
import java.lang.foreign.Arena;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** The weights that a session on the host has kept. One thread at a time. */
public final class KeptWeights {
  private final Map<Slot, Weights> kept = new EnumMap<>(Slot.class);

  /** Keeps nothing yet. */
  public KeptWeights() {}

  /**
   * Refuses the slot that cannot be kept.
   *
   * @param slot any
   * @throws IllegalArgumentException if it is {@link Slot#CURRENT}
   */
  public static void requireKeepable(Slot slot) {
    if (slot == Slot.CURRENT) {
      throw new IllegalArgumentException(
          "the current weights cannot be overwritten; keep LAST_GOOD or BEST");
    }
  }

  /**
   * Where to keep weights: what is there is to be overwritten.
   *
   * @param slot one that can be kept
   * @param zeros makes weights of the shape, in memory that may outlive the session
   * @return those of the slot
   */
  public Weights room(Slot slot, Supplier<Weights> zeros) {
    requireKeepable(slot);
    return kept.computeIfAbsent(slot, absent -> zeros.get());
  }

  /**
   * Hands out a copy.
   *
   * @param slot one that was kept
   * @return weights in memory of their own
   * @throws IllegalStateException if there are none
   */
  public Weights copy(Slot slot) {
    return require(slot, kept.get(slot)).copy(Arena.ofAuto());
  }

  /**
   * Hands them out themselves; nothing is kept in the slot afterwards.
   *
   * @param slot one that was kept
   * @return the weights
   * @throws IllegalStateException if there are none
   */
  public Weights take(Slot slot) {
    return require(slot, kept.remove(slot));
  }

  private static Weights require(Slot slot, @Nullable Weights weights) {
    if (weights == null) {
      throw new IllegalStateException("no weights were kept as " + slot);
    }
    return weights;
  }
}
