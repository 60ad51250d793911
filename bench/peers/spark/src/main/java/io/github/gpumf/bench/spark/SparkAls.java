package io.github.gpumf.bench.spark;

import io.github.gpumf.bench.peers.RatingColumns;
import io.github.gpumf.bench.peers.Turns;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.ml.evaluation.RegressionEvaluator;
import org.apache.spark.ml.recommendation.ALS;
import org.apache.spark.ml.recommendation.ALSModel;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.Metadata;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * Spark's ALS in turns, on one machine. A turn is a whole fit, with one iteration more than the
 * last, since an ALS model cannot be trained on: the time of a turn is that of all its iterations.
 */
public final class SparkAls {
  private static final long SEED = 1;

  private SparkAls() {}

  /**
   * Takes part in a contest.
   *
   * @param args training ratings, held-out ratings, k, regularization, threads, number of
   *     iterations of the first turn and how many more each other one has
   * @throws IOException if a file cannot be read
   */
  public static void main(String[] args) throws IOException {
    RatingColumns train = RatingColumns.read(Path.of(args[0]));
    RatingColumns heldOut = RatingColumns.read(Path.of(args[1]));
    int threads = Integer.parseInt(args[4]);
    Turns turns = Turns.ofProcess();
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[" + threads + "]")
            .appName("ALS")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", threads)
            .getOrCreate()) {
      Dataset<Row> trainRows = rows(spark, train, threads);
      Dataset<Row> heldOutRows = rows(spark, heldOut, threads);
      ALS als =
          new ALS()
              .setUserCol("user")
              .setItemCol("item")
              .setRatingCol("value")
              .setRank(Integer.parseInt(args[2]))
              .setRegParam(Double.parseDouble(args[3]))
              .setNumBlocks(threads)
              .setSeed(SEED)
              .setColdStartStrategy("drop");
      RegressionEvaluator rmse =
          new RegressionEvaluator().setLabelCol("value").setPredictionCol("prediction");
      int iterations = Integer.parseInt(args[5]);
      turns.ready();
      while (turns.await()) {
        long start = System.nanoTime();
        ALSModel model = als.setMaxIter(iterations).fit(trainRows);
        double seconds = (System.nanoTime() - start) * 1e-9;
        turns.answer(seconds, Double.NaN, rmse.evaluate(model.transform(heldOutRows)));
        iterations += Integer.parseInt(args[6]);
      }
    }
  }

  private static Dataset<Row> rows(SparkSession spark, RatingColumns ratings, int threads) {
    List<Row> rows = new ArrayList<>(ratings.size());
    for (int row = 0; row < ratings.size(); row++) {
      rows.add(
          RowFactory.create(ratings.users()[row], ratings.items()[row], ratings.values()[row]));
    }
    StructType schema =
        new StructType(
            new StructField[] {
              new StructField("user", DataTypes.IntegerType, false, Metadata.empty()),
              new StructField("item", DataTypes.IntegerType, false, Metadata.empty()),
              new StructField("value", DataTypes.FloatType, false, Metadata.empty())
            });
    Dataset<Row> cached = spark.createDataFrame(rows, schema).repartition(threads).cache();
    cached.count();
    return cached;
  }
}
