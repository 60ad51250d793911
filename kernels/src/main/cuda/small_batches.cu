// Steps on batches of a few thousand floats, which are bound by launches: many of them, or all but the moves of one, in one block.
//
// A batch of 32 at k = 64 is eight to ten launches, for 16 KB of rows a side. A launch costs 5.4 us from Java on an H200, and a node of a graph
// 0.75 us beside its kernel's own time, as measured. By prediction, but for the first line, which was measured at batches of 8,192:
//
//   launches, one after the other            9 to 10 of 5.4 us                                                        53 us a batch
//   the same as a graph                      9 to 10 nodes of 0.75 us, and latencies of 1 to 2 us each                 15 to 25 us
//   a cooperative grid                       4 barriers of 1.2 us, and the latencies below                             7 to 8 us
//   one block (this file)                    4 barriers of 0.05 us; 13 dependent loads of 0.2 us from L2 (0.5 from HBM)  3 to 5 us
//
// One block wins as long as its threads hold the batch: it has 512, a rating takes `group` of them, and each further turn adds some 2 us of
// latency. So it is for up to four turns, 2,048 lanes: batches of 128 at k = 64, of 512 at k = 16. A block moves some 100 GB/s, so a whole
// table (20 MB of Keras' Adam on ml-1m, a batch) stays with the launches that fill the device: `small_gradients` does the first five launches
// of such a step in one, and *_tables all the moves: 2 launches, 5 us and the moves of the tables.
//
//   *_batches          batches first, first + 1, ... of a window: errors, totals, gradients and moves of the batch's rows. The learning rates come from
//                      a table, 4 bytes a batch, the only thing that is copied. deferred_adam_batches catches the batch's rows up before its errors.
//   small_gradients    errors, totals and gradients of one batch.
//
// The code is that of the kernels that are launched one by one (deferred_adam.cuh, errors.cuh, totals.cuh, gradients.cuh, moves.cuh), and sums depend
// on the number of blocks and threads alone: with one block of as many threads as here those kernels compute the same bits.
//
// Launch: one block of a multiple of 32 threads, at most 512. Between phases the block waits; what its threads write they see.
// Bytes: those of the phases; all but the first touch of a row comes from L2.
// Versions: 1. without deferred_adam_batches, so that a batch of Adam was two launches and whole tables. 2. this one.
#include "deferred_adam.cuh"
#include "errors.cuh"
#include "gradients.cuh"
#include "moves.cuh"
#include "totals.cuh"

constexpr int MOST_THREADS = 512;

/// What does not change from batch to batch. Pointers that a model or an optimizer does not have are null.
struct Step {
  Global<int> stop;
  int batchSize;
  Columns columns;
  Global<float> slopesOfBatch;  // which `slopes` reads
  Model model;
  Slopes slopes;
  Side users;
  Side items;
  double lossLimit;
  Global<double> totals;
  Global<double> partials;
  Global<const double> userSquares;
  Global<const double> itemSquares;
  int squaresBlocks;
  double l2;
  Global<float> headGradient;

  /// Errors, totals and gradients; false once a batch has diverged. Every thread of the block must call it.
  __device__ __forceinline__ bool gradients(const Batch& batch) const {
    errorsOfBatch(batch, model, columns, slopesOfBatch, partials);
    __syncthreads();
    addBatch(stop, batch.size, batch.number, totals, partials, 1, userSquares, itemSquares, squaresBlocks, l2, lossLimit, headGradient);
    __syncthreads();
    if (*stop) {
      return false;
    }
#pragma unroll 1  // both sides by the same instructions
    for (int side = 0; side < 2; side++) {
      sumsOfPieces(batch, choose(side == 0, users, items), choose(side == 0, items, users), slopes);
    }
    if (batch.size > CHUNK) {
      __syncthreads();
#pragma unroll 1
      for (int side = 0; side < 2; side++) {
        carriedSums(batch, choose(side == 0, users, items), slopes);
      }
    }
    return true;
  }
};

/// The weights that a step moves, along their gradients.
struct Weights {
  Global<float> user;
  Global<float> item;
  Global<float> userBias;
  Global<float> itemBias;
  Global<float> head;
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

/// Rows that move in every step, or stay where they are.
struct NoRest {
  __device__ void catchUp(const Step&, int, int, int) const {}
};

/// Rows that are caught up before the errors of their batch, whose number is their step.
struct Resting {
  RestingSide users;
  RestingSide items;
  Tails tails;

  __device__ __forceinline__ void catchUp(const Step& step, int start, int size, int batch) const {
#pragma unroll 1
    for (int side = 0; side < 2; side++) {
      catchUpRows(
          side == 0 ? step.users.sortedRows : step.items.sortedRows, start, size, batch, choose(side == 0, users, items), tails,
          step.model.vectors, step.model.group);
    }
    __syncthreads();
  }
};

/// `count` positions from `start` on: whole batches, but for the last one of an epoch.
template <class Factors, class Rest>
__device__ __forceinline__ void trainBatches(
    const Step& step, int start, int count, long long firstBatch, Global<const float> rates, const Weights& weights, const Weights& gradients,
    const Weights& first, const Weights& second, int k, float a, float b, float epsilon, const Rest& rest) {
  using Rule = typename Factors::Rule;
  if (*step.stop) {
    return;
  }
  Global<const int> sortedUsers = step.users.sortedRows;
  Global<const int> sortedItems = step.items.sortedRows;
  int vectors = step.model.vectors;
  int group = step.model.group;
  for (int batch = 0; batch * (long long)step.batchSize < count; batch++) {
    int at = start + batch * step.batchSize;
    int left = start + count - at;
    int size = left < step.batchSize ? left : step.batchSize;
    rest.catchUp(step, at, size, (int)firstBatch + batch);
    if (!step.gradients(Batch{firstBatch + batch, at, size, __fdiv_rn(2.0f, (float)size), 0})) {
      return;
    }
    Rate rate{rates[batch], a, b, epsilon};
    __syncthreads();
    Factors::move(sortedUsers, at, size, weights.user, first.user, second.user, gradients.user, vectors, k, group, rate);
    Factors::move(sortedItems, at, size, weights.item, first.item, second.item, gradients.item, vectors, k, group, rate);
    if (weights.head) {
      moveTable<Rule>(weights.head, first.head, second.head, gradients.head, 1, 0, rate, nullptr, 0, 1);
    } else {
      moveElements<Rule>(sortedUsers, at, size, weights.userBias, first.userBias, second.userBias, gradients.userBias, rate);
      moveElements<Rule>(sortedItems, at, size, weights.itemBias, first.itemBias, second.itemBias, gradients.itemBias, rate);
    }
    __syncthreads();
  }
}

#define WEIGHTS_PARAMETERS(of)                                                                                                                 \
  Global<float> user##of, Global<float> item##of, Global<float> userBias##of, Global<float> itemBias##of, Global<float> head##of
#define WEIGHTS(of) \
  Weights { user##of, item##of, userBias##of, itemBias##of, head##of }

#define STEP_PARAMETERS                                                                                                                        \
  Global<int> stop, int batchSize, Global<const int> users, Global<const int> items, Global<const float> values,                               \
      Global<const float> ratingWeights, Global<float> slopes, Global<const int> sortedUsers, Global<const int> userPositions,                 \
      Global<float4> userCarried, Global<const int> sortedItems, Global<const int> itemPositions, Global<float4> itemCarried, int vectors,      \
      int group, float offset, float regularization, float biasRegularization, double lossLimit, Global<double> totals,                        \
      Global<double> partials, Global<const double> userSquares, Global<const double> itemSquares, int squaresBlocks, double l2,               \
      WEIGHTS_PARAMETERS(Weights), WEIGHTS_PARAMETERS(Gradient)

#define STEP                                                                                                                                   \
  Step {                                                                                                                                       \
    stop, batchSize, Columns{users, items, values, ratingWeights}, slopes,                                                                     \
        Model{as4(userWeights), as4(itemWeights), vectors, group, userBiasWeights, itemBiasWeights, headWeights, offset},                      \
        Slopes{slopes, vectors, group, headWeights, regularization, biasRegularization},                                                       \
        Side{sortedUsers, userPositions, users, as4(userWeights), userBiasWeights, as4(userGradient), userBiasGradient, userCarried},          \
        Side{sortedItems, itemPositions, items, as4(itemWeights), itemBiasWeights, as4(itemGradient), itemBiasGradient, itemCarried},          \
        lossLimit, totals, partials, userSquares, itemSquares, squaresBlocks, l2, headGradient                                                 \
  }

/// One batch up to its gradients.
extern "C" __global__ void __launch_bounds__(MOST_THREADS, 1) small_gradients(Global<const Batch> batch, STEP_PARAMETERS) {
  const Batch of = readNow(batch);
  if (!*stop) {
    const Step step = STEP;
    step.gradients(of);
  }
}

#define BATCHES_PARAMETERS                                                                                                                     \
  int start, int count, long long firstBatch, STEP_PARAMETERS, Global<const float> rates, WEIGHTS_PARAMETERS(First),                           \
      WEIGHTS_PARAMETERS(Second), int k, float a, float b, float epsilon

#define TRAIN_BATCHES(Factors, rest)                                                                                                           \
  trainBatches<Factors>(                                                                                                                       \
      STEP, start, count, firstBatch, rates, WEIGHTS(Weights), WEIGHTS(Gradient), WEIGHTS(First), WEIGHTS(Second), k, a, b, epsilon, rest)

#define BATCHES(name, Factors)                                                                                                                 \
  extern "C" __global__ void __launch_bounds__(MOST_THREADS, 1) name##_batches(BATCHES_PARAMETERS) { TRAIN_BATCHES(Factors, NoRest{}); }

BATCHES(adam, Elementwise<Adam>)
BATCHES(sgd, Elementwise<Sgd>)
BATCHES(adagrad, Elementwise<AdaGrad>)
BATCHES(adagrad_row, ByRow)

/// Keras' Adam where rows rest.
extern "C" __global__ void __launch_bounds__(MOST_THREADS, 1) deferred_adam_batches(
    BATCHES_PARAMETERS, Global<int> userSteps, Global<int> itemSteps, Global<const double> tails, Global<const double> powers) {
  const Resting resting{
      RestingSide{userSteps, as4(userWeights), as4(userFirst), as4(userSecond), userBiasWeights, userBiasFirst, userBiasSecond},
      RestingSide{itemSteps, as4(itemWeights), as4(itemFirst), as4(itemSecond), itemBiasWeights, itemBiasFirst, itemBiasSecond}, TAILS};
  TRAIN_BATCHES(Elementwise<Adam>, resting);
}
