package io.github.gpumf.data;

import io.github.gpumf.data.CounterRandom.Purpose;
import java.util.Arrays;

/**
 * Makes ratings out of a known truth, shaped like MovieLens: a planted matrix of low rank with user
 * and item biases, Gaussian noise, then clipping to 1..5 and rounding to stars. A few items have
 * most of the ratings (Zipf), and a few users give most of them (log-normal). Since the truth is
 * known, so is the error that no model can avoid, {@link #noiseFloor}.
 *
 * <p>The truth of user u and item i is {@code 3.5 + b_u + b_i + p_u·q_i}, with normal biases of
 * standard deviation 0.4 and 0.5. The factors are normal, and dimension d of the product has half
 * the variance of dimension d - 1, since a flat spectrum cannot be learnt from so few ratings; the
 * product's standard deviation is 0.7.
 *
 * <p>Each user's ratings are of distinct items, stand together, and have rising timestamps. Time
 * and memory grow with the number of ratings.
 *
 * @param users number of users, at least 1
 * @param items number of items, at least 4
 * @param ratings number of ratings, at most a quarter of {@code users * items}
 * @param rank rank of the planted product, 1..1024
 * @param noise standard deviation of the noise, 0..100
 * @param step distance between neighbouring ratings: 1 for whole stars, 0.5 for half ones, 0 not to
 *     round
 * @param seed any value; the same numbers and seed make the same ratings
 */
public record SyntheticRatings(
    int users, int items, long ratings, int rank, double noise, double step, long seed) {
  private static final int MAX_RANK = 1024;

  private static final double MEAN = 3.5;
  private static final double LOWEST = 1;
  private static final double HIGHEST = 5;
  private static final double USER_BIAS = 0.4;
  private static final double ITEM_BIAS = 0.5;
  private static final double PRODUCT = 0.7;

  /** Spread of user activity; MovieLens 100K's logarithms of ratings per user have about this. */
  private static final double ACTIVITY = 0.9;

  /** MovieLens keeps only users of 20 ratings or more. */
  private static final long FEWEST_RATINGS = 20;

  /**
   * Popularity of the item of rank r (from 0) is 1 / (r + offset)^exponent (Zipf and Mandelbrot);
   * the offset, a share of the items, flattens the head, as MovieLens has it.
   */
  private static final double ZIPF_EXPONENT = 1;

  private static final double ZIPF_OFFSET = 0.02;

  /** 2000-01-01, in seconds since 1970. */
  private static final long START = 946_684_800;

  private static final long SECONDS = 3L * 365 * 24 * 3600;
  private static final int LONGEST_PAUSE = 120;

  /** What is drawn; ids are part of the definition of the data. */
  private enum Draw {
    USER_BIAS(0),
    ITEM_BIAS(1),
    USER_FACTORS(2),
    ITEM_FACTORS(3),
    ACTIVITY(4),
    ITEM(5),
    NOISE(6),
    START(7),
    PAUSE(8),
    POPULARITY(9);

    private final int id;

    Draw(int id) {
      this.id = id;
    }
  }

  /**
   * Checks the numbers.
   *
   * @throws IllegalArgumentException naming the number that is out of range
   */
  public SyntheticRatings {
    require(users >= 1, "users must be at least 1, not " + users);
    require(items >= 4, "items must be at least 4, not " + items);
    long most = (long) users * items / 4;
    require(
        ratings >= 1 && ratings <= most,
        "ratings must be in 1.." + most + ", a quarter of users * items, not " + ratings);
    require(rank >= 1 && rank <= MAX_RANK, "rank must be in 1.." + MAX_RANK + ", not " + rank);
    require(noise >= 0 && noise <= 100, "noise must be in 0..100, not " + noise);
    require(step == 0 || step == 0.5 || step == 1, "step must be 0, 0.5 or 1, not " + step);
  }

  /**
   * The size and shape of MovieLens 100K: 100,000 whole-star ratings of 1,700 items by 950 users,
   * with a truth of rank 8.
   *
   * @return the numbers
   */
  public static SyntheticRatings movieLensLike() {
    return new SyntheticRatings(950, 1700, 100_000, 8, 0.5, 1, 42);
  }

  /**
   * Changes the size.
   *
   * @param newUsers number of users, at least 1
   * @param newItems number of items, at least 4
   * @param newRatings number of ratings, at most a quarter of {@code newUsers * newItems}
   * @return a changed copy
   * @throws IllegalArgumentException naming the number that is out of range
   */
  public SyntheticRatings withSize(int newUsers, int newItems, long newRatings) {
    return new SyntheticRatings(newUsers, newItems, newRatings, rank, noise, step, seed);
  }

  /**
   * Changes the rank of the truth.
   *
   * @param newRank rank of the planted product, 1..1024
   * @return a changed copy
   * @throws IllegalArgumentException if the rank is not in 1..1024
   */
  public SyntheticRatings withRank(int newRank) {
    return new SyntheticRatings(users, items, ratings, newRank, noise, step, seed);
  }

  /**
   * Changes the noise.
   *
   * @param newNoise standard deviation of the noise, 0..100
   * @return a changed copy
   * @throws IllegalArgumentException if the noise is not in 0..100
   */
  public SyntheticRatings withNoise(double newNoise) {
    return new SyntheticRatings(users, items, ratings, rank, newNoise, step, seed);
  }

  /**
   * Changes the rounding.
   *
   * @param newStep 1 for whole stars, 0.5 for half ones, 0 not to round
   * @return a changed copy
   * @throws IllegalArgumentException if the step is not 0, 0.5 or 1
   */
  public SyntheticRatings withStep(double newStep) {
    return new SyntheticRatings(users, items, ratings, rank, noise, newStep, seed);
  }

  /**
   * Changes the seed.
   *
   * @param newSeed any value
   * @return a changed copy
   */
  public SyntheticRatings withSeed(long newSeed) {
    return new SyntheticRatings(users, items, ratings, rank, noise, step, newSeed);
  }

  /**
   * Makes the ratings.
   *
   * @return {@code ratings} ratings with timestamps, no (user, item) twice; index and id are the
   *     same
   */
  public Ratings generate() {
    Truth truth = new Truth();
    double[] popularity = cumulativePopularity();
    int[] itemAt = shuffledItems();
    int[] activity = activity();
    CounterRandom itemDraws = random(Draw.ITEM);
    CounterRandom noiseDraws = random(Draw.NOISE);
    CounterRandom startDraws = random(Draw.START);
    CounterRandom pauseDraws = random(Draw.PAUSE);
    Ratings.Builder builder =
        Ratings.builder(IdMap.dense(users), IdMap.dense(items), ratings, true, false);
    int[] lastUser = new int[items];
    Arrays.fill(lastUser, -1);
    long row = 0;
    for (int user = 0; user < users; user++) {
      long time = START + (long) (SECONDS * startDraws.uniformDouble(user));
      long draw = (long) user << 32;
      for (int given = 0; given < activity[user]; given++) {
        int item;
        do {
          double at = itemDraws.uniformDouble(draw++) * popularity[items - 1];
          int found = Arrays.binarySearch(popularity, at);
          item = itemAt[found < 0 ? -found - 1 : Math.min(found + 1, items - 1)];
        } while (lastUser[item] == user);
        lastUser[item] = user;
        double value = truth.at(user, item) + noise * noiseDraws.gaussian(row);
        time += 1 + (long) (LONGEST_PAUSE * pauseDraws.uniformDouble(row));
        builder.set(row, user, item, (float) clip(round(value))).timestamp(row, time);
        row++;
      }
    }
    return builder.build();
  }

  /**
   * The error that remains to a model that knows the truth, on all the ratings that {@link
   * #generate} makes.
   *
   * @return the RMSE of predicting the truth, clipped to 1..5
   */
  public double noiseFloor() {
    return noiseFloor(generate());
  }

  /**
   * The error that remains to a model that knows the truth: noise, rounding and clipping. Put it
   * beside a model's RMSE on the same ratings; what lies between is the model's to win.
   *
   * @param part some of the ratings that {@link #generate} made, at least one, for example the
   *     held-out ones; they may have been written and read in between
   * @return the RMSE of predicting the truth, clipped to 1..5
   * @throws IllegalArgumentException if there are no ratings or an id is not of this data
   */
  public double noiseFloor(Ratings part) {
    require(part.size() > 0, "the noise floor of no ratings is not defined");
    int[] toUser = part.users().translateTo(IdMap.dense(users));
    int[] toItem = part.items().translateTo(IdMap.dense(items));
    Truth truth = new Truth();
    double squares = 0;
    for (long row = 0; row < part.size(); row++) {
      int user = toUser[part.user(row)];
      int item = toItem[part.item(row)];
      require(
          user != IdMap.UNKNOWN && item != IdMap.UNKNOWN,
          "row " + row + " has an id that these synthetic ratings do not have");
      double error = part.value(row) - clip(truth.at(user, item));
      squares += error * error;
    }
    return Math.sqrt(squares / part.size());
  }

  /** The planted matrix. */
  private final class Truth {
    private final double[] userBiases = normal(users, Draw.USER_BIAS, USER_BIAS);
    private final double[] itemBiases = normal(items, Draw.ITEM_BIAS, ITEM_BIAS);
    private final float[][] userFactors = factors(users, Draw.USER_FACTORS);
    private final float[][] itemFactors = factors(items, Draw.ITEM_FACTORS);

    double at(int user, int item) {
      double value = MEAN + userBiases[user] + itemBiases[item];
      float[] p = userFactors[user];
      float[] q = itemFactors[item];
      for (int d = 0; d < rank; d++) {
        value += (double) p[d] * q[d];
      }
      return value;
    }

    private double[] normal(int count, Draw draw, double deviation) {
      CounterRandom random = random(draw);
      double[] values = new double[count];
      for (int index = 0; index < count; index++) {
        values[index] = deviation * random.gaussian(index);
      }
      return values;
    }

    private float[][] factors(int rows, Draw draw) {
      CounterRandom random = random(draw);
      // Variance 2^-d of the product of dimension d: each factor has the square root's root.
      double total = 2 - Math.pow(2, 1 - rank);
      float[][] factors = new float[rows][rank];
      for (int row = 0; row < rows; row++) {
        for (int d = 0; d < rank; d++) {
          double deviation = Math.sqrt(PRODUCT * Math.sqrt(Math.pow(2, -d) / total));
          factors[row][d] = (float) (deviation * random.gaussian((long) row * rank + d));
        }
      }
      return factors;
    }
  }

  private double[] cumulativePopularity() {
    double[] cumulative = new double[items];
    double sum = 0;
    for (int position = 0; position < items; position++) {
      sum += Math.pow(position + 1 + ZIPF_OFFSET * items, -ZIPF_EXPONENT);
      cumulative[position] = sum;
    }
    return cumulative;
  }

  /** The item at each place of popularity: an item's index must not tell how popular it is. */
  private int[] shuffledItems() {
    Permutation order = new Permutation(items, seed, Purpose.SYNTHETIC, Draw.POPULARITY.id);
    int[] itemAt = new int[items];
    for (int position = 0; position < items; position++) {
      itemAt[position] = (int) order.apply(position);
    }
    return itemAt;
  }

  /**
   * Number of ratings of each user: log-normal, but at least the fewest and at most half the items
   * (beyond that, drawing distinct ones takes ever longer), and {@code ratings} together.
   */
  private int[] activity() {
    CounterRandom random = random(Draw.ACTIVITY);
    double[] weights = new double[users];
    double sum = 0;
    for (int user = 0; user < users; user++) {
      weights[user] = Math.exp(ACTIVITY * random.gaussian(user));
      sum += weights[user];
    }
    int fewest = (int) Math.min(FEWEST_RATINGS, ratings / users / 4);
    int most = items / 2;
    int[] counts = new int[users];
    long left = ratings;
    for (int user = 0; user < users; user++) {
      counts[user] = Math.clamp((long) (ratings * weights[user] / sum), fewest, most);
      left -= counts[user];
    }
    // Limits and truncation leave a difference; everybody takes a share of it.
    for (int user = 0; left != 0; user = (user + 1) % users) {
      long share = Long.signum(left) * Math.ceilDiv(Math.abs(left), users);
      int changed = Math.clamp(counts[user] + share, fewest, most);
      left -= changed - counts[user];
      counts[user] = changed;
    }
    return counts;
  }

  private CounterRandom random(Draw draw) {
    return CounterRandom.of(seed, Purpose.SYNTHETIC, draw.id);
  }

  private double round(double value) {
    return step == 0 ? value : Math.rint(value / step) * step;
  }

  private static double clip(double value) {
    return Math.clamp(value, LOWEST, HIGHEST);
  }

  private static void require(boolean holds, String message) {
    if (!holds) {
      throw new IllegalArgumentException(message);
    }
  }
}
