package io.github.gpumf.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.github.gpumf.backend.Backends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Model.UsageMessageSpec;

/**
 * Every command's good path but training's: the answer, and nothing else, is on standard output.
 */
class CommandsTest {
  private static final int ITEMS = 60;

  private static final List<String> COMMANDS =
      List.of("demo", "train", "evaluate", "predict", "recommend", "similar", "generate", "doctor");

  @TempDir private static Path folder = Path.of("");

  private static String file(String name) {
    return folder.resolve(name).toString();
  }

  @BeforeAll
  static void trainAModel() throws IOException {
    Cli.succeed(
        "generate --users 80 --items 60 --ratings 1100 --seed 5 --output " + file("ratings.tsv"));
    List<String> lines = Files.readAllLines(folder.resolve("ratings.tsv"));
    List<String> training = new ArrayList<>();
    List<String> heldOut = new ArrayList<>();
    for (String line : lines) {
      (training.size() < 8 * heldOut.size() ? training : heldOut).add(line);
    }
    Files.write(folder.resolve("train.tsv"), training);
    Files.write(folder.resolve("test.tsv"), heldOut);
    StringBuilder titles = new StringBuilder("movieId,title\n");
    for (int item = 0; item <= ITEMS; item++) {
      titles.append(item).append(",\"Film ").append(item).append(", the first\"\n");
    }
    Files.writeString(folder.resolve("titles.csv"), titles);
    Cli.succeed(
        "train --factors 4 --epochs 5 --ratings "
            + file("train.tsv")
            + " --output "
            + file("model"));
  }

  @Test
  void evaluatePrintsOneObjectWhoseKeysAreTheMetrics() {
    String evaluate =
        "evaluate --model " + file("model") + " --ratings " + file("test.tsv") + " --json";
    assertEquals(
        List.of("rmse", "mae", "precision@10", "recall@10", "ndcg@10"),
        Cli.succeed(evaluate).keys());
    Cli.Run run =
        Cli.succeed(
            evaluate + " --metrics hit@3,mae,map@5,mrr@5,ndcg@10 --seen " + file("train.tsv"));
    assertEquals(List.of("hit@3", "mae", "map@5", "mrr@5", "ndcg@10"), run.keys());
    for (JsonNode value : run.json()) {
      assertTrue(value.isNumber() && Double.isFinite(value.doubleValue()), run.out());
    }
    assertTrue(run.err().contains("ranked lists are of "), run.err());
  }

  /** The model keeps its training items, so naming them again changes nothing; others do. */
  @Test
  void evaluateLeavesSeenItemsOutOfTheLists() throws IOException {
    String evaluate =
        "evaluate --json --metrics ndcg@10,recall@10 --model "
            + file("model")
            + " --ratings "
            + file("test.tsv");
    String kept = Cli.succeed(evaluate).out();
    assertEquals(kept, Cli.succeed(evaluate + " --seen " + file("train.tsv")).out());
    List<String> few = Files.readAllLines(folder.resolve("train.tsv")).subList(0, 5);
    Files.write(folder.resolve("few.tsv"), few);
    assertFalse(kept.equals(Cli.succeed(evaluate + " --seen " + file("few.tsv")).out()));
  }

  @Test
  void evaluatePrintsALineAMetric() {
    Cli.Run run =
        Cli.succeed("evaluate --model " + file("model") + " --ratings " + file("test.tsv"));
    assertEquals(5, run.out().lines().count(), run.out());
    assertTrue(run.out().matches("(?s)rmse +[0-9.]{6}\\R.*ndcg@10 +[0-9.]{6}\\R"), run.out());
  }

  @Test
  void evaluateCountsWhatTheModelDoesNotKnow() throws IOException {
    Files.writeString(folder.resolve("cold.tsv"), "1\t2\t3\n9999\t1\t4\n");
    Cli.Run run =
        Cli.succeed(
            "evaluate --metrics rmse --json --model "
                + file("model")
                + " --ratings "
                + file("cold.tsv"));
    assertTrue(
        run.err()
            .contains(
                "1 of 2 ratings are of users or items without a training rating; rmse and mae count"
                    + " them, predicted by the mean rating and the biases that are known"),
        run.err());
    assertEquals(List.of("rmse"), run.keys());
  }

  @Test
  void evaluateSaysWhenNothingIsOfTheTraining() throws IOException {
    Files.writeString(folder.resolve("strangers.tsv"), "9998\t1\t3\n9999\t1\t4\n");
    Cli.Run run =
        Cli.succeed(
            "evaluate --metrics mae --model "
                + file("model")
                + " --ratings "
                + file("strangers.tsv"));
    assertTrue(
        run.err()
            .contains(
                "none of the 2 ratings has a user and an item with a training rating; rmse and mae"
                    + " count all, predicted by the mean"),
        run.err());
  }

  /** Lists that contain training items are worse than the model is. */
  @Test
  void evaluateSaysWhenListsContainTrainingItems() throws IOException {
    String line = ", so lists contain items of the training; give the training ratings with --seen";
    Cli.succeed(
        "train --no-seen --factors 2 --epochs 1 --ratings "
            + file("train.tsv")
            + " --output "
            + file("forgetful"));
    Files.writeString(folder.resolve("others.tsv"), "9998\t1\t3\n9999\t1\t4\n");
    String evaluate = "evaluate --metrics hit@5 --ratings " + file("test.tsv") + " --model ";
    Cli.Run run = Cli.succeed(evaluate + file("forgetful"));
    assertTrue(
        run.err().contains("forgetful: the model keeps no seen items (--no-seen)" + line),
        run.err());
    String seen = " --seen " + file("others.tsv");
    for (String model : List.of("model", "forgetful")) {
      run = Cli.succeed(evaluate + file(model) + seen);
      assertTrue(
          run.err()
              .contains("others.tsv: no rating has a user and an item that the model knows" + line),
          run.err());
    }
    assertFalse(Cli.succeed(evaluate + file("model")).err().contains(line));
    String good = " --seen " + file("train.tsv");
    assertFalse(Cli.succeed(evaluate + file("forgetful") + good).err().contains(line));
    String errors = evaluate.replace("hit@5", "rmse") + file("forgetful");
    assertFalse(Cli.succeed(errors).err().contains(line), "there are no lists");
  }

  @ParameterizedTest
  @ValueSource(strings = {"recommend --user 7", "similar --item 7"})
  void listsHaveIdsScoresAndTitles(String command) {
    String list = command + " -n 3 --model " + file("model");
    JsonNode plain = Cli.succeed(list + " --json").json();
    JsonNode titled = Cli.succeed(list + " --json --titles " + file("titles.csv")).json();
    String subject = command.startsWith("recommend") ? "user" : "item";
    assertEquals(List.of(subject, "items"), Cli.keysOf(plain));
    assertEquals("7", plain.get(subject).textValue());
    assertEquals(3, plain.get("items").size());
    String text = Cli.succeed(list).out();
    String titledText = Cli.succeed(list + " --titles " + file("titles.csv")).out();
    double last = Double.POSITIVE_INFINITY;
    for (int rank = 0; rank < 3; rank++) {
      JsonNode item = plain.get("items").get(rank);
      assertEquals(List.of("item", "score"), Cli.keysOf(item));
      String id = item.get("item").textValue();
      double score = item.get("score").doubleValue();
      assertTrue(score <= last, "best first");
      last = score;
      assertEquals(
          "Film " + id + ", the first", titled.get("items").get(rank).get("title").textValue());
      String line = text.lines().toList().get(rank + 1);
      assertTrue(line.matches(" +" + (rank + 1) + " +-?[0-9.]+ +" + id), line);
      assertTrue(titledText.contains(id + "  Film " + id + ", the first"), titledText);
    }
  }

  @Test
  void titlesAreFoundByTheIdsOfTheModel() throws IOException {
    StringBuilder titles = new StringBuilder();
    for (int item = 0; item <= ITEMS; item++) {
      // With lines of different lengths only the ids tell that genres are no columns.
      titles.append(item).append(";Film ").append(item).append(";1999".repeat(item % 3));
      titles.append(";Comedy|Drama\n");
    }
    Files.writeString(folder.resolve("genres.csv"), titles);
    JsonNode first =
        Cli.succeed(
                "recommend --json --user 7 --model "
                    + file("model")
                    + " --titles "
                    + file("genres.csv"))
            .json()
            .at("/items/0");
    assertEquals("Film " + first.get("item").textValue(), first.get("title").textValue());
  }

  @Test
  void recommendationsLeaveOutWhatTheUserRated() throws IOException {
    List<String> rated =
        Files.readAllLines(folder.resolve("train.tsv")).stream()
            .filter(line -> line.startsWith("7\t"))
            .map(line -> line.split("\t", -1)[1])
            .toList();
    assertFalse(rated.isEmpty());
    String recommend = "recommend --user 7 -n 1000 --json --model " + file("model");
    JsonNode items = Cli.succeed(recommend).json().get("items");
    for (JsonNode item : items) {
      assertFalse(rated.contains(item.get("item").textValue()));
    }
    assertTrue(items.size() > 0 && items.size() <= ITEMS - rated.size());
  }

  @Test
  void userWhoHasSeenAllIsToldSo() throws IOException {
    Files.writeString(folder.resolve("full.tsv"), "1\t1\t3\n1\t2\t4\n2\t1\t5\n");
    Cli.succeed(
        "train --factors 2 --epochs 1 --ratings " + file("full.tsv") + " --output " + file("full"));
    Cli.Run run = Cli.succeed("recommend --user 1 --json --model " + file("full"));
    assertEquals(0, run.json().get("items").size());
    assertTrue(run.err().contains("user 1 has seen every item"), run.err());
    assertEquals(
        1,
        Cli.succeed("recommend --user 2 --json --model " + file("full"))
            .json()
            .at("/items")
            .size());
  }

  @Test
  void predictAnswersInTheOrderAsked() {
    String predict = "predict --user 7 --item 3,1 --item 2 --model " + file("model");
    JsonNode json = Cli.succeed(predict + " --json").json();
    assertEquals(List.of("user", "predictions"), Cli.keysOf(json));
    List<String> items = new ArrayList<>();
    for (JsonNode prediction : json.get("predictions")) {
      assertEquals(List.of("item", "rating"), Cli.keysOf(prediction));
      items.add(prediction.get("item").textValue());
      double rating = prediction.get("rating").doubleValue();
      assertTrue(rating >= 1 && rating <= 5, "clipped to the ratings' range: " + rating);
    }
    assertEquals(List.of("3", "1", "2"), items);
    String text = Cli.succeed(predict).out();
    assertTrue(text.matches("[0-9.]{6}  3\\R[0-9.]{6}  1\\R[0-9.]{6}  2\\R"), text);
  }

  @Test
  void predictTakesIdsWithCommas() throws IOException {
    Files.writeString(folder.resolve("commas.tsv"), "1\tit,em-3\t3\n1\tit\t4\n2\tb\t5\n");
    Cli.succeed(
        "train --factors 2 --epochs 1 --ratings "
            + file("commas.tsv")
            + " --output "
            + file("commas"));
    String predict = "predict --json --user 1 --model " + file("commas") + " --item ";
    for (String argument : List.of("it,em-3 --item it,b", "it,b --item it,em-3")) {
      JsonNode predictions = Cli.succeed(predict + argument).json().get("predictions");
      assertEquals(3, predictions.size());
      int whole = argument.startsWith("it,em-3") ? 0 : 2;
      assertEquals("it,em-3", predictions.get(whole).get("item").textValue());
    }
  }

  @Test
  void smallRatingsArePrintedWithAsManyDigits() throws IOException {
    List<String> small = new ArrayList<>();
    for (String line : Files.readAllLines(folder.resolve("train.tsv"))) {
      String[] fields = line.split("\t", -1);
      small.add(fields[0] + "\t" + fields[1] + "\t" + Double.parseDouble(fields[2]) / 10_000);
    }
    Files.write(folder.resolve("small.tsv"), small);
    String ratings = " --ratings " + file("small.tsv");
    Cli.Run run =
        Cli.succeed(
            "train --factors 2 --epochs 1 --output "
                + file("small")
                + ratings
                + " --validation "
                + file("small.tsv"));
    String number = "0\\.00[0-9]{6}"; // eight decimals where ratings are 0.0004 apart
    String errors = "RMSE " + number + ", held.out (RMSE )?" + number + "\\b";
    assertTrue(run.out().matches("(?s).*" + errors + ".*"), run.out());
    assertTrue(run.err().matches("(?s).*" + errors + ".*"), run.err());
    String model = " --model " + file("small");
    Files.write(folder.resolve("one.tsv"), small.subList(0, 1));
    String evaluated =
        Cli.succeed(
                "evaluate --metrics rmse,mae,hit@60 --seen " + file("one.tsv") + model + ratings)
            .out();
    assertTrue(
        evaluated.matches("rmse +" + number + "\\Rmae +" + number + "\\Rhit@60 +[0-9.]{6}\\R"),
        evaluated);
    String predicted = Cli.succeed("predict --user 7 --item 3" + model).out();
    assertTrue(predicted.matches(number + "  3\\R"), predicted);
    String recommended = Cli.succeed("recommend --user 7 -n 1" + model).out();
    assertTrue(recommended.matches("(?s).*  1  " + number + " +[0-9]+\\R"), recommended);
    String similar = Cli.succeed("similar --item 7 -n 1" + model).out();
    assertTrue(similar.matches("(?s).*  1  -?[0-9.]{6} +[0-9]+\\R"), similar);
  }

  @Test
  void generateMakesTheSameFileOfTheSameSeed() throws IOException {
    String generate = "generate --users 50 --items 40 --ratings 400 --output ";
    Cli.Run run = Cli.succeed(generate + file("a.tsv") + " --seed 9 --json");
    assertEquals(List.of("output", "users", "items", "ratings", "noiseFloor"), run.keys());
    assertEquals(400, run.json().get("ratings").longValue());
    Cli.succeed(generate + file("b.tsv") + " --seed 9");
    Cli.succeed(generate + file("c.tsv") + " --seed 10");
    assertEquals(-1, Files.mismatch(folder.resolve("a.tsv"), folder.resolve("b.tsv")));
    assertTrue(Files.mismatch(folder.resolve("a.tsv"), folder.resolve("c.tsv")) >= 0);
  }

  @Test
  void demoComesNearItsNoiseFloorAndSavesAModel() {
    Cli.Run run = Cli.succeed("demo --seed 3 --json --output " + file("demo"));
    assertEquals(
        List.of("output", "heldOutRmse", "noiseFloor", "user", "recommendations"), run.keys());
    double floor = run.json().get("noiseFloor").doubleValue();
    double heldOut = run.json().get("heldOutRmse").doubleValue();
    // A standard deviation of the ratings is about 1.1; the floor about 0.55.
    assertTrue(heldOut > floor && heldOut < 1.4 * floor, heldOut + " beside " + floor);
    JsonNode first = run.json().at("/recommendations/0");
    String user = run.json().get("user").textValue();
    JsonNode again =
        Cli.succeed("recommend --json -n 5 --user " + user + " --model " + file("demo")).json();
    assertEquals(first.get("item"), again.at("/items/0/item"));
    assertEquals(run.json().get("recommendations").size(), again.get("items").size());
  }

  @Test
  void doctorNamesEveryBackend() {
    Cli.Run run = Cli.succeed("doctor --json");
    assertEquals(List.of("java", "os", "processors", "heapGiB", "auto", "backends"), run.keys());
    List<String> names = new ArrayList<>();
    for (JsonNode backend : run.json().get("backends")) {
      names.add(backend.get("name").textValue());
      assertTrue(
          backend.get("available").booleanValue()
              ? backend.hasNonNull("device")
              : backend.hasNonNull("reason") && backend.hasNonNull("remedy"),
          backend.toString());
    }
    assertEquals(List.copyOf(Backends.probed().sequencedKeySet()), names);
    for (JsonNode backend : run.json().get("backends")) {
      assertEquals(
          backend.get("available").booleanValue(), backend.has("findings"), backend.toString());
    }
    String text = Cli.succeed("doctor").out();
    assertTrue(text.contains("scalar: available, plain Java"), text);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "demo",
        "train",
        "evaluate",
        "predict",
        "recommend",
        "similar",
        "generate",
        "doctor"
      })
  void helpHasExamplesAndNamesJson(String command) {
    Cli.Run run = Cli.succeed(command, "--help");
    assertTrue(run.out().contains("gpumf " + command + " "), run.out());
    assertTrue(run.out().contains("Example"), run.out());
    assertTrue(run.out().contains("--json"), run.out());
    assertEquals("", run.err());
    assertEquals(run.out(), Cli.succeed("help", command).out());
    assertTrue(Cli.succeed("--help").out().contains("  " + command + " "), command);
  }

  /** Examples are there to be copied, and a line that is too long would be broken. */
  @Test
  void linesOfHelpAreNotBroken() {
    for (String name : COMMANDS) {
      CommandLine command = Objects.requireNonNull(Main.commandLine().getSubcommands().get(name));
      UsageMessageSpec usage = command.getCommandSpec().usageMessage();
      List<String> shown = Cli.succeed(name, "--help").out().lines().toList();
      for (String line : usage.footer()) {
        assertTrue(shown.contains(line), name + ": " + line);
      }
      for (String line : usage.description()) {
        assertTrue(shown.contains(line), name + ": " + line);
      }
      assertFalse(shown.contains("  gpumf demo"), name + " has the description of gpumf");
    }
  }

  @Test
  void versionIsThatOfTheBuild() throws IOException {
    String pom = Files.readString(Path.of(System.getProperty("gpumf.root"), "pom.xml"));
    String version = pom.replaceFirst("(?s).*?<version>(.*?)</version>.*", "$1");
    for (String command : List.of("--version", "train --version")) {
      assertEquals("gpumf " + version, Cli.succeed(command).out().strip());
    }
  }
}
