package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The good paths of {@code gpumf train}. */
class TrainCommandTest {
  @TempDir private static Path data = Path.of("");

  @TempDir private Path folder = Path.of("");

  @BeforeAll
  static void makeRatings() {
    Cli.succeed(
        "generate --users 80 --items 60 --ratings 1100 --seed 5 --output "
            + data.resolve("ratings.tsv"));
  }

  private Path model(String name) {
    return folder.resolve(name);
  }

  private Cli.Run train(String output, String flags) {
    return Cli.succeed(
        "train --ratings "
            + data.resolve("ratings.tsv")
            + " --factors 8 --output "
            + model(output)
            + " "
            + flags);
  }

  private void assertSameBytes(String one, String other) throws IOException {
    assertEquals(-1, Files.mismatch(model(one), model(other)), one + " and " + other);
  }

  @Test
  void defaultsFitTheRatingsAndFlagsStay() throws IOException {
    Path oneUser = folder.resolve("one-user.csv");
    StringBuilder lines = new StringBuilder("user,item,rating\n");
    for (int item = 0; item < 1024; item++) {
      lines.append("7,").append(item).append(',').append(1 + item * 7 % 5).append('\n');
    }
    Files.writeString(oneUser, lines);
    String train = "train --json --ratings " + oneUser + " --output " + model("m");
    double rate = 17.0 / 1024;
    double fall = 0.01; // along the cosine, within the first of 20 epochs
    assertEquals(rate, firstRate(Cli.succeed(train)), fall * rate);
    assertEquals(23 * rate, firstRate(Cli.succeed(train + " --updates batch")), fall * 23 * rate);
    assertEquals(8 * rate, firstRate(Cli.succeed(train + " --batch-size 8")), fall * 8 * rate);
    assertEquals(0.005, firstRate(Cli.succeed(train + " --learning-rate 0.005")), 1e-4);
  }

  /** The rate of the first epoch's last step, where a cosine of 20 epochs has lost 0.6%. */
  private static double firstRate(Cli.Run run) {
    return run.json().get("history").get(0).get("learningRate").doubleValue();
  }

  private double rmse(String name) {
    return Cli.succeed(
            "evaluate --json --metrics rmse --model "
                + model(name)
                + " --ratings "
                + data.resolve("ratings.tsv"))
        .json()
        .get("rmse")
        .doubleValue();
  }

  @Test
  void halfPrecisionIsDoneWhereItHelpsAndExplainedWhereNot() throws IOException {
    train("floats", "--epochs 3 --backend scalar");
    Cli.Run halves = train("halves", "--json --epochs 3 --backend scalar --precision half");
    assertFalse(halves.json().get("backend").textValue().contains("floats"), halves.out());
    assertTrue(Files.mismatch(model("floats"), model("halves")) >= 0, "it is another model");
    assertEquals(rmse("floats"), rmse("halves"), 1e-2, "and has learnt as much");
    Cli.Run wished = train("wished", "--json --epochs 3 --backend vector --precision half");
    assertTrue(
        wished
            .json()
            .get("backend")
            .textValue()
            .endsWith("factors are stored as floats, since vector gains nothing by half precision"),
        wished.out());
    train("vector", "--epochs 3 --backend vector");
    assertSameBytes("vector", "wished");
    Cli.Run single = train("single", "--json --epochs 3 --backend vector --precision single");
    assertFalse(single.json().get("backend").textValue().contains("floats"), single.out());
    String resumable = "--backend scalar --precision half --schedule constant";
    String checkpoints = " --checkpoint " + folder.resolve("of-halves");
    train("whole", resumable + " --epochs 3");
    train("first", resumable + " --epochs 2" + checkpoints);
    train("resumed", resumable + " --epochs 3 --resume" + checkpoints);
    assertSameBytes("whole", "resumed");
  }

  @ParameterizedTest
  @CsvSource({
    "basic, adam", "basic, lazy-adam", "basic, sgd", "basic, adagrad",
    "l2, adam", "l2, lazy-adam", "l2, sgd", "l2, adagrad",
    "biased, adam", "biased, lazy-adam", "biased, sgd", "biased, adagrad"
  })
  void everyModelLearnsWithEveryOptimizer(String model, String optimizer) {
    Cli.Run run = train("m", "--json --epochs 6 --model " + model + " --optimizer " + optimizer);
    JsonNode history = run.json().get("history");
    assertEquals(6, history.size());
    double first = history.get(0).get("rmse").doubleValue();
    double last = history.get(5).get("rmse").doubleValue();
    assertTrue(last < first, "training RMSE " + first + " to " + last);
    assertTrue(rmse("m") < first, "what is saved is what was learnt");
  }

  @Test
  void theModelOutlivesACheckpointThatCannotBeWritten() throws IOException {
    Path state = folder.resolve("state");
    String flags = " --schedule constant --checkpoint " + state;
    train("one", "--epochs 1" + flags);
    Files.createDirectory(state.resolve("checkpoint-000002.safetensors"));
    Cli.Run run =
        Cli.run(
            ("train --factors 8 --ratings "
                    + data.resolve("ratings.tsv")
                    + " --output "
                    + model("lost")
                    + " --epochs 3 --resume"
                    + flags)
                .split(" ", -1));
    assertEquals(1, run.exitCode());
    assertTrue(run.err().contains("gpumf: cannot write checkpoint " + state), run.err());
    assertFalse(run.err().contains("Exception"), run.err());
    Path kept = model("lost.last-good");
    assertTrue(run.err().contains("the model of epoch 2 is kept, saved as " + kept), run.err());
    train("two", "--schedule constant --epochs 2");
    assertSameBytes("two", "lost.last-good");
  }

  @Test
  void aDryRunPrintsTheMemoryAndTrainsNothing() {
    Cli.Run run = train("dry", "--optimizer adam --dry-run --backend scalar");
    assertTrue(run.out().startsWith("backend scalar: asked for by name, plain Java"), run.out());
    assertTrue(run.out().contains("memory of host:"), run.out());
    assertTrue(run.out().matches("(?s).*\\R  weights +[0-9]+  [0-9.]+ KiB\\R.*"), run.out());
    assertTrue(
        run.out().matches("(?s).*\\R  needed +[0-9]+  [0-9.]+ KiB\\R  free +[0-9]+  .*"),
        run.out());
    assertFalse(Files.exists(model("dry")), "nothing is saved");
    String ratings = " --ratings " + data.resolve("ratings.tsv");
    Cli.Run without = Cli.succeed("train --dry-run --factors 8 --backend scalar" + ratings);
    assertTrue(without.out().contains("memory of host:"), "no model is asked for");
    Cli.Run json = train("dry", "--optimizer adam --dry-run --json --backend scalar");
    assertEquals(
        List.of("backend", "memory", "neededBytes", "freeBytes", "fits", "parts"), json.keys());
    long sum = 0;
    for (JsonNode part : json.json().get("parts")) {
      sum += part.longValue();
    }
    assertEquals(sum, json.json().get("neededBytes").longValue());
    assertTrue(
        json.json().get("freeBytes").longValue() > json.json().get("neededBytes").longValue());
    assertTrue(json.json().get("fits").booleanValue());
    String help = Cli.succeed("train", "--help").out().replaceAll("\\s+", " ");
    for (String key : json.keys()) {
      assertTrue(help.contains(" " + key), key + " is not in the help");
    }
  }

  @Test
  void jsonHasTheKeysOfTheHelp() {
    Cli.Run run = train("m", "--epochs 2 --json --validation " + data.resolve("ratings.tsv"));
    assertEquals(
        List.of(
            "output",
            "users",
            "items",
            "ratings",
            "spec",
            "backend",
            "stopReason",
            "bestEpoch",
            "modelEpoch",
            "trainingSeconds",
            "history"),
        run.keys());
    List<String> epoch = Cli.keysOf(run.json().at("/history/0"));
    assertEquals(
        List.of("epoch", "loss", "rmse", "validationRmse", "learningRate", "seconds"), epoch);
    String help = Cli.succeed("train", "--help").out().replaceAll("\\s+", " ");
    for (String key : run.keys()) {
      assertTrue(help.contains(" " + key), key + " is not in the help");
    }
    assertEquals(1100, run.json().get("ratings").longValue());
    assertEquals("completed", run.json().get("stopReason").textValue());
    assertTrue(train("m", "--epochs 1 --json").json().get("bestEpoch").isNull());
  }

  @ParameterizedTest
  @ValueSource(strings = {"auto", "scalar", "vector"})
  void flagsThatScriptsUseAreAccepted(String backend) {
    Cli.Run run =
        train(
            "m",
            "--validation "
                + data.resolve("ratings.tsv")
                + " --model l2 --epochs 2 --batch-size 64 --optimizer lazy-adam --learning-rate"
                + " 0.01 --l2 1e-5 --seed 3 --threads 2 --json --backend "
                + backend);
    String chosen = run.json().get("backend").textValue();
    assertTrue(backend.equals("auto") || chosen.startsWith(backend + ": "), chosen);
    assertTrue(run.json().get("spec").textValue().contains("l2=1.0E-5"), run.out());
    // After one of two epochs the default schedule, a cosine, is halfway down.
    assertEquals(0.005, run.json().at("/history/0/learningRate").doubleValue(), 0.0005);
  }

  @Test
  void flagsMayStandInAnyOrderAndForm() throws IOException {
    String ratings = data.resolve("ratings.tsv").toString();
    train("a", "--epochs 2 --optimizer sgd --seed 4");
    Cli.succeed(
        "train",
        "--seed=4",
        "--output=" + model("b"),
        "--epochs",
        "2",
        "--optimizer=SGD",
        "--ratings=" + ratings,
        "--factors=8");
    assertSameBytes("a", "b");
  }

  @Test
  void sameSeedGivesTheSameBytesForAnyNumberOfThreads() throws IOException {
    for (String optimizer : List.of("sgd", "lazy-adam", "adam", "adagrad")) {
      String flags = "--epochs 3 --seed 11 --optimizer " + optimizer;
      train("one", flags + " --threads 1");
      train("two", flags + " --threads 2");
      train("three", flags + " --threads 3");
      assertSameBytes("one", "two");
      assertSameBytes("one", "three");
    }
    train("other", "--epochs 3 --seed 12 --optimizer adagrad");
    assertTrue(Files.mismatch(model("one"), model("other")) >= 0, "another seed, another model");
  }

  @Test
  void resumedTrainingEndsWithTheSameBytes() throws IOException {
    String flags = "--optimizer adam --schedule exponential --decay 0.9 --seed 2";
    train("whole", flags + " --epochs 6");
    String checkpoints = " --checkpoint " + folder.resolve("state") + " --every 2";
    train("part", flags + " --epochs 4" + checkpoints);
    Cli.Run run = train("resumed", flags + " --epochs 6 --json --resume" + checkpoints);
    assertTrue(run.err().contains("goes on from "), run.err());
    assertTrue(run.err().contains("checkpoint-000004.safetensors"), run.err());
    assertTrue(run.err().contains("epoch 5/6") && !run.err().contains("epoch 4/6"), run.err());
    assertEquals(6, run.json().get("history").size());
    assertSameBytes("whole", "resumed");
    train("again", flags + " --epochs 6 --resume" + checkpoints);
    assertSameBytes("whole", "again");
  }

  @Test
  void resumeStartsAnewWhereThereIsNothing() throws IOException {
    train("a", "--epochs 2 --resume --checkpoint " + folder.resolve("new/state"));
    train("b", "--epochs 2");
    assertSameBytes("a", "b");
  }

  /** What is printed is of the model that is saved, not of a better one that is gone. */
  @ParameterizedTest
  @ValueSource(strings = {"", " --early-stopping 2"})
  void answerIsOfTheModelThatIsSaved(String earlyStopping) throws IOException {
    List<String> lines = Files.readAllLines(data.resolve("ratings.tsv"));
    List<String> rest = new ArrayList<>();
    List<String> heldOut = new ArrayList<>();
    Set<String> items = new HashSet<>();
    for (int row = 1; row < lines.size(); row++) {
      // A user has 6 ratings or more, so others of every user and item that is held out remain.
      boolean isFirst = items.add(lines.get(row).split("\t", -1)[1]);
      (row % 7 == 0 && !isFirst ? heldOut : rest).add(lines.get(row));
    }
    Path train = Files.write(folder.resolve("train.tsv"), rest);
    Path test = Files.write(folder.resolve("test.tsv"), heldOut);
    // Without regularization the model learns the noise by heart, and the held-out RMSE rises.
    String command =
        "train --epochs 40 --optimizer lazy-adam --learning-rate 0.02 --factors 8"
            + " --schedule constant --regularization 0 --ratings "
            + train
            + " --validation "
            + test
            + " --output "
            + model("m")
            + earlyStopping;
    JsonNode json = Cli.succeed(command + " --json").json();
    int modelEpoch = json.get("modelEpoch").intValue();
    int epochs = json.get("history").size();
    int bestEpoch = json.get("bestEpoch").intValue();
    assertEquals(earlyStopping.isEmpty() ? epochs : bestEpoch, modelEpoch);
    String summary = Cli.succeed(command).out();
    String end = earlyStopping.isEmpty() ? "" : " (stopped early after " + epochs + ")";
    assertTrue(summary.contains(", epoch " + modelEpoch + " of 40" + end + ", training"), summary);
    assertTrue(bestEpoch < epochs, "the data are such that the last epoch is not the best");
    double saved =
        Cli.succeed("evaluate --json --metrics rmse --model " + model("m") + " --ratings " + test)
            .json()
            .get("rmse")
            .doubleValue();
    // The trainer sums in another order than the evaluator, both in double from floats.
    double told = json.at("/history/" + (modelEpoch - 1) + "/validationRmse").doubleValue();
    assertEquals(told, saved, 1e-5 * told);
  }

  @Test
  void learnsWhatWasPlanted() throws IOException {
    Path ratings = folder.resolve("planted.tsv");
    Cli.succeed("generate --seed 1 --users 300 --items 200 --ratings 15000 --output " + ratings);
    List<String> lines = Files.readAllLines(ratings);
    List<String> heldOut =
        lines.stream().filter(line -> Math.floorMod(line.hashCode(), 10) == 0).toList();
    List<String> rest =
        lines.stream().filter(line -> Math.floorMod(line.hashCode(), 10) != 0).toList();
    Path train = Files.write(folder.resolve("train.tsv"), rest);
    Path test = Files.write(folder.resolve("test.tsv"), heldOut);
    double floor =
        Cli.succeed(
                "generate --seed 1 --users 300 --items 200 --ratings 15000 --json --output "
                    + ratings)
            .json()
            .get("noiseFloor")
            .doubleValue();
    Cli.succeed("train --ratings " + train + " --output " + model("m"));
    double rmse =
        Cli.succeed("evaluate --json --metrics rmse --model " + model("m") + " --ratings " + test)
            .json()
            .get("rmse")
            .doubleValue();
    // Few ratings a row, so not as near as with more data; the mean alone is at twice the floor.
    assertTrue(rmse < 1.5 * floor, rmse + " with a noise floor of " + floor);
  }

  @Test
  void badLinesAreSkippedAndReported() throws IOException {
    Path file = folder.resolve("some.csv");
    Files.writeString(file, "1,2,3\n1,3,x\n2,2,4\n2,3\n1,2,5\n2,1,NaN\n");
    Cli.Run run =
        Cli.succeed(
            "train --skip-bad-lines --json --epochs 1 --factors 2 --ratings "
                + file
                + " --output "
                + model("m"));
    assertEquals(2, run.json().get("ratings").longValue());
    assertTrue(run.err().contains(file + ": 3 bad lines skipped, the first are"), run.err());
    assertTrue(run.err().contains(file + ", line 2: the rating (column 3) \"x\""), run.err());
    assertTrue(run.err().contains(file + ": 1 ratings replaced by later ones"), run.err());
  }

  @Test
  void validationRatingsThatTheModelCannotKnowAreCounted() throws IOException {
    Path file = folder.resolve("validation.tsv");
    String known = Files.readAllLines(data.resolve("ratings.tsv")).get(1);
    Files.writeString(file, known + "\n9999\t1\t3\t5\n");
    Cli.Run run = train("m", "--epochs 1 --validation " + file);
    assertTrue(run.err().contains(file + ": 1 of 2 ratings are left out"), run.err());
    assertTrue(run.out().contains("held-out RMSE"), run.out());
  }

  @Test
  void columnsAreReadByNameAndPosition() throws IOException {
    Path file = folder.resolve("shop.csv");
    Files.writeString(file, "stars,who,what\n5,ann,tea\n1,bob,tea\n4,ann,ale\n");
    String train = "train --json --epochs 1 --factors 2 --ratings " + file + " --columns ";
    for (String columns : List.of("who,what,stars", "2,3,1")) {
      Cli.Run run = Cli.succeed(train + columns + " --output " + model(columns));
      assertEquals(2, run.json().get("users").intValue());
      assertEquals(3, run.json().get("ratings").intValue());
    }
    List<String> spaced = new ArrayList<>(List.of(train.strip().split(" ", -1)));
    spaced.addAll(List.of("who, what , stars", "--output", model("spaced").toString()));
    Cli.succeed(spaced.toArray(String[]::new));
    assertSameBytes("who,what,stars", "spaced");
    assertSameBytes("who,what,stars", "2,3,1");
    Cli.Run run = Cli.succeed("recommend --user bob --json --model " + model("2,3,1"));
    assertEquals("ale", run.json().at("/items/0/item").textValue());
  }

  @Test
  void columnsThatWereReadAreSaid() throws IOException {
    Path file = folder.resolve("shop.csv");
    Files.writeString(file, "product_id,customer_id,rating\ntea,ann,5\ntea,bob,1\nale,ann,4\n");
    String line =
        file
            + ": 3 ratings of 2 items by 2 users, CSV, header; user = column 2 \"customer_id\", item"
            + " = column 1 \"product_id\", rating = column 3 \"rating\"";
    String flags = " --ratings " + file;
    Cli.Run run = Cli.succeed("train --epochs 1 --factors 2 --output " + model("m") + flags);
    assertTrue(run.err().lines().anyMatch(line::equals), run.err());
    run = Cli.succeed("evaluate --metrics rmse --model " + model("m") + flags);
    assertTrue(run.err().lines().anyMatch(line::equals), run.err());
    Files.writeString(file, "review_id,uid,iid,stars\n1,ann,3,5\n2,bob,4,1\n");
    run = Cli.succeed("train --epochs 1 --factors 2 --output " + model("m") + flags);
    line =
        file
            + ": user = column 1 \"review_id\", item = column 2 \"uid\", rating = column 3 \"iid\","
            + " timestamp = column 4 \"stars\", by position: the header does not name them; name"
            + " others with --columns";
    assertTrue(run.err().lines().anyMatch(line::equals), run.err());
  }

  @Test
  void modelWithoutSeenItemsRecommendsThemAgain() throws IOException {
    train("with", "--epochs 1");
    train("without", "--epochs 1 --no-seen");
    assertTrue(Files.size(model("without")) < Files.size(model("with")));
    String user = Files.readAllLines(data.resolve("ratings.tsv")).get(1).split("\t", -1)[0];
    String recommend = "recommend --json -n 1000 --user " + user + " --model ";
    int all = Cli.succeed(recommend + model("without")).json().get("items").size();
    int unseen = Cli.succeed(recommend + model("with")).json().get("items").size();
    assertTrue(unseen < all, unseen + " of " + all);
  }

  @Test
  void textAnswerIsOneLine() {
    Cli.Run run = train("m", "--epochs 2");
    assertEquals(1, run.out().lines().count(), run.out());
    assertTrue(run.out().startsWith(model("m") + ": "), run.out());
    assertFalse(run.out().contains("epoch 1/2"), "progress is on standard error");
    assertTrue(run.err().contains("epoch 1/2"), run.err());
  }
}
