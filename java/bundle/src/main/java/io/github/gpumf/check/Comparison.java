package io.github.gpumf.check;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.github.gpumf.check.Findings.Epoch;
import io.github.gpumf.check.Findings.Prepared;
import io.github.gpumf.check.Findings.Snapshot;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The fastest epoch of ours beside the fastest of a peer, on as many ratings, users, items and
 * factors.
 *
 * @param perRating whether ours has an update a rating and the peer's any batch size; otherwise
 *     both have the same one
 * @param ours the fastest of ours
 * @param peer the fastest of the peer
 */
record Comparison(boolean perRating, Epoch ours, Epoch peer) {
  /** What both sides of a comparison share. A batch size of 0 stands for any. */
  private record Setting(long ratings, int users, int items, int factors, int batchSize) {
    static Setting of(Epoch epoch, boolean anyBatchSize) {
      return new Setting(
          epoch.ratings(),
          epoch.users(),
          epoch.items(),
          epoch.factors(),
          anyBatchSize ? 0 : epoch.batchSize());
    }
  }

  /** Those that the findings allow: for each batch size of the peers', then an update a rating. */
  static List<Comparison> of(Snapshot found) {
    List<Comparison> all = new ArrayList<>(of(found.batchSizes(), found.peers(), false));
    all.addAll(of(found.perRating().stream().map(Prepared::epoch).toList(), found.peers(), true));
    return List.copyOf(all);
  }

  private static List<Comparison> of(List<Epoch> ours, List<Epoch> peers, boolean perRating) {
    Map<Setting, Epoch> fastestPeers = new LinkedHashMap<>();
    for (Epoch peer : peers) {
      fastestPeers.merge(
          Setting.of(peer, perRating),
          peer,
          (one, other) -> other.milliseconds() < one.milliseconds() ? other : one);
    }
    List<Comparison> comparisons = new ArrayList<>();
    fastestPeers.forEach(
        (setting, peer) ->
            fastest(ours.stream().filter(own -> Setting.of(own, perRating).equals(setting)))
                .ifPresent(own -> comparisons.add(new Comparison(perRating, own, peer))));
    return comparisons;
  }

  private static Optional<Epoch> fastest(Stream<Epoch> epochs) {
    return epochs.min(Comparator.comparingDouble(Epoch::milliseconds));
  }

  /** How many times as long the peer takes. */
  @JsonProperty
  double ratio() {
    return peer.milliseconds() / ours.milliseconds();
  }

  /** It in words. */
  String sentence() {
    String setting =
        String.format(
            Locale.ROOT,
            "%,d ratings of %,d users and %,d items, k = %d",
            ours.ratings(),
            ours.users(),
            ours.items(),
            ours.factors());
    String times =
        perRating
            ? String.format(
                Locale.ROOT,
                "GpuMf's fastest epoch with an update a rating takes %,.2f ms (%s), PyTorch's fastest at any batch size %,.2f ms (%s by %s, batches of %,d)",
                ours.milliseconds(),
                ours.optimizer(),
                peer.milliseconds(),
                peer.optimizer(),
                peer.by(),
                peer.batchSize())
            : String.format(
                Locale.ROOT,
                "in batches of %,d GpuMf's fastest epoch takes %,.2f ms (%s), PyTorch's fastest %,.2f ms (%s by %s)",
                ours.batchSize(),
                ours.milliseconds(),
                ours.optimizer(),
                peer.milliseconds(),
                peer.optimizer(),
                peer.by());
    return String.format(Locale.ROOT, "%s: %s, %.2f times as long.", setting, times, ratio());
  }
}
