package io.github.gpumf.recommend;

import java.util.Iterator;
import java.util.List;
import java.util.Optional;

/**
 * The answer to a query: items, best first. Items whose scores are equal before clipping stand in
 * the order of the model's item indices.
 *
 * <p>Immutable.
 *
 * @param items best first; empty if the user or item asked for is not known, or the item has no
 *     training rating
 */
public record Recommendations(List<Recommendation> items) implements Iterable<Recommendation> {
  /** The answer for whom nothing is known. */
  public static final Recommendations NONE = new Recommendations(List.of());

  /** Copies the list. */
  public Recommendations {
    items = List.copyOf(items);
  }

  @Override
  public Iterator<Recommendation> iterator() {
    return items.iterator();
  }

  /**
   * The first item.
   *
   * @return empty if there are none
   */
  public Optional<Recommendation> best() {
    return items.stream().findFirst();
  }

  /**
   * The items' ids.
   *
   * @return best first
   */
  public List<String> itemIds() {
    return items.stream().map(Recommendation::itemId).toList();
  }

  /**
   * Number of items.
   *
   * @return at most as many as were asked for
   */
  public int size() {
    return items.size();
  }

  /**
   * Whether there are no items.
   *
   * @return true if the user or item was not known, or everything was left out
   */
  public boolean isEmpty() {
    return items.isEmpty();
  }
}
