package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LazyAdam;
import io.github.gpumf.optim.LearningRate;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Test;

final class EpochTimesTest {
  /** The defaults of torch.optim but for the rate, which the script gives. */
  @Test
  void batchesHaveTheNumbersOfPyTorchsOptimizers() throws IOException {
    LearningRate rate = LearningRate.constant(1e-3);
    assertEquals(
        List.of(new LazyAdam(rate, 0.9, 0.999, 1e-8), new Adam(rate, 0.9, 0.999, 1e-8)),
        EpochTimes.adams());
    try (InputStream script =
        Objects.requireNonNull(TorchPeer.class.getResourceAsStream("torch_peer.py"))) {
      String text = new String(script.readAllBytes(), StandardCharsets.UTF_8);
      assertEquals(3, text.split("lr=1e-3", -1).length, "two optimizers of this rate");
      assertFalse(text.contains("eps="), text);
      assertFalse(text.contains("betas="), text);
    }
  }
}
