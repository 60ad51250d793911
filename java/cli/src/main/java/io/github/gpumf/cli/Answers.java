package io.github.gpumf.cli;

import io.github.gpumf.data.IdMap;
import io.github.gpumf.data.ItemTitles;
import io.github.gpumf.model.MfModel;
import io.github.gpumf.recommend.Recommendation;
import io.github.gpumf.recommend.Recommendations;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Lists of items, for people and for machines. */
final class Answers {
  private Answers() {}

  static @Nullable ItemTitles titles(@Nullable Path file, IdMap items) throws IOException {
    return file == null ? null : ItemTitles.read(file, items);
  }

  /** What items are listed by. */
  enum Score {
    RATING("predicted rating"),
    COSINE("cosine");

    private final String heading;

    Score(String heading) {
      this.heading = heading;
    }

    private Decimals decimals(MfModel model) {
      return this == RATING ? Decimals.of(model) : Decimals.USUAL;
    }
  }

  /** One line an item: rank, score, id and, if there are titles, the title. */
  static void print(
      Recommendations items,
      @Nullable ItemTitles titles,
      Score score,
      MfModel model,
      PrintWriter out) {
    Decimals decimals = score.decimals(model);
    out.printf(Locale.ROOT, "%4s  %-16s  %s%n", "", score.heading, "item");
    int rank = 1;
    for (Recommendation item : items) {
      String title = titles == null ? "" : titles.titleOf(item.itemId()).orElse("");
      out.printf(
          Locale.ROOT,
          "%4d  %-16s  %s%s%n",
          rank++,
          decimals.text(item.score()),
          item.itemId(),
          title.isEmpty() ? "" : "  " + title);
    }
  }

  static List<Map<String, Object>> json(Recommendations items, @Nullable ItemTitles titles) {
    List<Map<String, Object>> list = new ArrayList<>();
    for (Recommendation item : items) {
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("item", item.itemId());
      entry.put("score", item.score());
      if (titles != null) {
        titles.titleOf(item.itemId()).ifPresent(title -> entry.put("title", title));
      }
      list.add(entry);
    }
    return list;
  }

  /** Fails if an id is not in a model. */
  static void requireKnown(String what, String id, IdMap ids, Path model) {
    if (ids.indexOf(id) == IdMap.UNKNOWN) {
      String example = ids.size() == 0 ? "" : "; one it knows is " + ids.idOf(0);
      throw new CommandFailedException(
          model
              + " does not know "
              + what
              + " \""
              + id
              + "\": it was not among the training ratings"
              + example);
    }
  }
}
