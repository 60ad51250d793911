package io.github.gpumf.recommend;

import io.github.gpumf.backend.Backends;
import io.github.gpumf.backend.Scorer;
import io.github.gpumf.backend.Scorer.Exclusions;
import io.github.gpumf.backend.Scorer.TopItems;
import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.model.SeenItems;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Answers for a service: the items a user would rate highest, and the items most like another.
 * Items that the user has seen are left out: those of the training ratings, if the model keeps
 * them, or those given to {@link #withSeen}.
 *
 * <p>Ids that the model does not know get an empty answer, never an error and never NaN.
 *
 * <p>Safe for any number of threads. Open one for each model and keep it; whoever opened it closes
 * it. After that it answers no more, and each question throws an {@link IllegalStateException};
 * answers that are under way are finished.
 *
 * <p>A service that gets a new model opens a recommender of it, lets its threads have that from
 * then on, as by {@link java.util.concurrent.atomic.AtomicReference#getAndSet}, and closes the old
 * one when no thread can hold it any more: after the longest time that it gives a request, say.
 */
public final class Recommender implements AutoCloseable {
  private final MfModel model;
  private final Scorer scorer;
  private final Exclusions seen;
  private final String backend;

  /** Shared, as the scorer is, with the recommenders that were made of this one. */
  private final AtomicBoolean closed;

  private Recommender(
      MfModel model, Scorer scorer, Exclusions seen, String backend, AtomicBoolean closed) {
    this.model = model;
    this.scorer = scorer;
    this.seen = seen;
    this.backend = backend;
    this.closed = closed;
  }

  /**
   * Opens a model on the first backend that is available.
   *
   * @param model what to recommend with
   * @return the recommender
   */
  public static Recommender of(MfModel model) {
    return of(model, Backends.AUTO);
  }

  /**
   * Opens a model on a backend.
   *
   * @param model what to recommend with
   * @param backend its name, or {@code auto}
   * @return the recommender
   * @throws io.github.gpumf.backend.BackendUnavailableException if the backend asked for cannot be
   *     used
   * @throws io.github.gpumf.backend.DeviceException if its device has not the memory, or fails
   */
  public static Recommender of(MfModel model, String backend) {
    SeenItems seen = Objects.requireNonNull(model, "model").seenItems();
    Objects.requireNonNull(backend, "backend");
    Backends.Opened<Scorer> found = Backends.open(backend, on -> on.openScorer(model));
    return new Recommender(
        model,
        found.opened(),
        seen == null ? Exclusions.NONE : seen::of,
        found.selection().explanation(),
        new AtomicBoolean());
  }

  private Recommender with(Exclusions other) {
    return new Recommender(model, scorer, other, backend, closed);
  }

  /**
   * What it runs on.
   *
   * @return which backend and why, one line
   */
  public String backend() {
    return backend;
  }

  /**
   * The same recommender with other items seen: for models that do not keep them, or to bring them
   * up to date. Closing either closes both.
   *
   * @param ratings what each user has seen, with ids of their own; ids unknown to the model are
   *     left out
   * @return a recommender that leaves out these items and no others
   */
  public Recommender withSeen(Ratings ratings) {
    Objects.requireNonNull(ratings, "ratings");
    return with(SeenItems.of(ratings.alignedTo(model.users(), model.items()))::of);
  }

  /**
   * The same recommender with nothing left out. Closing either closes both.
   *
   * @return a recommender that may answer with items the user has seen
   */
  public Recommender includingSeen() {
    return with(Exclusions.NONE);
  }

  /**
   * The items a user would rate highest.
   *
   * @param user the user's id
   * @param count at most so many, at least 1
   * @return items not seen, best first; empty if the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations recommend(String user, int count) {
    return recommend(userOf(user), count, seen);
  }

  /**
   * The items a user would rate highest.
   *
   * @param user the user's id
   * @param count at most so many, at least 1
   * @return items not seen, best first; empty if the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations recommend(long user, int count) {
    return recommend(model.users().indexOf(user), count, seen);
  }

  /**
   * The items a user would rate highest, some others left out as well: what is sold out, or shown
   * elsewhere on the page.
   *
   * @param user the user's id
   * @param count at most so many, at least 1
   * @param without ids of items to leave out; those the model does not know are ignored
   * @return items not seen, best first; empty if the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations recommend(String user, int count, Collection<String> without) {
    return recommend(userOf(user), count, seenOr(itemsOf(without, "without")));
  }

  /**
   * The items a user would rate highest, some others left out as well.
   *
   * @param user the user's id
   * @param count at most so many, at least 1
   * @param without ids of items to leave out; those the model does not know are ignored
   * @return items not seen, best first; empty if the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations recommend(long user, int count, long... without) {
    return recommend(model.users().indexOf(user), count, seenOr(itemsOf(without, "without")));
  }

  private int userOf(String user) {
    return model.users().indexOf(Objects.requireNonNull(user, "user"));
  }

  private int[] itemsOf(Collection<String> ids, String name) {
    return known(indices(model.items(), ids, name));
  }

  private int[] itemsOf(long[] ids, String name) {
    return known(indices(model.items(), ids, name));
  }

  /** The index of each id, or {@link IdMap#UNKNOWN}. */
  private static int[] indices(IdMap map, Collection<String> ids, String name) {
    // A copy: a service may go on adding to what it has shown.
    String[] all = Objects.requireNonNull(ids, name).toArray(String[]::new);
    int[] indices = new int[all.length];
    for (int at = 0; at < all.length; at++) {
      if (all[at] == null) {
        throw new NullPointerException(name + "[" + at + "]");
      }
      indices[at] = map.indexOf(all[at]);
    }
    return indices;
  }

  private static int[] indices(IdMap map, long[] ids, String name) {
    return Arrays.stream(Objects.requireNonNull(ids, name)).mapToInt(map::indexOf).toArray();
  }

  private static int[] known(int[] indices) {
    return Arrays.stream(indices).filter(index -> index != IdMap.UNKNOWN).toArray();
  }

  private Exclusions seenOr(int[] items) {
    return user -> union(seen.of(user), items);
  }

  private static int[] union(int[] some, int[] more) {
    int[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return Arrays.stream(all).sorted().distinct().toArray();
  }

  private Recommendations recommend(int user, int count, Exclusions exclusions) {
    requireOpen(null);
    checkCount(count);
    if (user == IdMap.UNKNOWN) {
      return Recommendations.NONE;
    }
    return recommendations(ask(on -> on.topItems(new int[] {user}, count, exclusions))[0]);
  }

  /**
   * The items that each of many users would rate highest: cheaper than one by one, and the same
   * answers.
   *
   * @param users ids; may repeat
   * @param count at most so many items each, at least 1
   * @return an answer for each id, in order; empty where the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public List<Recommendations> recommendAll(List<String> users, int count) {
    return recommendAll(indices(model.users(), users, "users"), count);
  }

  /**
   * The items that each of many users would rate highest.
   *
   * @param users ids; may repeat
   * @param count at most so many items each, at least 1
   * @return an answer for each id, in order; empty where the model does not know the user
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public List<Recommendations> recommendAll(long[] users, int count) {
    return recommendAll(indices(model.users(), users, "users"), count);
  }

  private List<Recommendations> recommendAll(int[] indices, int count) {
    requireOpen(null);
    checkCount(count);
    int[] known = known(indices);
    TopItems[] found = ask(on -> on.topItems(known, count, seen));
    List<Recommendations> answers =
        new ArrayList<>(Collections.nCopies(indices.length, Recommendations.NONE));
    int next = 0;
    for (int at = 0; at < indices.length; at++) {
      if (indices[at] != IdMap.UNKNOWN) {
        answers.set(at, recommendations(found[next++]));
      }
    }
    return answers;
  }

  /**
   * The items whose factors point most in the direction of another's.
   *
   * @param item the item's id
   * @param count at most so many, at least 1
   * @return other items, best first, with their cosines; empty if the model does not know the item,
   *     or the item has no training rating
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations similarItems(String item, int count) {
    return similarTo(model.items().indexOf(Objects.requireNonNull(item, "item")), count);
  }

  /**
   * The items whose factors point most in the direction of another's.
   *
   * @param item the item's id
   * @param count at most so many, at least 1
   * @return other items, best first, with their cosines; empty if the model does not know the item,
   *     or the item has no training rating
   * @throws IllegalArgumentException if the count is below 1
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations similarItems(long item, int count) {
    return similarTo(model.items().indexOf(item), count);
  }

  private Recommendations similarTo(int item, int count) {
    requireOpen(null);
    checkCount(count);
    return item == IdMap.UNKNOWN || !model.isItemTrained(item)
        ? Recommendations.NONE
        : answer(
            ask(on -> on.similarItems(item, count)),
            cosine -> Math.clamp(cosine, -1.0, 1.0)); // beyond by rounding, where acos has none
  }

  /**
   * Some items in the order in which a user would rate them: what another part of the service has
   * chosen.
   *
   * @param user the user's id
   * @param items ids; seen ones too
   * @return those that the model knows, each once, best first; empty if it does not know the user
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations rank(String user, Collection<String> items) {
    return rank(userOf(user), itemsOf(items, "items"));
  }

  /**
   * Some items in the order in which a user would rate them.
   *
   * @param user the user's id
   * @param items ids; seen ones too
   * @return those that the model knows, each once, best first; empty if it does not know the user
   * @throws IllegalStateException if the recommender is closed
   */
  public Recommendations rank(long user, long... items) {
    return rank(model.users().indexOf(user), itemsOf(items, "items"));
  }

  private Recommendations rank(int user, int[] some) {
    requireOpen(null);
    if (user == IdMap.UNKNOWN) {
      return Recommendations.NONE;
    }
    int[] items = Arrays.stream(some).sorted().distinct().toArray();
    int[] users = new int[items.length];
    Arrays.fill(users, user);
    float[] scores = ask(on -> on.score(users, items));
    // A stable sort, so that equal scores stand in the order of the indices.
    int[] order =
        IntStream.range(0, items.length)
            .boxed()
            .sorted((one, other) -> Float.compare(scores[other], scores[one]))
            .mapToInt(Integer::intValue)
            .toArray();
    float[] sorted = new float[order.length];
    for (int at = 0; at < order.length; at++) {
      sorted[at] = scores[order[at]];
      order[at] = items[order[at]];
    }
    return recommendations(new TopItems(order, sorted));
  }

  private Recommendations recommendations(TopItems found) {
    return answer(found, score -> model.toRating(score));
  }

  private Recommendations answer(TopItems found, ToDoubleFunction<Float> shown) {
    List<Recommendation> items = new ArrayList<>(found.items().length);
    for (int at = 0; at < found.items().length; at++) {
      items.add(
          new Recommendation(
              model.items().idOf(found.items()[at]), shown.applyAsDouble(found.scores()[at])));
    }
    return new Recommendations(items);
  }

  private static void checkCount(int count) {
    if (count < 1) {
      throw new IllegalArgumentException("count must be at least 1, not " + count);
    }
  }

  /** Asks the scorer; another thread may close it in the meantime, and then it refuses. */
  private <T> T ask(Function<Scorer, T> query) {
    try {
      return query.apply(scorer);
    } catch (IllegalStateException refused) {
      requireOpen(refused);
      throw refused;
    }
  }

  private void requireOpen(@Nullable IllegalStateException refused) {
    if (closed.get()) {
      throw new IllegalStateException(
          "the recommender is closed; make another one with Recommender.of", refused);
    }
  }

  /**
   * Frees what the backend holds of the model, also for the recommenders made of this one by {@link
   * #withSeen} and {@link #includingSeen}: none of them answers any more. Closing again does
   * nothing.
   */
  @Override
  public void close() {
    closed.set(true);
    scorer.close();
  }
}
