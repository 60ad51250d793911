// What came of a batch, and of the epoch so far: the few numbers that leave the device.
//
//   totals = {ratings, sum of a e^2, loss, number of the batch that diverged, from 1, or 0}    as EpochTotals adds them up, in double
//   stop   = 1 once a batch's mean squared error is above the limit or not a number: the kernels after it do nothing
//
// Launch: one block of a multiple of 32 threads. Its tree of sums depends on the block size and the number of partials alone.
// Bytes: 8 a partial: nothing. A launch, a few microseconds, is its cost; a graph hides most of it.
#include "rows.cuh"

/// The sum of `count` partials, in thread 0.
__device__ double sumOf(Global<const double> partials, int count) {
  double sum = 0;
  for (int at = threadIdx.x; at < count; at += blockDim.x) {
    sum += partials[at];
  }
  return sumOverBlock(sum);
}

/// Adds a batch to the epoch's totals, and leaves the gradient {dw, db} of a Dense head, if there is one.
/// `partials` are those of batch_errors; `userSquares` and `itemSquares` partial sums of squares of the two tables, null without L2.
extern "C" __global__ void batch_totals(
    Global<int> stop,
    int size,
    long long batch,
    Global<double> totals,
    Global<const double> partials,
    int blocks,
    Global<const double> userSquares,
    Global<const double> itemSquares,
    int squaresBlocks,
    double l2,
    double lossLimit,
    Global<float> headGradient) {
  if (*stop) {
    return;
  }
  double squaredErrors = sumOf(partials, blocks);
  double kernelGradient = headGradient ? sumOf(partials + blocks, blocks) : 0;
  double biasGradient = headGradient ? sumOf(partials + 2 * blocks, blocks) : 0;
  double penalty = 0;
  if (userSquares) {
    penalty = l2 * sumOf(userSquares, squaresBlocks);
    penalty += l2 * sumOf(itemSquares, squaresBlocks);
  }
  __syncthreads();  // all threads have read stop
  if (threadIdx.x == 0) {
    totals[0] += size;
    totals[1] += squaredErrors;
    totals[2] += squaredErrors + size * penalty;
    if (!(squaredErrors / size <= lossLimit)) {  // true for NaN too
      totals[3] = (double)(batch + 1);
      *stop = 1;
    }
    if (headGradient) {
      headGradient[0] = (float)kernelGradient;
      headGradient[1] = (float)biasGradient;
    }
  }
}

/// The sum of partials, in the order of the tree above.
extern "C" __global__ void sum_partials(Global<const double> partials, int count, Global<double> sum) {
  double all = sumOf(partials, count);
  if (threadIdx.x == 0) {
    *sum = all;
  }
}
