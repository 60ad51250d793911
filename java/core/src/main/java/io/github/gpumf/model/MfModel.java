package io.github.gpumf.model;

import io.github.gpumf.data.IdMap;
import java.util.Collections;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalDouble;
import java.util.SortedMap;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * A trained model: weights, the ids they belong to, and where they come from. It knows no device;
 * recommendations are made by {@code io.github.gpumf.recommend.Recommender}.
 *
 * <p>Immutable, safe for any number of threads. Its memory is freed when the last reference is
 * gone.
 */
public final class MfModel {
  private final Mf spec;
  private final Weights weights;
  private final IdMap users;
  private final IdMap items;
  private final RatingScale scale;
  private final @Nullable SeenItems seenItems;
  private final SortedMap<String, String> provenance;

  /**
   * The ratings a model was trained on, in three numbers.
   *
   * @param mean their mean
   * @param min the smallest
   * @param max the largest
   */
  public record RatingScale(float mean, float min, float max) {
    /** Checks the numbers. */
    public RatingScale {
      if (!(min <= mean && mean <= max) || !Float.isFinite(min) || !Float.isFinite(max)) {
        throw new IllegalArgumentException(
            "a rating scale needs finite min <= mean <= max, not "
                + min
                + ", "
                + mean
                + ", "
                + max);
      }
    }
  }

  /**
   * Makes a model.
   *
   * @param spec what was trained
   * @param weights what training found; must not be written any more
   * @param users ids of the rows of the user tables
   * @param items ids of the rows of the item tables
   * @param scale the training ratings in three numbers
   * @param seenItems each user's training items, or null if they are not kept
   * @param provenance how the model came to be: optimizer, seed, fingerprint of the data and so on,
   *     for people and files
   */
  public MfModel(
      Mf spec,
      Weights weights,
      IdMap users,
      IdMap items,
      RatingScale scale,
      @Nullable SeenItems seenItems,
      Map<String, String> provenance) {
    if (weights.userFactors().rows() != users.size()
        || weights.itemFactors().rows() != items.size()) {
      throw new IllegalArgumentException(
          users.size()
              + " users and "
              + items.size()
              + " items do not fit tables of "
              + weights.userFactors().rows()
              + " and "
              + weights.itemFactors().rows()
              + " rows");
    }
    if (weights.userFactors().columns() != spec.factors()
        || (weights.dense() != null) != (spec.head() == Mf.Head.DENSE)) {
      throw new IllegalArgumentException("weights do not have the shape of " + spec);
    }
    if (seenItems != null && seenItems.users() != users.size()) {
      throw new IllegalArgumentException(
          "seen items of " + seenItems.users() + " users do not fit " + users.size() + " users");
    }
    this.spec = spec;
    this.weights = weights.asReadOnly();
    this.users = users;
    this.items = items;
    this.scale = scale;
    this.seenItems = seenItems;
    this.provenance = Collections.unmodifiableSortedMap(new TreeMap<>(provenance));
  }

  /**
   * What was trained.
   *
   * @return the specification
   */
  public Mf spec() {
    return spec;
  }

  /**
   * What training found.
   *
   * @return read-only tables
   */
  public Weights weights() {
    return weights;
  }

  /**
   * Whether a user had training ratings: of one without any all weights are 0, and of others they
   * hardly ever are.
   *
   * @param user 0..users-1
   * @return false if what is predicted for the user is no more than the offset and the item's bias
   */
  public boolean isUserTrained(int user) {
    return !isZero(weights.userFactors(), weights.userBias(), user);
  }

  /**
   * Whether an item had training ratings: of one without any all weights are 0, and of others they
   * hardly ever are.
   *
   * @param item 0..items-1
   * @return false if what is predicted of the item is no more than the offset and the user's bias
   */
  public boolean isItemTrained(int item) {
    return !isZero(weights.itemFactors(), weights.itemBias(), item);
  }

  private static boolean isZero(FloatTable factors, @Nullable FloatTable bias, int row) {
    for (int column = 0; column < factors.columns(); column++) {
      if (factors.get(row, column) != 0) {
        return false;
      }
    }
    return bias == null || bias.get(row, 0) == 0;
  }

  /**
   * The users' ids.
   *
   * @return the map
   */
  public IdMap users() {
    return users;
  }

  /**
   * The items' ids.
   *
   * @return the map
   */
  public IdMap items() {
    return items;
  }

  /**
   * The training ratings in three numbers.
   *
   * @return mean, smallest and largest
   */
  public RatingScale scale() {
    return scale;
  }

  /**
   * Each user's training items.
   *
   * @return null if the model does not keep them
   */
  public @Nullable SeenItems seenItems() {
    return seenItems;
  }

  /**
   * How the model came to be.
   *
   * @return unmodifiable, sorted by key
   */
  public SortedMap<String, String> provenance() {
    return provenance;
  }

  /**
   * What is added to every score: the mean training rating if the specification has a mean offset.
   *
   * @return the offset
   */
  public float offset() {
    return spec.meanOffset() ? scale.mean() : 0f;
  }

  /**
   * Turns a score with its offset into a rating.
   *
   * @param score a score, offset included
   * @return the score, within the range of the training ratings if the specification clips
   */
  public float toRating(float score) {
    return spec.clip() ? Math.clamp(score, scale.min(), scale.max()) : score;
  }

  /**
   * The rating predicted for indices. It has a name of its own, since indices and ids are both
   * whole numbers: {@code predict(42, 7)} asks for ids.
   *
   * @param user 0..users-1
   * @param item 0..items-1
   * @return the prediction
   * @throws IndexOutOfBoundsException naming the index and the number of users or items if there is
   *     no such row
   */
  public float predictAt(int user, int item) {
    checkIndex("user", user, users);
    checkIndex("item", item, items);
    return toRating(weights.score(user, item) + offset());
  }

  private static void checkIndex(String role, int index, IdMap ids) {
    if (index < 0 || index >= ids.size()) {
      throw new IndexOutOfBoundsException(
          "there is no "
              + role
              + " at index "
              + index
              + " among "
              + ids.size()
              + ", which count from 0; predict takes ids");
    }
  }

  /**
   * The rating predicted for ids.
   *
   * @param user any id
   * @param item any id
   * @return the prediction, or empty if the model does not know the user or the item
   */
  public OptionalDouble predict(String user, String item) {
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(item, "item");
    return predictKnown(users.indexOf(user), items.indexOf(item));
  }

  /**
   * The rating predicted for ids.
   *
   * @param user any id
   * @param item any id
   * @return the prediction, or empty if the model does not know the user or the item
   */
  public OptionalDouble predict(long user, long item) {
    return predictKnown(users.indexOf(user), items.indexOf(item));
  }

  private OptionalDouble predictKnown(int user, int item) {
    return user == IdMap.UNKNOWN || item == IdMap.UNKNOWN
        ? OptionalDouble.empty()
        : OptionalDouble.of(predictAt(user, item));
  }

  @Override
  public String toString() {
    return "MfModel[" + spec + ", " + users.size() + " users, " + items.size() + " items]";
  }
}
