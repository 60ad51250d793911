package io.github.gpumf.bench.peers;

import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.data.SyntheticRatings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Ratings in files of {@link RatingColumns}, for contestants to read.
 *
 * @param name what they are, for a reader of the results
 * @param train file to train on
 * @param heldOut file to measure on
 * @param users number of users
 * @param items number of items
 * @param ratings number of training ratings
 */
record RatingSet(String name, Path train, Path heldOut, int users, int items, long ratings) {
  private static final double HELD_OUT = 0.1;
  private static final long SEED = 42;

  /** MovieLens 1M as it is split in the folder {@code ml-1m-split}. */
  static RatingSet movieLens(Path folder, Path work) throws IOException {
    Path split = folder.resolve("ml-1m-split");
    RatingsReader reader = RatingsReader.of();
    Ratings train = reader.read(split.resolve("ml-1m.train.tsv")).ratings();
    Ratings heldOut = reader.read(split.resolve("ml-1m.test.tsv")).ratings();
    return write("MovieLens 1M", new Split(train, heldOut), work.resolve("ml-1m"));
  }

  /** Synthetic ratings of a shape; they are made once and found again by a later run. */
  static RatingSet synthetic(int users, int items, long ratings, Path work) throws IOException {
    Ratings all = SyntheticRatings.movieLensLike().withSize(users, items, ratings).generate();
    return write(
        "synthetic ratings",
        Splitter.random(all, HELD_OUT, SEED),
        work.resolve("synthetic-" + ratings));
  }

  private static RatingSet write(String name, Split split, Path file) throws IOException {
    Files.createDirectories(file.getParent());
    Path train = file.resolveSibling(file.getFileName() + ".train.bin");
    Path heldOut = file.resolveSibling(file.getFileName() + ".test.bin");
    Ratings known = split.test().alignedTo(split.train().users(), split.train().items());
    columns(split.train()).write(train);
    columns(known).write(heldOut);
    return new RatingSet(
        name,
        train,
        heldOut,
        split.train().userCount(),
        split.train().itemCount(),
        split.train().size());
  }

  private static RatingColumns columns(Ratings ratings) {
    int size = Math.toIntExact(ratings.size());
    int[] users = new int[size];
    int[] items = new int[size];
    float[] values = new float[size];
    for (int row = 0; row < size; row++) {
      users[row] = ratings.user(row);
      items[row] = ratings.item(row);
      values[row] = ratings.value(row);
    }
    return new RatingColumns(ratings.userCount(), ratings.itemCount(), users, items, values);
  }
}
