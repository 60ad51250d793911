package io.github.gpumf.cli;

import io.github.gpumf.backend.Availability.Available;
import io.github.gpumf.backend.Backends;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The table of {@link BadInputTest}. */
final class BadInputs {
  static final int FAILURE = 1;
  static final int USAGE = 2;

  private BadInputs() {}

  /**
   * A command that must fail.
   *
   * @param name what is wrong
   * @param files of {@link Fixtures} that must be there, separated by spaces
   * @param command its arguments, separated by spaces; {@code HERE} is the folder of the files, and
   *     {@code ''} an empty argument
   * @param exitCode the expected one
   * @param parts of the message
   */
  record Row(String name, String files, String command, int exitCode, List<String> parts) {
    @Override
    public String toString() {
      return name + ": " + command;
    }
  }

  private static Row row(String name, String files, String command, int exitCode, String... parts) {
    return new Row(name, files, command, exitCode, List.of(parts));
  }

  /** A ratings file that cannot be trained on. */
  private static Row ratings(String name, String file, String... parts) {
    List<String> all = new ArrayList<>(List.of(parts));
    all.addFirst("HERE/" + file);
    return new Row(name, file, "train --ratings HERE/" + file + " --output HERE/out", FAILURE, all);
  }

  /** Wrong flags of a training of good ratings. */
  private static Row flags(String name, String flags, String... parts) {
    return row(
        name, "good.csv", "train --ratings HERE/good.csv --output HERE/out " + flags, USAGE, parts);
  }

  /** Good flags of a training of good ratings that fails all the same. */
  private static Row training(String name, String files, String flags, String... parts) {
    return row(
        name,
        "good.csv " + files,
        "train --ratings HERE/good.csv --factors 4 " + flags,
        FAILURE,
        parts);
  }

  /** A model file that is none. */
  private static Row model(String name, String file, String... parts) {
    List<String> all = new ArrayList<>(List.of(parts));
    all.addFirst("HERE/" + file);
    return new Row(name, file, "recommend --model HERE/" + file + " --user 1", FAILURE, all);
  }

  /** A command on a good model. */
  private static Row use(String name, String command, int exitCode, String... parts) {
    return row(
        name,
        "model.safetensors good.csv strangers.csv twice.csv untitled.csv",
        command.replaceFirst(" ", " --model HERE/model.safetensors "),
        exitCode,
        parts);
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    rows.addAll(commands());
    rows.addAll(ratingsFiles());
    rows.addAll(trainingFlags());
    rows.addAll(trainings());
    rows.addAll(outputs());
    rows.addAll(modelFiles());
    rows.addAll(uses());
    rows.addAll(generations());
    return rows;
  }

  private static List<Row> commands() {
    return List.of(
        row("unknown command", "", "recomend", USAGE, "'recomend'", "Did you mean", "recommend"),
        row("unknown flag of gpumf", "", "--fast", USAGE, "'--fast'", "See: gpumf --help"),
        row("argument too many", "", "doctor now", USAGE, "'now'", "See: gpumf doctor --help"),
        row("help on nothing", "", "help nothing", USAGE, "nothing"),
        row("train without anything", "", "train", USAGE, "--ratings"),
        row("train without output", "good.csv", "train --ratings HERE/good.csv", USAGE, "--output"),
        row("train without ratings", "", "train --output HERE/out", USAGE, "--ratings=F"),
        row(
            "an argument for an option",
            "good.csv",
            "train HERE/good.csv --output HERE/out",
            USAGE,
            "'HERE/good.csv'",
            "'--ratings=F'"),
        row(
            "a required option misspelt",
            "good.csv",
            "train --rating HERE/good.csv --output HERE/out",
            USAGE,
            "'--rating'",
            "Possible solutions: --ratings",
            "'--ratings=F'"),
        row("evaluate without model", "", "evaluate --ratings F", USAGE, "--model=M"),
        row("evaluate without ratings", "", "evaluate --model M", USAGE, "--ratings=F"),
        row("recommend without user", "", "recommend --model M", USAGE, "--user=ID"),
        row("similar without item", "", "similar --model M", USAGE, "--item=ID"),
        row("predict without item", "", "predict --model M --user 1", USAGE, "--item=ID"),
        row("generate without output", "", "generate", USAGE, "--output=F"),
        row("flag without value", "", "similar --model M --item", USAGE, "--item"));
  }

  private static List<Row> ratingsFiles() {
    return List.of(
        row(
            "no such file",
            "",
            "train --ratings HERE/missing.csv --output HERE/out",
            FAILURE,
            "HERE/missing.csv: there is no such file",
            "check the path"),
        row(
            "a directory",
            "some/",
            "train --ratings HERE/some --output HERE/out",
            FAILURE,
            "HERE/some: this is a directory",
            "name a file inside it"),
        row(
            "an empty name",
            "",
            "train --ratings '' --output HERE/out",
            USAGE,
            "'--ratings'",
            "empty"),
        row(
            "a name that the locale lost",
            "",
            "train --ratings HERE/donn\uD800es.csv --output HERE/out",
            USAGE,
            "'--ratings'",
            "no file can have this name",
            "set LC_ALL=C.UTF-8"),
        ratings("an empty file", "empty.csv", "the file is empty"),
        ratings("only a header", "header.csv", "there is a header but no rating"),
        ratings("a column missing", "no-rating.csv", "line 1", "a column is missing: 2 found"),
        ratings("a header of other names", "unknown-header.csv", "line 1", "\"movieId,userId,"),
        ratings("not a number", "word.csv", "line 3", "\"good\" is not a number", "\"1,3,good\""),
        ratings("NaN", "nan.csv", "line 2", "\"NaN\" is not finite"),
        ratings("infinity", "infinite.csv", "line 2", "\"-Infinity\" is not finite"),
        ratings("too large", "huge.csv", "line 2", "\"1e39\"", "too large for a float"),
        ratings("too few fields", "few.csv", "line 2", "a column is missing: 2", "\"1,3\""),
        ratings("too many fields", "many.csv", "line 2", "too many columns: 4"),
        ratings("no user", "no-user.csv", "line 2", "the user id (column 1) is empty"),
        ratings("an open quote", "quote.csv", "line 2", "a quote is not closed"),
        ratings("no timestamp", "time.csv", "line 2", "\"yesterday\" is not a number"),
        ratings("binary junk", "junk.csv", "line 1", "UTF-8"),
        ratings("UTF-16", "utf-16.csv", "UTF-16", "Save it as UTF-8"),
        ratings("ISO-8859-1", "latin-1.csv", "line 2", "not UTF-8"),
        ratings("a zip archive", "archive.zip", "zip archive", "Unpack it"),
        ratings("gzip cut off", "cut.csv.gz", "gzip data ends too early"),
        ratings("gzip damaged", "damaged.csv.gz", "gzip data is damaged"),
        row(
            "nothing but bad lines",
            "all-bad.csv",
            "train --skip-bad-lines --ratings HERE/all-bad.csv --output HERE/out",
            FAILURE,
            "none of the 2 lines is a rating",
            "line 2",
            "\"x\" is not a number"),
        row(
            "a column that is not there",
            "good.csv",
            "train --ratings HERE/good.csv --columns user,item,stars --output HERE/out",
            FAILURE,
            "there is no column \"stars\" for the rating",
            "The header has the columns user, item, rating."),
        row(
            "a position that is not there",
            "few.csv",
            "train --ratings HERE/few.csv --columns 1,2,4 --output HERE/out",
            FAILURE,
            "there is no column \"4\" for the rating",
            "1..3"),
        row(
            "a column for two",
            "good.csv",
            "train --ratings HERE/good.csv --columns 2,item,rating --output HERE/out",
            FAILURE,
            "user = column 2 \"item\" is also the item's column",
            "Name a column for each (--columns, "),
        flags("two columns", "--columns user,item", "--columns", "[user, item]"),
        flags("five columns", "--columns 1,2,3,4,5", "--columns", "[1, 2, 3, 4, 5]"),
        training(
            "validation that is bad",
            "nan.csv",
            "--validation HERE/nan.csv --output HERE/out",
            "HERE/nan.csv, line 2"),
        training(
            "validation with nothing in common",
            "strangers.csv",
            "--validation HERE/strangers.csv --output HERE/out",
            "HERE/strangers.csv: none of its ratings",
            "HERE/good.csv",
            "validate on a part of the same data"));
  }

  private static List<Row> trainingFlags() {
    return List.of(
        flags("unknown flag", "--epoch 3", "'--epoch'", "--epochs"),
        flags("a flag twice", "--seed 1 --seed 2", "'--seed'", "only once"),
        flags("unknown model", "--model svd", "'--model'", "basic, l2, biased", "'svd'"),
        flags("unknown optimizer", "--optimizer rms", "'--optimizer'", "lazy-adam", "'rms'"),
        flags("unknown backend", "--backend gpu", "'--backend'", "auto, ", "scalar", "'gpu'"),
        flags("unknown schedule", "--schedule step", "'--schedule'", "cosine", "'step'"),
        flags("unknown preset", "--preset best", "'--preset'", "tuned, keras", "'best'"),
        flags("no factors", "--factors 0", "factors must be in 1..1024, not 0"),
        flags("too many factors", "--factors 1025", "factors must be in 1..1024, not 1025"),
        flags("factors in words", "--factors x", "'--factors'", "'x' is not a whole number"),
        flags("factors past int", "--factors 3000000000", "'3000000000'", "below 2^31"),
        flags("no epochs", "--epochs 0", "epochs must be at least 1, not 0"),
        flags("half an epoch", "--epochs 1.5", "'--epochs'", "'1.5' is not a whole number"),
        flags("no batch", "--batch-size 0", "batch size must be at least 1, not 0"),
        flags(
            "batches of an update per rating",
            "--updates rating --batch-size 32",
            "--updates rating has no batches; leave --batch-size 32 out"),
        flags(
            "Adam per rating",
            "--updates rating --optimizer adam",
            "an update per rating cannot use Adam, which moves whole tables; use LazyAdam"),
        flags(
            "a Dense head per rating",
            "--updates rating --model basic",
            "an update per rating needs a model with biases: all ratings share",
            "use biases (--model biased, Mf.biased) or an update per batch (--updates batch,"),
        flags(
            "Keras' L2 per rating",
            "--updates rating --l2 0.1",
            "an update per rating cannot have Keras' L2 of 0.1"),
        flags(
            "half precision in batches",
            "--precision half --batch-size 32",
            "factors in half precision need an update per rating",
            "use one (--updates rating, Updates.PER_RATING) or single precision"),
        flags(
            "half precision of a Dense head",
            "--precision half --model basic",
            "factors in half precision need an update per rating"),
        flags(
            "unknown precision", "--precision double", "'--precision'", "single, half", "'double'"),
        flags("updates of another kind", "--updates epoch", "--updates", "rating"),
        flags("negative rate", "--learning-rate -1", "learning rate must be positive", "-1.0"),
        flags("no rate", "--learning-rate 0", "learning rate must be positive", "0.0"),
        flags("rate NaN", "--learning-rate NaN", "learning rate must be positive", "NaN"),
        flags("rate past double", "--learning-rate 1e999", "finite", "Infinity"),
        flags("rate in words", "--learning-rate fast", "'fast' is not a number"),
        flags("negative L2", "--l2 -1", "l2 must be finite and at least 0, not -1.0"),
        flags("L2 NaN", "--l2 NaN", "l2 must be finite and at least 0, not NaN"),
        flags("negative regularization", "--regularization -0.1", "at least 0, not -0.1"),
        flags("negative for biases", "--bias-regularization -1", "at least 0, not -1.0"),
        flags(
            "biases that are not there",
            "--model basic --bias-regularization 0.1",
            "--bias-regularization 0.1 needs --model biased"),
        flags("decay without schedule", "--decay 0.9", "--decay 0.9 needs --schedule exponential"),
        flags("schedule without decay", "--schedule exponential", "needs --decay"),
        flags("decay of 2", "--schedule exponential --decay 2", "in (0, 1], not 2.0"),
        flags("negative warm-up", "--warm-up -1", "at least 0, not -1.0"),
        flags("seed in words", "--seed lucky", "'--seed'", "'lucky' is not a whole number"),
        flags("no threads", "--threads 0", "threads must be in 1..1024, not 0"),
        flags("too many threads", "--threads 100000", "threads must be in 1..1024, not 100000"),
        flags("early stopping blind", "--early-stopping 2", "--early-stopping needs --validation"),
        flags(
            "no patience",
            "--early-stopping 0 --validation HERE/good.csv",
            "--early-stopping must be at least 1, not 0"),
        flags("resume from nowhere", "--resume", "--resume needs --checkpoint DIR"),
        flags("every without where", "--every 5", "--every needs --checkpoint DIR"),
        flags(
            "every 0", "--checkpoint HERE/c --every 0", "--every must be at least 1 epoch, not 0"),
        flags("shuffle perhaps", "--shuffle=perhaps", "'--shuffle'", "'perhaps'"));
  }

  private static List<Row> trainings() {
    List<Row> rows = new ArrayList<>();
    String checkpoints =
        "checkpoints/checkpoint-000001.safetensors checkpoints/checkpoint-000002.safetensors";
    String constant = "--batch-size 64 --schedule constant --output HERE/out --checkpoint HERE/";
    rows.add(
        training(
            "checkpoints in the way",
            checkpoints,
            "--epochs 2 " + constant + "checkpoints",
            "HERE/checkpoints holds checkpoints up to checkpoint-000002",
            "--resume",
            "an empty directory"));
    rows.add(
        row(
            "checkpoints of other data",
            "other.csv " + checkpoints,
            "train --ratings HERE/other.csv --factors 4 --epochs 2 "
                + constant
                + "checkpoints --resume",
            FAILURE,
            "belongs to another training: ratings is ",
            "an empty directory"));
    rows.add(
        training(
            "checkpoints of another optimizer",
            checkpoints,
            "--epochs 2 --optimizer adagrad " + constant + "checkpoints --resume",
            "belongs to another training: optimizer is Sgd"));
    rows.add(
        training(
            "checkpoints that are past the end",
            checkpoints,
            "--epochs 1 " + constant + "checkpoints --resume",
            "checkpoint-000002.safetensors is of epoch 2, but only 1 epochs are asked for"));
    rows.add(
        training(
            "no checkpoint is whole",
            "cut/checkpoint-000001.safetensors cut/checkpoint-000002.safetensors",
            "--epochs 2 " + constant + "cut --resume",
            "none of the checkpoints in HERE/cut can be used",
            "is cut off",
            "an empty directory"));
    rows.add(
        training(
            "checkpoints in a file",
            "",
            "--epochs 2 " + constant + "good.csv",
            "HERE/good.csv is a file; checkpoints need a directory"));
    rows.add(
        training(
            "a rate that diverges",
            "",
            "--optimizer sgd --learning-rate 1e6 --schedule constant --batch-size 8 --output HERE/out",
            "training diverged in epoch 1, batch ",
            " at learning rate 1000000.0",
            "Try a learning rate of 100000.0, a warm-up, or more regularization",
            "no epoch had ended yet"));
    if (!(Backends.probed().get("cuda") instanceof Available)) {
      rows.add(training("no GPU", "", "--backend cuda --output HERE/out", "cuda", "backend"));
      rows.add(use("no GPU to serve", "recommend --user 1 --backend cuda", FAILURE, "cuda"));
    }
    return rows;
  }

  private static List<Row> outputs() {
    List<Row> rows = new ArrayList<>();
    rows.add(training("output is a directory", "some/", "--output HERE/some", "it is a directory"));
    rows.add(
        training(
            "no such folder",
            "",
            "--output HERE/missing/out",
            "cannot write HERE/missing/out: there is no directory HERE/missing; make it first"));
    rows.add(training("a file for a folder", "", "--output HERE/good.csv/out", "no directory"));
    rows.add(
        training("output is the input", "", "--output HERE/good.csv", "it is also read; give"));
    rows.add(
        training(
            "output is the validation",
            "other.csv",
            "--validation HERE/other.csv --output HERE/other.csv",
            "it is also read; give"));
    rows.add(
        training("a long name", "", "--output HERE/" + "x".repeat(300), "no file of this name"));
    rows.add(
        row("no name", "good.csv", "train --ratings HERE/good.csv --output ''", USAGE, "empty"));
    rows.add(row("generate nowhere", "", "generate --output HERE/a/b", FAILURE, "no directory"));
    rows.add(
        row("generate over a folder", "some/", "generate --output HERE/some", FAILURE, "is a"));
    rows.add(row("demo nowhere", "", "demo --output HERE/a/b", FAILURE, "no directory HERE/a"));
    if (Files.isDirectory(Path.of("/proc/self"))) {
      // Linux: a directory that takes no files, not even root's.
      rows.add(
          training("not writable", "", "--output /proc/out", "cannot write /proc/out", "made"));
    }
    return rows;
  }

  private static List<Row> modelFiles() {
    return List.of(
        row(
            "no such model",
            "",
            "recommend --model HERE/missing --user 1",
            FAILURE,
            "HERE/missing: there is no such file"),
        row(
            "model is a directory",
            "some/",
            "evaluate --model HERE/some --ratings HERE/good.csv",
            FAILURE,
            "HERE/some is not a regular file"),
        model("an empty model", "empty.safetensors", "it has 0 bytes", "train anew"),
        model("text", "text.safetensors", "not a safetensors file", "train anew"),
        model("another tool's", "foreign.safetensors", "not a model of GpuMf"),
        model("cut off", "cut.safetensors", "is cut off", "copy the model again"),
        model("one bit altered", "altered.safetensors", "checksum", "copy the model again"),
        model("of a newer version", "newer.safetensors", "newer GpuMf", "version 2", "upgrade"),
        model("a checkpoint", "checkpoint.safetensors", "not a model of GpuMf", "checkpoint"),
        row(
            "predict with a foreign model",
            "foreign.safetensors",
            "predict --model HERE/foreign.safetensors --user 1 --item 1",
            FAILURE,
            "not a model of GpuMf"),
        row(
            "similar with a model cut off",
            "cut.safetensors",
            "similar --model HERE/cut.safetensors --item 1",
            FAILURE,
            "is cut off"));
  }

  private static List<Row> uses() {
    return List.of(
        use("unknown user", "recommend --user 99", FAILURE, "user \"99\"", "one it knows is 1"),
        use("user in words", "recommend --user ann", FAILURE, "does not know user \"ann\""),
        use("empty user", "recommend --user ''", FAILURE, "does not know user \"\""),
        use(
            "user like a file",
            "recommend --user @HERE/good.csv",
            FAILURE,
            "user \"@HERE/good.csv"),
        use("unknown item", "similar --item 99", FAILURE, "item \"99\"", "one it knows is"),
        use("empty item", "similar --item ''", FAILURE, "does not know item \"\""),
        use("predict for nobody", "predict --user 99 --item 1", FAILURE, "user \"99\""),
        use("predict an unknown item", "predict --user 1 --item 2,99", FAILURE, "item \"99\""),
        use("predict an empty item", "predict --user 1 --item 2,,3", FAILURE, "item \"\""),
        use("no items", "recommend --user 1 -n 0", USAGE, "-n must be at least 1, not 0"),
        use("negative items", "similar --item 1 -n -3", USAGE, "-n must be at least 1, not -3"),
        use("items in words", "recommend --user 1 -n ten", USAGE, "'-n'", "'ten' is not a whole"),
        use(
            "missing titles",
            "recommend --user 1 --titles HERE/no",
            FAILURE,
            "HERE/no: there is no"),
        use(
            "titles twice",
            "similar --item 1 --titles HERE/twice.csv",
            FAILURE,
            "line 3",
            "second"),
        use(
            "no titles",
            "recommend --user 1 --titles HERE/untitled.csv",
            FAILURE,
            "line 1",
            "an item's id or title is missing"),
        use("unknown backend", "recommend --user 1 --backend gpu", USAGE, "'--backend'", "'gpu'"),
        use("no metric", "evaluate --ratings HERE/good.csv --metrics ''", USAGE, "metric \"\""),
        use("unknown metric", "evaluate --ratings HERE/good.csv --metrics auc@5", USAGE, "ndcg@K"),
        use("no list", "evaluate --ratings HERE/good.csv --metrics ndcg", USAGE, "ndcg@10"),
        use("list of 0", "evaluate --ratings HERE/good.csv --metrics rmse,hit@0", USAGE, "hit@0"),
        use("error of a list", "evaluate --ratings HERE/good.csv --metrics rmse@5", USAGE, "rmse"),
        use(
            "relevant from NaN",
            "evaluate --ratings HERE/good.csv --relevant-from NaN",
            USAGE,
            "finite",
            "NaN"),
        use("no held-out file", "evaluate --ratings HERE/no", FAILURE, "HERE/no: there is no such"),
        use(
            "no seen file",
            "evaluate --ratings HERE/good.csv --seen HERE/no",
            FAILURE,
            "HERE/no: "),
        use(
            "nobody to rank for",
            "evaluate --ratings HERE/strangers.csv",
            FAILURE,
            "HERE/strangers.csv: the model knows no user of these ratings",
            "rmse"),
        use(
            "nothing relevant to rank",
            "evaluate --ratings HERE/good.csv --seen HERE/strangers.csv --relevant-from 6",
            FAILURE,
            "HERE/good.csv: no user that the model knows",
            "--relevant-from",
            "rmse"));
  }

  private static List<Row> generations() {
    String generate = "generate --output HERE/made.tsv ";
    return List.of(
        row("no users", "", generate + "--users 0", USAGE, "users must be at least 1, not 0"),
        row("too few items", "", generate + "--items 3", USAGE, "items must be at least 4, not 3"),
        row(
            "too many ratings",
            "",
            generate + "--users 10 --items 10 --ratings 26",
            USAGE,
            "ratings must be in 1..25, a quarter of users * items, not 26"),
        row("negative noise", "", generate + "--noise -1", USAGE, "in 0..100, not -1.0"),
        row("noise NaN", "", generate + "--noise NaN", USAGE, "in 0..100, not NaN"),
        row("no rank", "", generate + "--rank 0", USAGE, "rank must be in 1..1024, not 0"),
        row(
            "more than memory holds",
            "",
            generate + "--users 2147483647 --items 2147483647",
            FAILURE,
            "out of memory",
            "ask for less",
            "GPUMF_JAVA_OPTIONS"));
  }
}
