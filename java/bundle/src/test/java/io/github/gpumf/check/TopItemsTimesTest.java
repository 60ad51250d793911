package io.github.gpumf.check;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.MemoryPlan;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.model.MfModel;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TopItemsTimesTest {
  /** The scalar backend, as if it had other findings. */
  private record With(Backend scalar, List<Finding> findings) implements Backend {
    @Override
    public String name() {
      return scalar.name();
    }

    @Override
    public String device() {
      return scalar.device();
    }

    @Override
    public MemoryPlan plan(TrainingShape shape) {
      return scalar.plan(shape);
    }

    @Override
    public TrainingSession openTraining(TrainingJob job) {
      return scalar.openTraining(job);
    }

    @Override
    public Scorer openScorer(MfModel model) {
      return scalar.openScorer(model);
    }
  }

  private static List<String> notes(Finding... ofBackend) {
    Backend backend = new With(Backends.select("scalar").backend(), List.of(ofBackend));
    Findings findings = new Findings();
    new TopItemsTimes(backend, Sizes.small()).run(findings);
    assertEquals(2, findings.snapshot().topItems().size());
    return findings.snapshot().notes();
  }

  @Test
  void timesWithoutCublasSaySo() {
    Finding other = Finding.off("JCuda", "it is not there", null);
    assertEquals(List.of(), notes(other, Finding.on("cuBLAS", "12.6.0")));
    assertEquals(
        List.of("top items without cuBLAS: 12.6.0, but it failed"),
        notes(other, Finding.off("cuBLAS", "12.6.0, but it failed", "free memory")));
  }
}
