package io.github.gpumf.backend.vector;

import io.github.gpumf.GpuMf;
import io.github.gpumf.backend.Availability.Unavailable;
import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.train.TrainingOptions;

/** A process for {@link VectorBackendProviderTest}: a JVM in which vectors cannot be used. */
final class WithoutVectors {
  private WithoutVectors() {}

  /** Prints what the probe found, which backend trains, and what asking for vectors says. */
  public static void main(String[] arguments) {
    if (GpuMf.backends().get("vector") instanceof Unavailable no) {
      System.out.println("reason: " + no.reason());
      System.out.println("remedy: " + no.remedy());
    }
    Ratings ratings = Ratings.of(new int[] {0, 1}, new int[] {0, 1}, new float[] {1, 5}, 2, 2);
    System.out.println(
        "trained: " + GpuMf.train(ratings, Mf.biased(2), TrainingOptions.keras()).backend());
    try {
      GpuMf.train(
          ratings, Mf.biased(2), TrainingOptions.keras().toBuilder().backend("vector").build());
    } catch (BackendUnavailableException refused) {
      System.out.println("refused: " + refused.getMessage());
    }
  }
}
