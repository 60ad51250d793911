package io.github.gpumf.bench.peers;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.gpumf.bench.peers.Findings.Limit;
import io.github.gpumf.bench.peers.Findings.Whole;
import io.github.gpumf.bench.peers.Result.Turn;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** The findings for machines: every turn that was timed. */
final class ResultsJson {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private ResultsJson() {}

  static void write(Findings found, Path file) throws IOException {
    ObjectNode root = MAPPER.createObjectNode();
    Machine machine = found.machine();
    root.putObject("machine")
        .put("processor", machine.processor())
        .put("cores", machine.cores())
        .put("memoryGiB", machine.memoryGiB())
        .put("java", machine.java())
        .put("date", machine.date())
        .put("busyBefore", machine.busyBefore());
    root.put("seconds", found.seconds());
    found.notes().forEach(root.putArray("notes")::add);
    ArrayNode limits = root.putArray("limits");
    found.limits().forEach(limit -> put(limit, limits.addObject()));
    ArrayNode results = root.putArray("results");
    found.results().forEach(result -> put(result, results.addObject()));
    ArrayNode wholes = root.putArray("fileToModel");
    found.wholes().forEach(whole -> put(whole, wholes.addObject()));
    MAPPER.writerWithDefaultPrettyPrinter().writeValue(file.toFile(), root);
  }

  private static void put(Limit limit, ObjectNode node) {
    node.put("threads", limit.threads())
        .put("copyGBPerSecond", limit.copy())
        .put("readGBPerSecond", limit.read())
        .put("gigaFmaPerSecond", limit.fma());
    put(node, "handoverNanoseconds", limit.handover());
  }

  private static void put(Result result, ObjectNode node) {
    Contestant who = result.contestant();
    node.put("group", result.group())
        .put("engine", who.engine())
        .put("recipe", who.recipe())
        .put("threads", who.threads())
        .put("factors", who.factors());
    if (who.batchSize() > 0) {
      node.put("batchSize", who.batchSize());
    }
    node.put("data", who.data().name())
        .put("users", who.data().users())
        .put("items", who.data().items())
        .put("ratings", who.data().ratings())
        .put("medianSeconds", result.seconds())
        .put("ratingsPerSecond", result.ratingsPerSecond());
    result.peakBytes().ifPresent(bytes -> node.put("peakBytes", bytes));
    put(result.warmUp(), node.putArray("warmUp"));
    put(result.turns(), node.putArray("turns"));
  }

  private static void put(List<Turn> turns, ArrayNode array) {
    for (Turn turn : turns) {
      ObjectNode node = array.addObject().put("seconds", turn.seconds());
      put(node, "trainingRmse", turn.trainingRmse());
      put(node, "heldOutRmse", turn.heldOutRmse());
    }
  }

  /** What is not measured is left out: JSON has no NaN. */
  private static void put(ObjectNode node, String name, double value) {
    if (!Double.isNaN(value)) {
      node.put(name, value);
    }
  }

  private static void put(Whole whole, ObjectNode node) {
    ObjectNode parts = node.putObject("seconds");
    whole.parts().forEach(parts::put);
    node.put("process", whole.total()).put("heldOutRmse", whole.rmse());
  }
}
