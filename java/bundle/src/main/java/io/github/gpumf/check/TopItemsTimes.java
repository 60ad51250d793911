package io.github.gpumf.check;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Finding;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.TrainingState;
import io.github.gpumf.check.Sizes.Shape;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Sgd;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/** The best items for many users at a time, answers on the host. */
final class TopItemsTimes implements Measure {
  private static final int SAMPLES = 5;
  private static final List<Integer> COUNTS = List.of(10, 100);

  private final Backend backend;
  private final Sizes sizes;

  TopItemsTimes(Backend backend, Sizes sizes) {
    this.backend = backend;
    this.sizes = sizes;
  }

  @Override
  public String name() {
    return "top items";
  }

  @Override
  public void run(Findings findings) {
    MfModel model = model();
    int[] users = IntStream.range(0, sizes.servedUsers()).toArray();
    try (Scorer scorer = backend.openScorer(model)) {
      for (int count : COUNTS) {
        double[] milliseconds = new double[SAMPLES];
        for (int sample = -1; sample < SAMPLES; sample++) { // the first is a warm-up
          long start = System.nanoTime();
          Scorer.TopItems[] answers = scorer.topItems(users, count, Exclusions.NONE);
          double time = (System.nanoTime() - start) / 1e6;
          check(model.weights(), users, answers);
          if (sample >= 0) {
            milliseconds[sample] = time;
          }
        }
        findings.add(
            new Findings.TopItems(
                users.length,
                model.items().size(),
                sizes.epochFactors(),
                count,
                EventTimer.median(milliseconds)));
      }
    }
    noteWithoutCublas(findings);
  }

  /** Lists are right without it, but these are not the times that they have with it. */
  private void noteWithoutCublas(Findings findings) {
    for (Finding finding : backend.findings()) {
      if (finding.subject().equals("cuBLAS") && !finding.on()) {
        findings.note("top items without cuBLAS: " + finding.text());
      }
    }
  }

  /** Factors as a training begins with. */
  private MfModel model() {
    Shape shape = sizes.served();
    IdMap users = IdMap.dense(shape.users());
    IdMap items = IdMap.dense(shape.items());
    Ratings none = Ratings.builder(users, items, 1, false, false).set(0, 0, 0, 3f).build();
    Mf spec = Mf.biased(sizes.epochFactors());
    Weights weights = TrainingState.initial(none, spec, new Sgd(1), 1).weights();
    return new MfModel(spec, weights, users, items, new RatingScale(3, 3, 3), null, Map.of());
  }

  /**
   * The first user's best item must be no worse than any: the order of the sums differs, by a few
   * roundings of a score that is below 1.
   */
  private static void check(Weights weights, int[] users, Scorer.TopItems[] answers) {
    float claimed = answers[0].scores()[0];
    for (int item = 0; item < weights.itemFactors().rows(); item++) {
      float score = weights.score(users[0], item);
      if (score > claimed + 1e-5f) {
        throw new IllegalStateException(
            "user %d: item %d scores %g, more than the best one's %g"
                .formatted(users[0], item, score, claimed));
      }
    }
  }
}
