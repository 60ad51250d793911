package io.github.gpumf.bench.tensorflow;

import io.github.gpumf.bench.peers.RatingColumns;
import io.github.gpumf.bench.tensorflow.TensorFlowEpochs.Settings;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.tensorflow.Graph;
import org.tensorflow.Operand;
import org.tensorflow.Result;
import org.tensorflow.Session;
import org.tensorflow.ndarray.NdArrays;
import org.tensorflow.ndarray.Shape;
import org.tensorflow.ndarray.buffer.DataBuffers;
import org.tensorflow.op.Op;
import org.tensorflow.op.Ops;
import org.tensorflow.op.core.Placeholder;
import org.tensorflow.op.core.VarHandleOp;
import org.tensorflow.op.train.ResourceApplyAdam;
import org.tensorflow.proto.ConfigProto;
import org.tensorflow.types.TFloat32;
import org.tensorflow.types.TInt32;
import org.tensorflow.types.family.TType;

/**
 * {@code y = p_u . q_i + b_u + b_i + mean} as a graph of TensorFlow, as fast as we could make it
 * there.
 *
 * <p>The ratings of an epoch, in the epoch's order, lie in variables, so that a step is fed nothing
 * but where its batch begins. The gradients are written out: that is faster than what {@code
 * Gradients} makes of the loss (3.7 against 3.2 M ratings/s in batches of 8192). A batch's
 * gradients are added up into tables by UnsortedSegmentSum, since Keras' Adam moves every row in
 * every step, and ResourceApplyAdam, Keras' own kernel, moves the tables.
 */
final class BiasedModel implements AutoCloseable {
  private static final float BETA1 = 0.9f;
  private static final float BETA2 = 0.999f;
  private static final float EPSILON = 1e-7f;
  private static final float INITIAL = 0.05f;
  private static final long SEED = 1;

  private final RatingColumns ratings;
  private final Settings settings;
  private final Random random = new Random(SEED);
  private final int[] order;
  private final Graph graph = new Graph();
  private final Ops tf = Ops.create(graph);
  private final Session session;
  private final Table userFactors;
  private final Table itemFactors;
  private final Table userBiases;
  private final Table itemBiases;
  private final Load load;
  private final Step step;
  private final List<Op> initializers = new ArrayList<>();
  private final float mean;
  private int variables;
  private double power1 = BETA1;
  private double power2 = BETA2;

  /** A table with its two moments. */
  private record Table(VarHandleOp weights, VarHandleOp first, VarHandleOp second, int rows) {}

  /** Puts an epoch's ratings into variables. */
  private record Load(
      Placeholder<TInt32> users,
      Placeholder<TInt32> items,
      Placeholder<TFloat32> values,
      List<Op> targets) {}

  /** One step. */
  private record Step(
      Placeholder<TInt32> first,
      Placeholder<TInt32> count,
      Placeholder<TFloat32> power1,
      Placeholder<TFloat32> power2,
      Operand<TFloat32> squaredError,
      List<Op> targets) {}

  BiasedModel(RatingColumns ratings, Settings settings) {
    this.ratings = ratings;
    this.settings = settings;
    mean = mean(ratings.values());
    order = new int[ratings.size()];
    for (int row = 0; row < order.length; row++) {
      order[row] = row;
    }
    userFactors = table(ratings.userCount(), settings.factors());
    itemFactors = table(ratings.itemCount(), settings.factors());
    userBiases = table(ratings.userCount(), 0);
    itemBiases = table(ratings.itemCount(), 0);
    VarHandleOp users = variable(TInt32.class);
    VarHandleOp items = variable(TInt32.class);
    VarHandleOp values = variable(TFloat32.class);
    load = load(users, items, values);
    step = step(users, items, values);
    session =
        new Session(
            graph,
            ConfigProto.newBuilder()
                .setIntraOpParallelismThreads(settings.threads())
                .setInterOpParallelismThreads(settings.threads())
                .build());
    Session.Runner runner = session.runner();
    initializers.forEach(runner::addTarget);
    runner.run().close();
  }

  private static float mean(float[] values) {
    double sum = 0;
    for (float value : values) {
      sum += value;
    }
    return (float) (sum / values.length);
  }

  /** Variables of one name are one variable. */
  private <T extends TType> VarHandleOp variable(Class<T> type) {
    variables++;
    return tf.varHandleOp(type, Shape.unknown(), VarHandleOp.sharedName("variable" + variables));
  }

  /** Factors within 0.05 of 0 as Keras' embeddings; biases, with no columns of their own, 0. */
  private Table table(int rows, int columns) {
    float[] start = new float[rows * Math.max(1, columns)];
    for (int at = 0; columns > 0 && at < start.length; at++) {
      start[at] = INITIAL * (2 * random.nextFloat() - 1);
    }
    Shape shape = columns > 0 ? Shape.of(rows, columns) : Shape.of(rows);
    Table table =
        new Table(
            variable(TFloat32.class), variable(TFloat32.class), variable(TFloat32.class), rows);
    Operand<TFloat32> zeros = tf.zeros(tf.constant(shape), TFloat32.class);
    initializers.add(
        tf.assignVariableOp(table.weights(), tf.constant(shape, DataBuffers.of(start))));
    initializers.add(tf.assignVariableOp(table.first(), zeros));
    initializers.add(tf.assignVariableOp(table.second(), zeros));
    return table;
  }

  private Load load(VarHandleOp users, VarHandleOp items, VarHandleOp values) {
    Placeholder<TInt32> newUsers = tf.placeholder(TInt32.class);
    Placeholder<TInt32> newItems = tf.placeholder(TInt32.class);
    Placeholder<TFloat32> newValues = tf.placeholder(TFloat32.class);
    return new Load(
        newUsers,
        newItems,
        newValues,
        List.of(
            tf.assignVariableOp(users, newUsers),
            tf.assignVariableOp(items, newItems),
            tf.assignVariableOp(values, newValues)));
  }

  private Step step(VarHandleOp users, VarHandleOp items, VarHandleOp values) {
    Placeholder<TInt32> first = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(1)));
    Placeholder<TInt32> count = tf.placeholder(TInt32.class, Placeholder.shape(Shape.of(1)));
    Placeholder<TFloat32> power1 = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of()));
    Placeholder<TFloat32> power2 = tf.placeholder(TFloat32.class, Placeholder.shape(Shape.of()));
    Operand<TInt32> u = tf.slice(tf.readVariableOp(users, TInt32.class), first, count);
    Operand<TInt32> i = tf.slice(tf.readVariableOp(items, TInt32.class), first, count);
    Operand<TFloat32> r = tf.slice(tf.readVariableOp(values, TFloat32.class), first, count);
    Operand<TFloat32> p = tf.resourceGather(userFactors.weights(), u, TFloat32.class);
    Operand<TFloat32> q = tf.resourceGather(itemFactors.weights(), i, TFloat32.class);
    Operand<TFloat32> biases =
        tf.math.add(
            tf.resourceGather(userBiases.weights(), u, TFloat32.class),
            tf.resourceGather(itemBiases.weights(), i, TFloat32.class));
    Operand<TFloat32> dot = tf.reduceSum(tf.math.mul(p, q), tf.constant(1));
    Operand<TFloat32> error =
        tf.math.sub(tf.math.add(tf.math.add(dot, biases), tf.constant(mean)), r);

    // The loss is the mean over the batch, so that each rating's part is 2 e / n.
    Operand<TFloat32> scale =
        tf.math.div(tf.constant(2f), tf.dtypes.cast(tf.squeeze(count), TFloat32.class));
    Operand<TFloat32> g = tf.math.mul(error, scale);
    Operand<TFloat32> column = tf.expandDims(g, tf.constant(1));
    Operand<TFloat32> shrink = tf.math.mul(scale, tf.constant(settings.regularization()));
    List<Op> targets =
        List.of(
            adam(userFactors, u, gradient(column, q, shrink, p), power1, power2),
            adam(itemFactors, i, gradient(column, p, shrink, q), power1, power2),
            adam(userBiases, u, g, power1, power2),
            adam(itemBiases, i, g, power1, power2));
    Operand<TFloat32> squaredError = tf.reduceSum(tf.math.square(error), tf.constant(0));
    return new Step(first, count, power1, power2, squaredError, targets);
  }

  private Operand<TFloat32> gradient(
      Operand<TFloat32> g,
      Operand<TFloat32> other,
      Operand<TFloat32> shrink,
      Operand<TFloat32> own) {
    Operand<TFloat32> ofError = tf.math.mul(g, other);
    return settings.regularization() == 0
        ? ofError
        : tf.math.add(ofError, tf.math.mul(shrink, own));
  }

  private Op adam(
      Table table,
      Operand<TInt32> rows,
      Operand<TFloat32> gradients,
      Operand<TFloat32> power1,
      Operand<TFloat32> power2) {
    return ResourceApplyAdam.create(
        tf.scope(),
        table.weights(),
        table.first(),
        table.second(),
        power1,
        power2,
        tf.constant(settings.learningRate()),
        tf.constant(BETA1),
        tf.constant(BETA2),
        tf.constant(EPSILON),
        tf.math.unsortedSegmentSum(gradients, rows, tf.constant(table.rows())));
  }

  /** Trains an epoch and returns the RMSE of its own predictions. */
  double epoch() {
    shuffle();
    loadInOrder();
    double squares = 0;
    for (int first = 0; first < order.length; first += settings.batchSize()) {
      int count = Math.min(settings.batchSize(), order.length - first);
      squares += run(first, count);
    }
    return Math.sqrt(squares / order.length);
  }

  private void shuffle() {
    for (int left = order.length; left > 1; left--) {
      int at = random.nextInt(left);
      int other = order[left - 1];
      order[left - 1] = order[at];
      order[at] = other;
    }
  }

  private void loadInOrder() {
    int[] users = new int[order.length];
    int[] items = new int[order.length];
    float[] values = new float[order.length];
    for (int at = 0; at < order.length; at++) {
      users[at] = ratings.users()[order[at]];
      items[at] = ratings.items()[order[at]];
      values[at] = ratings.values()[order[at]];
    }
    try (TInt32 u = TInt32.tensorOf(Shape.of(users.length), DataBuffers.of(users));
        TInt32 i = TInt32.tensorOf(Shape.of(items.length), DataBuffers.of(items));
        TFloat32 r = TFloat32.tensorOf(Shape.of(values.length), DataBuffers.of(values))) {
      Session.Runner runner =
          session.runner().feed(load.users(), u).feed(load.items(), i).feed(load.values(), r);
      load.targets().forEach(runner::addTarget);
      runner.run().close();
    }
  }

  private float run(int first, int count) {
    try (TInt32 from = TInt32.vectorOf(first);
        TInt32 length = TInt32.vectorOf(count);
        TFloat32 beta1 = TFloat32.scalarOf((float) power1);
        TFloat32 beta2 = TFloat32.scalarOf((float) power2)) {
      power1 *= BETA1;
      power2 *= BETA2;
      Session.Runner runner =
          session
              .runner()
              .feed(step.first(), from)
              .feed(step.count(), length)
              .feed(step.power1(), beta1)
              .feed(step.power2(), beta2)
              .fetch(step.squaredError());
      step.targets().forEach(runner::addTarget);
      try (Result result = runner.run()) {
        return ((TFloat32) result.get(0)).getFloat();
      }
    }
  }

  /** Predicts other ratings. */
  double rmse(RatingColumns heldOut) {
    float[] p = weights(userFactors, settings.factors());
    float[] q = weights(itemFactors, settings.factors());
    float[] userBias = weights(userBiases, 1);
    float[] itemBias = weights(itemBiases, 1);
    double squares = 0;
    for (int row = 0; row < heldOut.size(); row++) {
      int user = heldOut.users()[row];
      int item = heldOut.items()[row];
      double predicted = (double) mean + userBias[user] + itemBias[item];
      for (int d = 0; d < settings.factors(); d++) {
        predicted += (double) p[user * settings.factors() + d] * q[item * settings.factors() + d];
      }
      double error = heldOut.values()[row] - predicted;
      squares += error * error;
    }
    return Math.sqrt(squares / heldOut.size());
  }

  private float[] weights(Table table, int columns) {
    float[] values = new float[table.rows() * columns];
    try (Result result =
        session.runner().fetch(tf.readVariableOp(table.weights(), TFloat32.class)).run()) {
      ((TFloat32) result.get(0))
          .copyTo(
              NdArrays.wrap(
                  ((TFloat32) result.get(0)).shape(), DataBuffers.of(values, false, false)));
    }
    return values;
  }

  @Override
  public void close() {
    session.close();
    graph.close();
  }
}
