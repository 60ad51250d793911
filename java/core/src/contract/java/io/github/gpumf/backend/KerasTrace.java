package io.github.gpumf.backend;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.github.gpumf.data.Ratings;
import io.github.gpumf.model.FloatTable;
import io.github.gpumf.model.Mf;
import io.github.gpumf.model.Weights;
import io.github.gpumf.optim.Adam;
import io.github.gpumf.optim.LearningRate;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/** A training run of TensorFlow, as {@code golden/README.md} describes it. */
record KerasTrace(String name, JsonNode json) {
  private static final ObjectMapper MAPPER = new ObjectMapper();

  static KerasTrace read(Path file) throws IOException {
    JsonNode json = MAPPER.readTree(file.toFile());
    if (!json.path("schema").asText().equals("mf-golden/1")) {
      throw new IOException(file + " has schema " + json.path("schema") + ", not mf-golden/1");
    }
    return new KerasTrace(json.path("name").asText(), json);
  }

  JsonNode config() {
    return json.path("config");
  }

  int epochs() {
    return config().path("epochs").asInt();
  }

  Mf spec() {
    int factors = config().path("k").asInt();
    String variant = json.path("variant").asText();
    return switch (variant) {
      case "basic" -> Mf.basic(factors);
      case "l2" -> Mf.l2(factors, config().path("l2").asDouble());
      case "biased" -> Mf.biased(factors);
      default -> throw new IllegalArgumentException("unknown variant " + variant);
    };
  }

  TrainingJob job(int threads) {
    Adam adam =
        new Adam(
            LearningRate.constant(config().path("learningRate").asDouble()),
            config().path("beta1").asDouble(),
            config().path("beta2").asDouble(),
            config().path("epsilon").asDouble());
    TrainingState start = TrainingState.of(weights(json.path("initial")), adam);
    int batchSize = config().path("batchSize").asInt();
    return new TrainingJob(
        ratings(batchSize), spec(), adam, batchSize, false, 0, threads, Double.MAX_VALUE, start);
  }

  /** The batches of an epoch, one after the other. */
  private Ratings ratings(int batchSize) {
    JsonNode batches = json.path("epochBatches");
    int size = 0;
    for (int batch = 0; batch < batches.size(); batch++) {
      int length = batches.get(batch).size();
      if (length != batchSize && batch < batches.size() - 1) {
        throw new IllegalArgumentException(
            name + ": batch " + batch + " has " + length + " ratings, not " + batchSize);
      }
      size += length;
    }
    int[] users = new int[size];
    int[] items = new int[size];
    float[] values = new float[size];
    int at = 0;
    for (JsonNode batch : batches) {
      for (JsonNode rating : batch) {
        users[at] = rating.get(0).asInt();
        items[at] = rating.get(1).asInt();
        values[at++] = (float) rating.get(2).asDouble();
      }
    }
    return Ratings.of(
        users, items, values, config().path("nUsers").asInt(), config().path("nItems").asInt());
  }

  Weights weights(JsonNode arrays) {
    int users = config().path("nUsers").asInt();
    int items = config().path("nItems").asInt();
    Mf spec = spec();
    Weights weights = Weights.zeros(spec.head(), users, items, spec.factors(), Arena.ofAuto());
    fill(weights.userFactors(), arrays.path("userEmbedding"));
    fill(weights.itemFactors(), arrays.path("itemEmbedding"));
    if (weights.dense() != null) {
      weights.dense().set(0, 0, (float) arrays.path("denseKernel").get(0).asDouble());
      weights.dense().set(0, 1, (float) arrays.path("denseBias").get(0).asDouble());
    }
    if (weights.userBias() != null && weights.itemBias() != null) {
      fill(weights.userBias(), arrays.path("userBias"));
      fill(weights.itemBias(), arrays.path("itemBias"));
    }
    return weights;
  }

  private void fill(FloatTable table, JsonNode flat) {
    if (flat.size() != table.rows() * table.columns()) {
      throw new IllegalArgumentException(
          name + ": " + flat.size() + " numbers for " + table.rows() + " x " + table.columns());
    }
    for (int row = 0; row < table.rows(); row++) {
      for (int column = 0; column < table.columns(); column++) {
        table.set(row, column, (float) flat.get(row * table.columns() + column).asDouble());
      }
    }
  }
}
