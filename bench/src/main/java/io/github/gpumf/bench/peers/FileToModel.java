package io.github.gpumf.bench.peers;

import io.github.gpumf.GpuMf;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.data.RatingsReader;
import io.github.gpumf.data.Split;
import io.github.gpumf.data.Splitter;
import io.github.gpumf.evaluate.Evaluator;
import io.github.gpumf.io.ModelFile;
import io.github.gpumf.model.Mf;
import io.github.gpumf.train.TrainingOptions;
import io.github.gpumf.train.TrainingResult;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;

/**
 * The whole way from a ratings file to a saved model, with the library's defaults, in a process
 * that has done nothing before. Prints a line {@code part NAME SECONDS} for each part of it, {@code
 * saved} when the model is on disk, and {@code rmse VALUE}, measured after that.
 */
public final class FileToModel {
  private static final int FACTORS = 64;
  private static final double HELD_OUT = 0.1;
  private static final long SEED = 42;

  private FileToModel() {}

  /**
   * Goes the way.
   *
   * @param args ratings file, model file
   * @throws IOException if one of them cannot be read or written
   */
  public static void main(String[] args) throws IOException {
    long start = System.nanoTime();
    Ratings ratings = RatingsReader.of().read(Path.of(args[0])).ratings();
    start = part("load", start);
    Split split = Splitter.random(ratings, HELD_OUT, SEED);
    start = part("split", start);
    Mf spec = Mf.tuned(FACTORS);
    TrainingResult result =
        GpuMf.train(split.train(), spec, TrainingOptions.tunedFor(spec, split.train()));
    start = part("train", start);
    ModelFile.save(result.model(), Path.of(args[1]));
    part("save", start);
    System.out.println("saved");
    System.out.flush();
    double rmse = Evaluator.of("rmse").evaluate(result.model(), split.test()).get("rmse");
    System.out.println(String.format(Locale.ROOT, "rmse %.6f", rmse));
  }

  private static long part(String name, long start) {
    long end = System.nanoTime();
    System.out.println(String.format(Locale.ROOT, "part %s %.6f", name, (end - start) * 1e-9));
    return end;
  }
}
