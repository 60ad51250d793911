package io.github.gpumf.cuda;

import io.github.gpumf.backend.RatingGrid;
import io.github.gpumf.backend.RatingGrid.Cut;
import io.github.gpumf.backend.RatingGrid.Visits;
import io.github.gpumf.backend.TrainingJob;
import io.github.gpumf.backend.TrainingShape;
import io.github.gpumf.cuda.driver.DeviceBuffer;
import io.github.gpumf.data.Workers;
import java.lang.foreign.Arena;

/**
 * Ratings on the device in the order of a {@link RatingGrid}, as {@code groups.cuh} wants them.
 * They name rows as the tables have them, not by the grid's numbers: on a GPU a row of factors is
 * whole cache lines anyway, and all else that reads the tables finds them as it is used to.
 */
final class DeviceGrid {
  /**
   * How ratings are cut for a GPU.
   *
   * <p>A warp works on a block at a time. With 25 million ratings and MovieLens' skew, on an H200,
   * more stripes than these gain nothing: the ratings of the hottest item, a third of a percent,
   * wait for one another in any grid, and take 5 ms with Sgd by themselves, of 7.3 ms in all.
   *
   * <p>The beginning and the end of a block cost about as much as 60 of its ratings. Of few ratings
   * there are fewer stripes, so that blocks have about half of that.
   */
  static final Cut CUT = new Cut(384, 32, Visits.ITEMS_TOGETHER);

  /** User, item, value and weight. */
  static final int BYTES_OF_RATING = 16;

  /**
   * Its first group and its first rating; how many groups share their item, and in the upper half
   * how many do not; how many ratings.
   */
  private static final int NUMBERS_OF_BLOCK = 4;

  /** A GPU looks as many ratings ahead as a group has, also from the last one. */
  private static final int RATINGS_AHEAD = RatingGrid.TOGETHER;

  private final RatingGrid.Size size;
  private final DeviceBuffer ratings;
  private final DeviceBuffer groups;
  private final DeviceBuffer blocks;
  private final long[] ofRound;

  private DeviceGrid(
      RatingGrid.Size size,
      DeviceBuffer ratings,
      DeviceBuffer groups,
      DeviceBuffer blocks,
      long[] ofRound) {
    this.size = size;
    this.ratings = ratings;
    this.groups = groups;
    this.blocks = blocks;
    this.ofRound = ofRound;
  }

  /** Device memory; there may be as many groups as ratings. */
  static long bytes(TrainingShape shape) {
    return bytesOfRatings(shape.ratings())
        + shape.ratings() * Long.BYTES
        + bytesOfBlocks(size(shape));
  }

  /** The grid of a training. */
  static RatingGrid.Size size(TrainingShape shape) {
    return RatingGrid.Size.of(shape.ratings(), shape.users(), shape.items(), CUT);
  }

  private static long bytesOfRatings(long count) {
    return (count + RATINGS_AHEAD) * BYTES_OF_RATING;
  }

  private static long bytesOfBlocks(RatingGrid.Size size) {
    return (long) size.rounds() * size.blocks() * NUMBERS_OF_BLOCK * Long.BYTES;
  }

  /**
   * Puts ratings in order, on the threads of the job, and uploads them; all have arrived when this
   * returns. For one thread 25 million ratings are seconds of work.
   */
  static DeviceGrid upload(TrainingJob job, DeviceArena arena) {
    RatingGrid.Size size = job.gridSize();
    long count = job.ratings().size();
    // First what may not fit.
    DeviceBuffer ratings = arena.allocate(bytesOfRatings(count));
    ratings
        .slice(count * BYTES_OF_RATING, (long) RATINGS_AHEAD * BYTES_OF_RATING)
        .clear(arena.stream());
    DeviceBuffer groups = arena.allocate(count * Long.BYTES);
    DeviceBuffer blocks = arena.allocate(bytesOfBlocks(size));
    long[] ofRound = new long[size.rounds()];
    Workers workers = Workers.of(job.threads());
    try (Arena host = Arena.ofShared()) {
      RatingGrid grid = RatingGrid.of(job.ratings(), size, job.cut().visits(), host, workers);
      GridUpload upload = new GridUpload(grid, workers, arena.stream(), host);
      upload.send(ratings, groups);
      upload.sendBlocks(blocks);
      for (int round = 0; round < size.rounds(); round++) {
        ofRound[round] = grid.ratings(round);
      }
    }
    return new DeviceGrid(size, ratings, groups, blocks, ofRound);
  }

  RatingGrid.Size size() {
    return size;
  }

  /** User, item, value and weight of each rating. */
  DeviceBuffer ratings() {
    return ratings;
  }

  /** A word for each group. */
  DeviceBuffer groups() {
    return groups;
  }

  /** Of each block, round by round, where its groups and ratings are. */
  DeviceBuffer blocks() {
    return blocks;
  }

  /** How many ratings a round has. */
  long ratings(int round) {
    return ofRound[round];
  }
}
