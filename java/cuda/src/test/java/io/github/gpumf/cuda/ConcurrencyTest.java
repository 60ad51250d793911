package io.github.gpumf.cuda;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.github.gpumf.backend.Backend;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingSession;
import io.github.gpumf.cuda.Jobs.Outcome;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.MfModel.RatingScale;
import io.github.gpumf.optim.Optimizer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Threads that share one GPU get what each of them would get alone. */
final class ConcurrencyTest {
  private static final int TIMES = 4;
  private static final int[] USERS = IntStream.range(0, 50).toArray();

  private final Backend backend = TestBackend.get();
  private final Ratings ratings = Jobs.ratings(90, 70, 1_500);

  /** Runs all at the same time, each several times, and waits; fails as the first of them does. */
  private static void together(List<Callable<Void>> tasks) throws Exception {
    CountDownLatch start = new CountDownLatch(tasks.size());
    try (ExecutorService threads = Executors.newFixedThreadPool(tasks.size())) {
      List<Future<Void>> running = new ArrayList<>();
      for (Callable<Void> task : tasks) {
        running.add(
            threads.submit(
                () -> {
                  start.countDown();
                  start.await();
                  for (int time = 0; time < TIMES; time++) {
                    task.call();
                  }
                  return null;
                }));
      }
      for (Future<Void> each : running) {
        try {
          each.get();
        } catch (ExecutionException failure) {
          throw new AssertionError(failure.getCause());
        }
      }
    }
  }

  private MfModel model() {
    Mf spec = Mf.biased(8);
    return new MfModel(
        spec,
        Jobs.train(backend, Jobs.job(ratings, spec, Jobs.OPTIMIZERS.getFirst(), 200), 1).weights(),
        ratings.users(),
        ratings.items(),
        new RatingScale(3, 1, 5),
        null,
        Map.of());
  }

  private Callable<Void> training(TrainingJob job) {
    Outcome alone = Jobs.train(backend, job, 2);
    return () -> {
      Outcome beside = Jobs.train(backend, job, 2);
      assertEquals(alone.totals(), beside.totals());
      assertSameBits(alone.weights(), beside.weights(), "beside others, " + job.optimizer());
      return null;
    };
  }

  private static Callable<Void> scoring(Scorer scorer) {
    Scorer.TopItems[] alone = scorer.topItems(USERS, 9, user -> new int[] {user});
    return () -> {
      Scorer.TopItems[] beside = scorer.topItems(USERS, 9, user -> new int[] {user});
      for (int row = 0; row < USERS.length; row++) {
        assertArrayEquals(alone[row].items(), beside[row].items());
        assertArrayEquals(alone[row].scores(), beside[row].scores());
      }
      return null;
    };
  }

  @Test
  void trainAndScoreAtTheSameTime() throws Exception {
    List<Callable<Void>> tasks = new ArrayList<>();
    for (Optimizer optimizer : Jobs.OPTIMIZERS) {
      tasks.add(training(Jobs.job(ratings, Mf.biased(8), optimizer, 300)));
    }
    tasks.add(training(Jobs.job(ratings, Mf.basic(20), Jobs.OPTIMIZERS.get(2), 32)));
    tasks.add(training(Jobs.perRating(ratings, Mf.biased(20), Jobs.PER_RATING.getLast())));
    tasks.add(training(Jobs.perRating(ratings, Mf.biased(70), Jobs.PER_RATING.getFirst())));
    try (Scorer scorer = backend.openScorer(model())) {
      tasks.add(scoring(scorer));
      tasks.add(scoring(scorer));
      together(tasks);
    }
  }

  /** Sessions and scorers come and go while others run: nobody's end is another's. */
  @Test
  void closingIsNobodyElsesMatter() throws Exception {
    MfModel model = model();
    TrainingJob job = Jobs.job(ratings, Mf.basic(6), Jobs.OPTIMIZERS.get(1), 300);
    Callable<Void> opensAndCloses =
        () -> {
          backend.openTraining(job).close();
          try (TrainingSession session = backend.openTraining(job)) {
            session.run(0, 0, 1);
          }
          try (Scorer scorer = backend.openScorer(model)) {
            scorer.score(new int[] {1}, new int[] {2});
          }
          return null;
        };
    together(List.of(opensAndCloses, training(job), opensAndCloses, training(job)));
  }
}
