// Adding up a batch; what the numbers are is in totals.cu. For the kernel there, and for small_batches.cu.
#pragma once

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
__device__ __forceinline__ void addBatch(
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
