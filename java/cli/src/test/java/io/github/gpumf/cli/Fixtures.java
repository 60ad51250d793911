package io.github.gpumf.cli;

import io.github.gpumf.io.SafetensorsFile;
import io.github.gpumf.io.SafetensorsWriter;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.zip.GZIPOutputStream;

/**
 * The files that rows of {@link BadInputTest} name: good ones, and each way of being bad once. They
 * are made once and written anew for each row.
 */
final class Fixtures {
  private static final long SEED = 77;
  private static final int USERS = 20;
  private static final int ITEMS = 15;

  /** By path from the folder of a row. */
  private final Map<String, byte[]> contents = new LinkedHashMap<>();

  private final Path workshop;

  /** Makes all of them; a folder is needed for what a command must write. */
  Fixtures(Path workshop) throws IOException {
    this.workshop = workshop;
    ratings();
    models();
    checkpoints();
    text("titles.csv", "movieId,title\n1,One\n2,Two\n");
    text("twice.csv", "movieId,title\n1,One\n1,Uno\n");
    text("untitled.csv", "1\n2\n");
  }

  private void text(String name, String content) {
    contents.put(name, content.getBytes(StandardCharsets.UTF_8));
  }

  private byte[] get(String name) {
    byte[] content = contents.get(name);
    if (content == null) {
      throw new IllegalArgumentException("there is no fixture " + name);
    }
    return content;
  }

  /** Writes one file, or makes a directory if its name ends in a slash. */
  void write(String name, Path folder) throws IOException {
    Path file = folder.resolve(name);
    if (name.endsWith("/")) {
      Files.createDirectories(file);
      return;
    }
    Files.createDirectories(file.getParent());
    Files.write(file, get(name));
  }

  private void ratings() throws IOException {
    Random random = new Random(SEED);
    StringBuilder good = new StringBuilder("user,item,rating\n");
    for (int user = 1; user <= USERS; user++) {
      for (int item = 1; item <= ITEMS; item++) {
        if (random.nextInt(3) > 0) {
          good.append(user).append(',').append(item).append(',');
          good.append(1 + random.nextInt(5)).append('\n');
        }
      }
    }
    text("good.csv", good.toString());
    text("other.csv", good + "1000,1000,3\n");
    text("strangers.csv", "user,item,rating\n901,801,3\n902,802,4\n");
    text("empty.csv", "");
    text("header.csv", "user,item,rating\n");
    text("no-rating.csv", "user,item\n1,2\n");
    text("unknown-header.csv", "movieId,userId,stars\n1,2,3\n");
    text("word.csv", "user,item,rating\n1,2,3\n1,3,good\n");
    text("nan.csv", "1,2,3\n1,3,NaN\n");
    text("infinite.csv", "1,2,3\n1,3,-Infinity\n");
    text("huge.csv", "1,2,3\n1,3,1e39\n");
    text("few.csv", "1,2,3\n1,3\n");
    text("many.csv", "1,2,3\n1,3,4,5\n");
    text("no-user.csv", "1,2,3\n,3,4\n");
    text("quote.csv", "1,2,3\n1,\"3,4\n");
    text("time.csv", "1,2,3,100\n1,3,4,yesterday\n");
    text("all-bad.csv", "user,item,rating\n1,2,x\n3\n");
    byte[] junk = new byte[5000];
    random.nextBytes(junk);
    contents.put("junk.csv", junk);
    contents.put("utf-16.csv", good.toString().getBytes(StandardCharsets.UTF_16));
    contents.put("latin-1.csv", "1,2,3\n1,M\u00fcnchen,4\n".getBytes(StandardCharsets.ISO_8859_1));
    contents.put("archive.zip", new byte[] {'P', 'K', 3, 4, 0, 0, 0, 0});
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (OutputStream out = new GZIPOutputStream(gzip)) {
      out.write(get("good.csv"));
    }
    byte[] whole = gzip.toByteArray();
    contents.put("cut.csv.gz", Arrays.copyOf(whole, whole.length / 2));
    byte[] damaged = whole.clone();
    damaged[whole.length - 6] ^= 1; // the checksum
    contents.put("damaged.csv.gz", damaged);
  }

  private void models() throws IOException {
    write("good.csv", workshop);
    Path model = workshop.resolve("model.safetensors");
    train("--epochs", "2", "--output", model.toString());
    byte[] whole = Files.readAllBytes(model);
    contents.put("model.safetensors", whole);
    contents.put("empty.safetensors", new byte[0]);
    contents.put("text.safetensors", get("good.csv"));
    contents.put("cut.safetensors", Arrays.copyOf(whole, whole.length - 1));
    byte[] altered = whole.clone();
    altered[whole.length / 2] ^= 1;
    contents.put("altered.safetensors", altered);
    contents.put(
        "foreign.safetensors",
        safetensors("{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]}}", 4));
    contents.put("newer.safetensors", newer(model));
  }

  private static byte[] safetensors(String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(Long.BYTES + json.length + dataBytes)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putLong(json.length)
        .put(json)
        .array();
  }

  private byte[] newer(Path model) throws IOException {
    Path newer = workshop.resolve("newer.safetensors");
    SafetensorsFile content = SafetensorsFile.open(model, Arena.ofAuto());
    Map<String, String> metadata = new LinkedHashMap<>(content.metadata());
    metadata.put("gpumf.format", "gpumf-model/2");
    SafetensorsWriter.write(newer, metadata, new LinkedHashMap<>(content.tensors()));
    return Files.readAllBytes(newer);
  }

  private void checkpoints() throws IOException {
    Path directory = workshop.resolve("checkpoints");
    train(
        "--epochs",
        "2",
        "--schedule",
        "constant",
        "--batch-size",
        "64",
        "--checkpoint",
        directory.toString(),
        "--output",
        workshop.resolve("unused").toString());
    for (String name : new String[] {"000001", "000002"}) {
      String file = "checkpoint-" + name + ".safetensors";
      byte[] whole = Files.readAllBytes(directory.resolve(file));
      contents.put("checkpoints/" + file, whole);
      contents.put("cut/" + file, Arrays.copyOf(whole, whole.length / 2));
    }
    contents.put("checkpoint.safetensors", get("checkpoints/checkpoint-000002.safetensors"));
  }

  private void train(String... more) {
    String[] some = {
      "train", "--ratings", workshop.resolve("good.csv").toString(), "--factors", "4"
    };
    String[] args = Arrays.copyOf(some, some.length + more.length);
    System.arraycopy(more, 0, args, some.length, more.length);
    Cli.succeed(args);
  }
}
