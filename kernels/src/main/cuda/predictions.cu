// Predictions of ratings, and the errors of a batch.
//
//   y = w (p_u . q_i) + b + offset              with a Dense head {w, b}
//   y = p_u . q_i + b_u + b_i + offset          with biases
//   e = y - r,   slope = scale a e              a: the rating's weight, scale: 2 / n of a batch of n
//
// Layout: rows.cuh; one of `head` and the two biases is null.
// Launch: any grid, blocks of a multiple of 32 threads; a group of lanes a rating (predict: a thread), in grid strides. A warp has 32 / group ratings
// in flight, each of two independent loads a lane, before the shuffles wait for them.
// Bytes: a rating reads two padded rows, 8 k, its two indices, value and biases (24), and writes 4: 540 at k = 64, of which an item's
// row, and a user's in a sorted file, mostly hit L2 (50 MB hold 195,000 rows). 25 M ratings: 13.5 GB, 3.1 ms at 4.3 TB/s without any hit.
// Versions: 1. batch_errors with start, size and scale as arguments. 2. this one: all three from `batch`, so that a graph can hold the launch.
// A warp a rating at any k would leave half of the lanes idle at k = 64.
#include "errors.cuh"

/// Predictions of pairs, a thread a pair: one chain of fused multiply-adds in the order of the factors, so the bits are those of score_items in
/// top_items.cu, whatever else is asked at the same time. A lane uses both halves of a 32-byte sector, one from L1.
extern "C" __global__ void predict(
    Global<const float> userFactors,
    Global<const float> itemFactors,
    int vectors,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float offset,
    Global<const int> users,
    Global<const int> items,
    long long count,
    Global<float> predictions) {
  const int group = 1;
  const Model model = MODEL;
  Prediction prediction(model);
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long pair = (long long)blockIdx.x * blockDim.x + threadIdx.x; pair < count; pair += threads) {
    int user = users[pair];
    int item = items[pair];
    float sum = partOfDot(rowOf(model.userFactors, user, vectors), rowOf(model.itemFactors, item, vectors), vectors, group, 0);
    predictions[pair] = prediction.of(sum, user, item);
  }
}

/// The sum of squared errors of ratings, predictions held within low..high: a double a block in `partials`.
extern "C" __global__ void squared_errors(
    MODEL_PARAMETERS,
    float low,
    float high,
    Global<const int> users,
    Global<const int> items,
    Global<const float> values,
    long long count,
    Global<double> partials) {
  const Model model = MODEL;
  squaredErrors(model, low, high, users, items, values, count, partials, [&](int user, int item, int lane, bool active) {
    return dotOfPair(model, user, item, lane, active);
  });
}

/// A batch's slopes, and the sums that errorsOfBatch leaves. Nothing once `stop` is set.
extern "C" __global__ void batch_errors(
    Global<const int> stop,
    Global<const Batch> batch,
    MODEL_PARAMETERS,
    Global<const int> users,
    Global<const int> items,
    Global<const float> values,
    Global<const float> weights,
    Global<float> slopes,
    Global<double> partials) {
  const Batch of = readNow(batch);
  if (!*stop) {
    errorsOfBatch(of, MODEL, Columns{users, items, values, weights}, slopes, partials);
  }
}
