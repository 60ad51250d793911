package io.github.gpumf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.github.gpumf.data.ItemTitles;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.evaluate.Evaluator;
import io.github.gpumf.model.Mf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The library on MovieLens' own files. GroupLens forbids to hand them on, so they are no part of
 * this project: {@code -Dgpumf.data=DIR} names a folder that holds ml-100k, ml-1m and
 * ml-latest-small, by default {@code ../shared/data} beside the repository.
 */
final class MovieLensTest {
  /** The folder; aborts the test if it is not there, unless it was named. */
  private static Path data() {
    Path root = Path.of(System.getProperty("gpumf.root", "../.."));
    String given = System.getProperty("gpumf.data");
    Path folder = root.resolve(given == null ? "../shared/data" : given).normalize();
    boolean found = Files.isDirectory(folder.resolve("ml-100k"));
    assertTrue(found || given == null, () -> "no ml-100k in " + folder + " of -Dgpumf.data");
    assumeTrue(
        found,
        () ->
            "MovieLens is NOT tested: no ml-100k in "
                + folder
                + "; name the folder with -Dgpumf.data=DIR");
    return folder;
  }

  @ParameterizedTest
  @CsvSource({
    "ml-100k/u.data, 943, 1682, 100000, 1, 5",
    "ml-1m/ratings.tsv, 6040, 3706, 1000209, 1, 5",
    "ml-latest-small/ratings.csv, 610, 9724, 100836, 0.5, 5"
  })
  void readsEveryRating(String file, int users, int items, long size, float min, float max)
      throws IOException {
    RatingsReader.Result result = RatingsReader.of().read(data().resolve(file));
    Ratings ratings = result.ratings();
    assertEquals(users, ratings.userCount());
    assertEquals(items, ratings.itemCount());
    assertEquals(size, ratings.size());
    assertEquals(min, ratings.minValue());
    assertEquals(max, ratings.maxValue());
    assertTrue(ratings.hasTimestamps());
    assertEquals(size, result.report().lines());
    assertEquals(0, result.report().badLines());
    assertEquals(0, result.report().duplicates());
  }

  @ParameterizedTest
  @CsvSource({
    "ml-100k/u.item, 543, 'Misérables, Les (1995)'",
    "ml-1m/movies.dat, 73, 'Misérables, Les (1995)'",
    "ml-latest-small/movies.csv, 73, 'Misérables, Les (1995)'"
  })
  void readsTitlesInTheirEncodings(String file, String id, String title) throws IOException {
    assertEquals(Optional.of(title), ItemTitles.read(data().resolve(file)).titleOf(id));
  }

  @Test
  void tunedDefaultsDoWellOnAFold() throws IOException {
    RatingsReader reader = RatingsReader.of();
    Ratings train = reader.read(data().resolve("ml-100k/u2.base")).ratings();
    Ratings test = reader.read(data().resolve("ml-100k/u2.test")).ratings();
    assertEquals(80_000, train.size());
    assertEquals(20_000, test.size());
    double rmse =
        Evaluator.of("rmse").evaluate(GpuMf.train(train, Mf.tuned(64)).model(), test).get("rmse");
    // Users' and items' biases alone reach 0.94.
    assertTrue(rmse < 0.93, () -> "RMSE " + rmse);
  }
}
