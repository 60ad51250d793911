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
import java.util.function.ToDoubleFunction;

/**
 * Answers for a service: the items a user would rate highest, and the items most like another.
 * Items that the user has seen are left out: those of the training ratings, if the model keeps
 * them, or those given to {@link #withSeen}.
 *
 * <p>Ids that the model does not know get an empty answer, never an error and never NaN.
 *
 * <p>Safe for any number of threads. Open one for each model and keep it; whoever opened it closes
 * it.
 */
public final class Recommender implements AutoCloseable {
  private final MfModel model;
  private final Scorer scorer;
  private final Exclusions seen;
  private final String backend;

  private Recommender(MfModel model, Scorer scorer, Exclusions seen, String backend) {
    this.model = model;
    this.scorer = scorer;
    this.seen = seen;
    this.backend = backend;
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
   */
  public static Recommender of(MfModel model, String backend) {
    SeenItems seen = model.seenItems();
    Backends.Opened<Scorer> found = Backends.open(backend, on -> on.openScorer(model));
    return new Recommender(
        model,
        found.opened(),
        seen == null ? Exclusions.NONE : seen::of,
        found.selection().explanation());
  }

  private Recommender with(Exclusions other) {
    return new Recommender(model, scorer, other, backend);
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
   */
  public Recommendations recommend(String user, int count) {
    return recommend(model.users().indexOf(user), count, seen);
  }

  /**
   * The items a user would rate highest.
   *
   * @param user the user's id
   * @param count at most so many, at least 1
   * @return items not seen, best first; empty if the model does not know the user
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
   */
  public Recommendations recommend(String user, int count, Collection<String> without) {
    int[] more =
        without.stream()
            .mapToInt(model.items()::indexOf)
            .filter(item -> item != IdMap.UNKNOWN)
            .toArray();
    return recommend(model.users().indexOf(user), count, index -> union(seen.of(index), more));
  }

  private static int[] union(int[] some, int[] more) {
    int[] all = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, all, some.length, more.length);
    return Arrays.stream(all).sorted().distinct().toArray();
  }

  private Recommendations recommend(int user, int count, Exclusions exclusions) {
    checkCount(count);
    if (user == IdMap.UNKNOWN) {
      return Recommendations.NONE;
    }
    return recommendations(scorer.topItems(new int[] {user}, count, exclusions)[0]);
  }

  /**
   * The items that each of many users would rate highest: cheaper than one by one, and the same
   * answers.
   *
   * @param users ids; may repeat
   * @param count at most so many items each, at least 1
   * @return an answer for each id, in order; empty where the model does not know the user
   */
  public List<Recommendations> recommendAll(List<String> users, int count) {
    checkCount(count);
    int[] indices = users.stream().mapToInt(model.users()::indexOf).toArray();
    int[] known = Arrays.stream(indices).filter(index -> index != IdMap.UNKNOWN).toArray();
    TopItems[] found = scorer.topItems(known, count, seen);
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
   */
  public Recommendations similarItems(String item, int count) {
    checkCount(count);
    int index = model.items().indexOf(item);
    return index == IdMap.UNKNOWN || !model.isItemTrained(index)
        ? Recommendations.NONE
        : answer(scorer.similarItems(index, count), Float::doubleValue);
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

  @Override
  public void close() {
    scorer.close();
  }
}
