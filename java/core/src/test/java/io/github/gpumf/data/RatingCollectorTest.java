package io.github.gpumf.data;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RatingCollectorTest {
  @TempDir Path directory;

  private record Click(String customer, String product, int seconds) {}

  private static Ratings ratings(List<Click> clicks) {
    // @start region="clicks"
    RatingCollector collector = Ratings.collector();
    for (Click click : clicks) {
      collector.add(click.customer(), click.product(), 1f).weight(click.seconds());
    }
    Ratings ratings = collector.build();
    // @end
    return ratings;
  }

  /** Rows as {@code user,item,value*weight[@timestamp]} with external ids. */
  private static List<String> rows(Ratings ratings) {
    List<String> rows = new ArrayList<>();
    for (String row : RatingsReaderTest.rows(ratings)) {
      rows.add(row.replaceFirst("(@|$)", "*" + ratings.weight(rows.size()) + "$1"));
    }
    return rows;
  }

  @Test
  void theExampleCollectsClicks() {
    Ratings ratings =
        ratings(
            List.of(
                new Click("ann", "tea", 3),
                new Click("bob", "ale", 20),
                new Click("ann", "ale", 5),
                new Click("ann", "tea", 7)));
    assertEquals(List.of("ann,tea,1.0*7.0", "bob,ale,1.0*20.0", "ann,ale,1.0*5.0"), rows(ratings));
    assertFalse(ratings.hasTimestamps());
  }

  @Test
  void stringsThatAreLongsAndLongsAreTheSameIds() {
    Ratings ratings = Ratings.collector().add("42", "7", 1).add(42, 7, 2).add(42, -1, 3).build();
    assertEquals(List.of("42,7,2.0*1.0", "42,-1,3.0*1.0"), rows(ratings));
    assertInstanceOf(IdMap.OfLongs.class, ratings.users());
    assertFalse(ratings.hasWeights());
    ratings = Ratings.collector().add(42, 7, 1).add("042", "7", 2).add(42, 7, 3).build();
    assertEquals(List.of("42,7,3.0*1.0", "042,7,2.0*1.0"), rows(ratings));
    assertInstanceOf(IdMap.OfStrings.class, ratings.users());
  }

  @Test
  void theLatestWinsWithItsWeight() {
    RatingCollector collector =
        Ratings.collector()
            .add("a", "p", 1, 10)
            .weight(2)
            .add("b", "p", 2, 10)
            .add(0, 0, 9, Long.MIN_VALUE)
            .add("a", "p", 3, 30)
            .weight(0.5f)
            .add("a", "p", 4, 20)
            .weight(8)
            .add("b", "p", 5, 10)
            .weight(3);
    assertEquals(6, collector.size());
    assertEquals(
        List.of("a,p,3.0*0.5@30", "b,p,5.0*3.0@10", "0,0,9.0*1.0@" + Long.MIN_VALUE),
        rows(collector.build()));
    assertEquals(6, collector.size());
  }

  /** Chunks are of 65,536 rows. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 7, 65_535, 65_536, 65_537, 200_003})
  void agreesWithAPlainMap(int count) {
    for (int weighted : new int[] {0, 1, 3}) {
      Random random = new Random(count + weighted);
      RatingCollector collector = Ratings.collector();
      Map<String, String> expected = new LinkedHashMap<>();
      Map<String, Long> latest = new LinkedHashMap<>();
      for (int row = 0; row < count; row++) {
        int user = random.nextInt(700);
        int item = random.nextInt(500);
        float value = random.nextInt(11) / 2f;
        long time = random.nextInt(50);
        collector.add(user, item, value, time);
        float weight = 1;
        if (weighted > 0 && row % weighted == 0) {
          weight = 1 + random.nextInt(5);
          collector.weight(weight);
        }
        String pair = user + "," + item;
        if (time >= latest.getOrDefault(pair, -1L)) {
          latest.put(pair, time);
          expected.put(pair, pair + "," + value + "*" + weight + "@" + time);
        }
      }
      Ratings ratings = collector.build();
      assertEquals(List.copyOf(expected.values()), rows(ratings));
      assertEquals(count - expected.size(), collector.duplicates());
      assertEquals(weighted > 0 && count > 0, ratings.hasWeights());
      assertEquals(count > 0, ratings.hasTimestamps());
    }
  }

  @Test
  void agreesWithTheReader() throws IOException {
    Random random = new Random(5);
    StringBuilder content = new StringBuilder();
    RatingCollector collector = Ratings.collector();
    for (int row = 0; row < 3000; row++) {
      String user = random.nextInt(100) == 0 ? "guest" : Integer.toString(random.nextInt(40));
      long item = random.nextInt(30);
      float value = random.nextInt(11) / 2f;
      content.append(user).append(',').append(item).append(',').append(value).append('\n');
      collector.add(user, Long.toString(item), value);
    }
    Path file = Files.writeString(directory.resolve("ratings"), content);
    assertEquals(
        RatingsReader.of().read(file).ratings().fingerprint(), collector.build().fingerprint());
  }

  @Test
  @SuppressWarnings("NullAway") // Callers without the checker pass null.
  void badRatingsAreNamedAndNotAdded() {
    RatingCollector collector = Ratings.collector().add("ann", "tea", 1);
    Thrown.assertIllegal(
        "row 1: the user id is null; give every rating ids", () -> collector.add(null, "x", 1));
    Thrown.assertIllegal("row 1: the item id is null", () -> collector.add("x", null, 1));
    Thrown.assertIllegal("row 1: the user id is empty", () -> collector.add("", "x", 1));
    Thrown.assertIllegal("row 1: the item id is empty", () -> collector.add("x", "", 1));
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY}) {
      Thrown.assertIllegal(
          "row 1: rating " + bad + " is not finite", () -> collector.add("x", "x", bad));
      Thrown.assertIllegal("row 1: rating " + bad, () -> collector.add(5, 5, bad));
    }
    for (float bad : new float[] {0, -1, Float.NaN, Float.POSITIVE_INFINITY}) {
      Thrown.assertIllegal(
          "row 0: weight " + bad + " is not positive and finite", () -> collector.weight(bad));
    }
    Thrown.assertIllegal(
        "row 1 has a timestamp, and those before have none; give every rating a timestamp, or none",
        () -> collector.add("x", "x", 1, 5));
    assertEquals(1, collector.size());
    Ratings ratings = collector.build();
    assertEquals(List.of("ann,tea,1.0*1.0"), rows(ratings));
    assertEquals(1, ratings.userCount());
    assertEquals(1, ratings.itemCount());
    Thrown.assertIllegal(
        "row 1 has no timestamp, and those before have one",
        () -> Ratings.collector().add(1, 1, 1, 5).add(1, 2, 1));
  }

  @Test
  void aWeightNeedsARating() {
    String message =
        Thrown.message(IllegalStateException.class, () -> Ratings.collector().weight(1));
    assertEquals("there is no rating to weigh; add it first", message);
  }

  @Test
  void nothingIsAddedToWhatIsBuilt() {
    RatingCollector collector = Ratings.collector().add(1, 1, 1);
    Ratings ratings = collector.build();
    List<Executable> uses =
        List.of(
            () -> collector.add(1, 2, 3),
            () -> collector.add("1", "2", 3),
            () -> collector.weight(2),
            collector::build);
    for (Executable use : uses) {
      String message = Thrown.message(IllegalStateException.class, use);
      assertTrue(message.startsWith("these ratings are built and immutable; "), message);
    }
    assertEquals(List.of("1,1,1.0*1.0"), rows(ratings));
  }
}
