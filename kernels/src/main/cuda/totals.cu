// What came of a batch, and of the epoch so far: the few numbers that leave the device.
//
//   totals = {ratings, sum of a e^2, loss, number of the batch that diverged, from 1, or 0}    as EpochTotals adds them up, in double
//   stop   = 1 once a batch's mean squared error is above the limit or not a number: the kernels after it do nothing
//
// Launch: one block of a multiple of 32 threads. Its tree of sums depends on the block size and the number of partials alone.
// Bytes: 8 a partial: nothing. A launch is its cost, 5.4 us from Java on an H200; as a node of a graph 0.75 us and its latencies.
// Versions: 1. `size` and the batch's number as arguments. 2. both from `batch`, so that a graph can hold the launch.
#include "totals.cuh"

/// Adds a batch to the epoch's totals, and leaves the gradient {dw, db} of a Dense head, if there is one.
/// `partials` are those of batch_errors; `userSquares` and `itemSquares` partial sums of squares of the two tables, null without L2.
extern "C" __global__ void batch_totals(
    Global<int> stop,
    Global<const Batch> batch,
    Global<double> totals,
    Global<const double> partials,
    int blocks,
    Global<const double> userSquares,
    Global<const double> itemSquares,
    int squaresBlocks,
    double l2,
    double lossLimit,
    Global<float> headGradient) {
  const Batch of = readNow(batch);
  if (!*stop) {
    addBatch(stop, of.size, of.number, totals, partials, blocks, userSquares, itemSquares, squaresBlocks, l2, lossLimit, headGradient);
  }
}

/// The sum of partials, in the order of the tree above.
extern "C" __global__ void sum_partials(Global<const double> partials, int count, Global<double> sum) {
  double all = sumOf(partials, count);
  if (threadIdx.x == 0) {
    *sum = all;
  }
}

/// Adds the rounds of a launch of rounds.cuh to the epoch's totals, in their order; `batch` is the number of the first. `squaredErrors` has
/// `blocksOfRound` numbers a round; `sums` is memory for one a round.
extern "C" __global__ void add_rounds(
    Global<int> stop,
    long long batch,
    int rounds,
    Global<const long long> ratingsOfRounds,
    Global<const double> squaredErrors,
    int blocksOfRound,
    Global<double> sums,
    Global<double> totals,
    double lossLimit) {
  if (*stop) {
    return;
  }
  Group warps(WARP);
  for (int round = warps.inBlock; round < rounds; round += warps.perBlock) {
    double sum = 0;
    for (int number = warps.lane; number < blocksOfRound; number += WARP) {
      sum += squaredErrors[(long long)round * blocksOfRound + number];
    }
    sum = sumOverGroup(sum, WARP);
    if (warps.lane == 0) {
      sums[round] = sum;
    }
  }
  __syncthreads();
  if (threadIdx.x > 0) {
    return;
  }
  for (int round = 0; round < rounds; round++) {
    double ratings = (double)ratingsOfRounds[round];
    totals[0] += ratings;
    totals[1] += sums[round];
    totals[2] += sums[round];
    if (ratings > 0 && !(sums[round] / ratings <= lossLimit)) {  // true for NaN too; some rounds have no ratings
      totals[3] = (double)(batch + round + 1);
      *stop = 1;
      return;
    }
  }
}
