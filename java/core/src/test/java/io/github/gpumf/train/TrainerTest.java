package io.github.gpumf.train;

import static io.github.gpumf.backend.WeightsAssert.assertSameBits;
import static io.github.gpumf.data.Thrown.assertIllegal;
import static io.github.gpumf.train.Trainings.CONSTANT;
import static io.github.gpumf.train.Trainings.FAST;
import static io.github.gpumf.train.Trainings.OVERFITTING;
import static io.github.gpumf.train.Trainings.RATINGS;
import static io.github.gpumf.train.Trainings.train;
import static java.util.Objects.requireNonNull;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.github.gpumf.backend.BackendUnavailableException;
import io.github.gpumf.backend.WeightsAssert;
import io.github.gpumf.data.CounterRandom.Purpose;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Permutation;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.Weights;
import java.util.List;
import org.junit.jupiter.api.Test;

final class TrainerTest {
  // Validation.

  @Test
  void validationLeavesOutUnknownIds() {
    Ratings known =
        Ratings.builder(IdMap.dense(3), IdMap.dense(3), 3, false, false)
            .set(0, 2, 0, 4)
            .set(1, 0, 1, 1)
            .set(2, 1, 2, 3)
            .build();
    // The same three in another order of ids, among others that no training rating has.
    IdMap users = IdMap.ofStrings(List.of("stranger", "1", "2", "0"));
    IdMap items = IdMap.ofStrings(List.of("2", "0", "1", "novelty", "-1"));
    Ratings mixed =
        Ratings.builder(users, items, 6, true, true)
            .set(0, 0, 0, 500)
            .set(1, 2, 1, 4)
            .set(2, 1, 3, 500)
            .set(3, 3, 2, 1)
            .set(4, 1, 0, 3)
            .set(5, 3, 4, 500)
            .build();
    TrainingOptions options = Trainings.options(CONSTANT).build();
    TrainingResult expected = train(known, Mf.biased(3), options);
    TrainingResult actual = train(mixed, Mf.biased(3), options);
    for (int epoch = 0; epoch < 7; epoch++) {
      assertEquals(
          expected.history().get(epoch).validationRmse(),
          actual.history().get(epoch).validationRmse());
    }
  }

  @Test
  void refusesValidationThatSharesNothing() {
    Ratings strangers =
        Ratings.builder(IdMap.ofStrings(List.of("x")), IdMap.dense(1), 1, false, false)
            .set(0, 0, 0, 1)
            .build();
    assertIllegal(
        "none of the validation ratings has a user and an item that occur in the training",
        () -> new Trainer(RATINGS, strangers, OVERFITTING, Trainings.options(FAST).build()));
  }

  @Test
  void refusesNoValidationRatings() {
    Ratings few = RATINGS.select(4, row -> row);
    Split split = Splitter.random(few, 0.1, 1);
    Ratings others = Ratings.of(new int[0], new int[0], new float[0], 2, 2);
    for (Ratings none : List.of(split.test(), others)) {
      assertIllegal(
          "there are no validation ratings; hold out a larger part, or train without validation",
          () -> new Trainer(split.train(), none, OVERFITTING, Trainings.options(FAST).build()));
    }
  }

  // What cannot be trained.

  @Test
  void aTrainerTrainsOnce() {
    Trainer trainer = new Trainer(RATINGS, null, OVERFITTING, Trainings.options(FAST).build());
    trainer.train();
    assertEquals(
        "a trainer trains once; make another one",
        assertThrows(IllegalStateException.class, trainer::train).getMessage());
  }

  @Test
  void refusesNoRatings() {
    Ratings none = Ratings.of(new int[0], new int[0], new float[0], 13, 11);
    assertIllegal(
        "there are no ratings to train on; give at least one",
        () -> new Trainer(none, null, OVERFITTING, Trainings.options(FAST).build()));
  }

  @Test
  void refusesBackendsThatAreNotThere() {
    TrainingOptions options = Trainings.options(FAST).backend("abacus").build();
    String message =
        String.valueOf(
            assertThrows(BackendUnavailableException.class, () -> train(null, OVERFITTING, options))
                .getMessage());
    assertTrue(message.startsWith("there is no backend \"abacus\"; known are auto, "), message);
  }

  // Reproducibility.

  private static final Ratings IN_ORDER_OF_THE_EPOCH =
      RATINGS.select(
          RATINGS.size(), new Permutation(RATINGS.size(), 42, Purpose.SHUFFLE, 0)::apply);

  /** Of batches of one rating, where an order leaves nothing open. */
  @Test
  void shufflingIsTheOrderOfTheEpoch() {
    for (String backend : List.of("scalar", "vector")) {
      TrainingOptions options =
          Trainings.options(FAST).backend(backend).batchSize(1).epochs(1).build();
      TrainingOptions inOrder = options.toBuilder().shuffle(false).build();
      Weights shuffled = train(null, OVERFITTING, options).model().weights();
      assertSameBits(
          new Trainer(IN_ORDER_OF_THE_EPOCH, null, OVERFITTING, inOrder).train().model().weights(),
          shuffled,
          backend);
      assertTrue(
          WeightsAssert.largestDifference(
                  shuffled, train(null, OVERFITTING, inOrder).model().weights())
              > 0);
    }
  }

  /** A batch is a set to a backend: it may add up its ratings in any order that stays the same. */
  @Test
  void batchesAreThoseOfTheOrder() {
    for (String backend : List.of("scalar", "vector")) {
      TrainingOptions options = Trainings.options(CONSTANT).backend(backend).epochs(1).build();
      TrainingOptions inOrder = options.toBuilder().shuffle(false).build();
      Weights shuffled = train(null, OVERFITTING, options).model().weights();
      // Sums of gradients of about 1 in floats: another order makes 1e-7 of a step of 0.05, and
      // other batches some tenths of it.
      assertEquals(
          0,
          WeightsAssert.largestDifference(
              shuffled,
              new Trainer(IN_ORDER_OF_THE_EPOCH, null, OVERFITTING, inOrder)
                  .train()
                  .model()
                  .weights()),
          1e-6,
          backend);
      assertTrue(
          WeightsAssert.largestDifference(
                  shuffled, train(null, OVERFITTING, inOrder).model().weights())
              > 1e-3,
          backend);
    }
  }

  @Test
  void theSeedDecidesEverything() {
    TrainingOptions options = Trainings.options(FAST).build();
    for (Mf spec : Trainings.SPECS) {
      Weights weights = train(null, spec, options).model().weights();
      assertSameBits(weights, train(null, spec, options).model().weights(), spec.toString());
      assertTrue(
          WeightsAssert.largestDifference(
                  weights,
                  train(null, spec, options.toBuilder().seed(43).build()).model().weights())
              > 0);
    }
  }

  // The model.

  @Test
  void rowsWithoutRatingsFallBackOnWhatIsKnown() {
    // The last user and the last item have no rating.
    MfModel model = train(null, Trainings.SPECS.get(2), Trainings.options(FAST).build()).model();
    assertEquals(
        model.toRating(model.offset() + requireNonNull(model.weights().itemBias()).get(3, 0)),
        model.predictAt(12, 3));
    assertEquals(model.offset(), model.predictAt(12, 10));
  }

  /** As in a split, whose parts share their id maps. */
  @Test
  void rowsWithoutRatingsAreLeftOutOfTheValidation() {
    Ratings all =
        Ratings.of(
            new int[] {0, 3, 12, 5, 7},
            new int[] {0, 10, 2, 5, 9},
            new float[] {1, 5, 2, 4, 3},
            13,
            11);
    Ratings known = all.select(3, row -> new long[] {0, 3, 4}[(int) row]);
    for (String backend : List.of("scalar", "vector")) {
      TrainingOptions options = Trainings.options(FAST).backend(backend).build();
      TrainingResult result = train(all, Trainings.SPECS.get(2), options);
      double last = result.history().getLast().validationRmse().orElseThrow();
      assertEquals(Trainings.rmse(result.model(), known), last, 1e-6, backend);
      assertEquals(
          train(known, Trainings.SPECS.get(2), options).history().getLast().validationRmse(),
          result.history().getLast().validationRmse());
    }
    Ratings unknown = all.select(2, row -> row + 1);
    assertIllegal(
        "none of the validation ratings has a user and an item that occur in the training ratings;"
            + " validate on a part of the same data",
        () -> new Trainer(RATINGS, unknown, OVERFITTING, Trainings.options(FAST).build()));
  }

  @Test
  void theModelSaysHowItCameToBe() {
    TrainingResult result = train(null, Mf.biased(3), Trainings.options(CONSTANT).build());
    MfModel model = result.model();
    assertEquals("scalar", model.provenance().get("backend"));
    assertEquals("7", model.provenance().get("epochs"));
    assertEquals("42", model.provenance().get("seed"));
    assertEquals("16", model.provenance().get("batch_size"));
    assertEquals("true", model.provenance().get("shuffle"));
    assertEquals("103", model.provenance().get("ratings"));
    assertEquals(CONSTANT.toString(), model.provenance().get("optimizer"));
    assertEquals(RATINGS.fingerprint(), model.provenance().get("data_fingerprint"));
    assertSame(RATINGS.users(), model.users());
    assertEquals(1, model.scale().min());
    assertEquals(5, model.scale().max());
    assertEquals((float) RATINGS.meanValue(), model.scale().mean());
    assertNotNull(model.seenItems());
    assertNull(
        train(null, Mf.biased(3), Trainings.options(CONSTANT).keepSeenItems(false).build())
            .model()
            .seenItems());
    assertFalse(model.weights().userFactors().segment().asByteBuffer().hasArray());
  }
}
