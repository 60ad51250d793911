// Steps on batches of a few thousand floats, which are bound by launches: many of them, or all but the moves of one, in one block.
//
// A batch of 32 at k = 64 is eight launches of 2 to 3 us each, about 20 us, for 16 KB of rows a side. Predicted for an H200, before any
// was at hand:
//
//   launches, one after the other            8 to 9 of 2.5 us                                                         20 to 23 us a batch
//   the same as a graph                      8 to 9 nodes of 1 to 1.3 us                                               9 to 12 us
//   a cooperative grid                       4 barriers of 1.2 us, and the latencies below                             7 to 8 us
//   one block (this file)                    4 barriers of 0.05 us; 13 dependent loads of 0.2 us from L2 (0.5 from HBM)  3 to 5 us
//
// One block wins as long as its threads hold the batch: it has 512, a rating takes `group` of them, and each further turn adds some 2 us of
// latency. So it is for up to four turns, 2,048 lanes: batches of 128 at k = 64, of 512 at k = 16. A block moves some 100 GB/s, so a whole
// table (20 MB of Keras' Adam on ml-1m, a batch) stays with the launches that fill the device: `small_gradients` does the first five launches
// of such a step in one, and *_tables all the moves: 2 launches, 5 us and the moves of the tables.
//
//   *_batches          batches first, first + 1, ... of a window: errors, totals, gradients and moves of the batch's rows. The learning rates come from
//                      a table, 4 bytes a batch, the only thing that is copied.
//   small_gradients    errors, totals and gradients of one batch.
//
// The code is that of the kernels that are launched one by one (errors.cuh, totals.cuh, gradients.cuh, moves.cuh), and sums depend on the number of
// blocks and threads alone: with one block of as many threads as here those kernels compute the same bits.
//
// Launch: one block of a multiple of 32 threads, at most 512. Between phases the block waits; what its threads write they see.
// Bytes: those of the phases; all but the first touch of a row comes from L2.
// Versions: 1. this one.
#include "errors.cuh"
#include "gradients.cuh"
#include "moves.cuh"
#include "totals.cuh"

constexpr int MOST_THREADS = 512;

/// What does not change from batch to batch. Pointers that a model or an optimizer does not have are null.
struct Step {
  Global<int> stop;
  int batchSize;
  Global<const int> users;
  Global<const int> items;
  Global<const float> values;
  Global<const float> ratingWeights;
  Global<float> slopes;
  Global<const int> sortedUsers;
  Global<const int> userPositions;
  Global<const int> sortedItems;
  Global<const int> itemPositions;
  int vectors;
  int group;
  float offset;
  float regularization;
  float biasRegularization;
  double lossLimit;
  Global<double> totals;
  Global<double> partials;
  Global<const double> userSquares;
  Global<const double> itemSquares;
  int squaresBlocks;
  double l2;
  Global<float> userFactors;
  Global<float> itemFactors;
  Global<float> userBias;
  Global<float> itemBias;
  Global<float> head;
  Global<float> userGradient;
  Global<float> itemGradient;
  Global<float> userBiasGradient;
  Global<float> itemBiasGradient;
  Global<float> headGradient;

  /// Errors, totals and gradients; false once a batch has diverged. Every thread of the block must call it.
  __device__ __forceinline__ bool gradients(int start, int size, long long batch) const {
    float scale = __fdiv_rn(2.0f, (float)size);
    errorsOfBatch(
        start, size, scale, userFactors, itemFactors, vectors, group, userBias, itemBias, head, offset, users, items, values, ratingWeights,
        slopes, partials);
    __syncthreads();
    addBatch(stop, size, batch, totals, partials, 1, userSquares, itemSquares, squaresBlocks, l2, lossLimit, headGradient);
    __syncthreads();
    if (*stop) {
      return false;
    }
    gradientOfRows(
        start, size, scale, sortedUsers, userPositions, items, slopes, userFactors, itemFactors, vectors, group, userBias, head,
        regularization, biasRegularization, userGradient, userBiasGradient);
    gradientOfRows(
        start, size, scale, sortedItems, itemPositions, users, slopes, itemFactors, userFactors, vectors, group, itemBias, head,
        regularization, biasRegularization, itemGradient, itemBiasGradient);
    return true;
  }
};

/// The optimizer's numbers of each table.
struct Slots {
  Global<float> user;
  Global<float> item;
  Global<float> userBias;
  Global<float> itemBias;
  Global<float> head;
};

/// Moves the rows of factors by a rule that has numbers for each weight.
template <class R>
struct Elementwise {
  using Rule = R;
  __device__ static void move(
      Global<const int> sortedRows, int start, int size, Global<float> weights, Global<float> first, Global<float> second,
      Global<float> gradient, int vectors, int, int group, Rate rate) {
    moveRows<R>(sortedRows, start, size, weights, first, second, gradient, vectors, group, 0, rate);
  }
};

/// Moves the rows of factors by AdaGrad with one number a row.
struct ByRow {
  using Rule = AdaGrad;
  __device__ static void move(
      Global<const int> sortedRows, int start, int size, Global<float> weights, Global<float> first, Global<float>, Global<float> gradient,
      int vectors, int k, int group, Rate rate) {
    moveRowsByOne(sortedRows, start, size, rate.rate, weights, first, gradient, vectors, k, group, 0, rate.epsilon);
  }
};

/// `count` positions from `start` on: whole batches, but for the last one of an epoch.
template <class Factors>
__device__ __forceinline__ void trainBatches(
    const Step& step, int start, int count, long long firstBatch, Global<const float> rates, const Slots& first, const Slots& second, int k,
    float a, float b, float epsilon) {
  using Rule = typename Factors::Rule;
  if (*step.stop) {
    return;
  }
  for (int batch = 0; batch * (long long)step.batchSize < count; batch++) {
    int at = start + batch * step.batchSize;
    int left = start + count - at;
    int size = left < step.batchSize ? left : step.batchSize;
    if (!step.gradients(at, size, firstBatch + batch)) {
      return;
    }
    Rate rate{rates[batch], a, b, epsilon};
    __syncthreads();
    Factors::move(
        step.sortedUsers, at, size, step.userFactors, first.user, second.user, step.userGradient, step.vectors, k, step.group, rate);
    Factors::move(
        step.sortedItems, at, size, step.itemFactors, first.item, second.item, step.itemGradient, step.vectors, k, step.group, rate);
    if (step.head) {
      moveTable<Rule>(step.head, first.head, second.head, step.headGradient, 1, 0, rate, nullptr, 0, 1);
    } else {
      moveElements<Rule>(step.sortedUsers, at, size, step.userBias, first.userBias, second.userBias, step.userBiasGradient, rate);
      moveElements<Rule>(step.sortedItems, at, size, step.itemBias, first.itemBias, second.itemBias, step.itemBiasGradient, rate);
    }
    __syncthreads();
  }
}

#define STEP_PARAMETERS                                                                                                                        \
  Global<int> stop, int batchSize, Global<const int> users, Global<const int> items, Global<const float> values,                               \
      Global<const float> ratingWeights, Global<float> slopes, Global<const int> sortedUsers, Global<const int> userPositions,                 \
      Global<const int> sortedItems, Global<const int> itemPositions, int vectors, int group, float offset, float regularization,              \
      float biasRegularization, double lossLimit, Global<double> totals, Global<double> partials, Global<const double> userSquares,            \
      Global<const double> itemSquares, int squaresBlocks, double l2, Global<float> userFactors, Global<float> itemFactors,                    \
      Global<float> userBias, Global<float> itemBias, Global<float> head, Global<float> userGradient, Global<float> itemGradient,              \
      Global<float> userBiasGradient, Global<float> itemBiasGradient, Global<float> headGradient

#define STEP                                                                                                                                   \
  Step {                                                                                                                                       \
    stop, batchSize, users, items, values, ratingWeights, slopes, sortedUsers, userPositions, sortedItems, itemPositions, vectors, group,      \
        offset, regularization, biasRegularization, lossLimit, totals, partials, userSquares, itemSquares, squaresBlocks, l2, userFactors,     \
        itemFactors, userBias, itemBias, head, userGradient, itemGradient, userBiasGradient, itemBiasGradient, headGradient                    \
  }

/// One batch up to its gradients: `size` positions from `start` on.
extern "C" __global__ void __launch_bounds__(MOST_THREADS, 1) small_gradients(int start, int size, long long batch, STEP_PARAMETERS) {
  if (!*stop) {
    STEP.gradients(start, size, batch);
  }
}

#define BATCHES(name, Factors)                                                                                                                 \
  extern "C" __global__ void __launch_bounds__(MOST_THREADS, 1) name##_batches(                                                                   \
      int start, int count, long long firstBatch, STEP_PARAMETERS, Global<const float> rates, Global<float> user1, Global<float> item1,        \
      Global<float> userBias1, Global<float> itemBias1, Global<float> head1, Global<float> user2, Global<float> item2,                         \
      Global<float> userBias2, Global<float> itemBias2, Global<float> head2, int k, float a, float b, float epsilon) {                         \
    trainBatches<Factors>(                                                                                                                     \
        STEP, start, count, firstBatch, rates, Slots{user1, item1, userBias1, itemBias1, head1},                                               \
        Slots{user2, item2, userBias2, itemBias2, head2}, k, a, b, epsilon);                                                                   \
  }

BATCHES(adam, Elementwise<Adam>)
BATCHES(sgd, Elementwise<Sgd>)
BATCHES(adagrad, Elementwise<AdaGrad>)
BATCHES(adagrad_row, ByRow)
