// Keras' Adam at the cost of the batch: rows outside the batch rest, and are caught up before they are next read.
//
//   A row with m and v after step t of the epoch, where alpha_u is the rate of step u, stands s steps later, its gradient zero all along, at
//     m beta1^s,   v beta2^s,   w - m inverse (((r A_3 + A_2) r + A_1) r + A_0)         inverse = 1 / (sqrt(v) + epsilon), r = sqrt(v) inverse
//     A_n = sum over j = 1..s of  alpha_{t+j} beta1^j (1 - beta2^(j/2))^n
//   A_n is a binomial sum of differences of tails, T_i(t) - (beta1 beta2^(i/2))^s T_i(t+s), i = 0..3, which the host computes for each step of an
//   epoch; the derivation, and for which betas four terms are as good as a float, stands in AdamTails.java. Four doubles a row, then a pass over it.
//
//   catch_up_rows    the rows of a batch, both sides, before its errors.
//   catch_up_tables  all rows, at the end of an epoch, so that what leaves the training is current.
//   rested_numbers   what a table would be if it were caught up, put elsewhere: for who looks in the middle of an epoch, and changes no bit by it.
//
// Steps count from the beginning of the epoch: step b is batch b. steps[row] is the step after which the row's numbers are.
//
// Layout: rows.cuh. tails: 4 doubles a step, powers: 2. Launch: any grid, blocks of a multiple of 32 threads; two rows of blocks, users and items,
// a group of lanes a position of the index or a row. rested_numbers: a thread a number.
// Bytes: a row reads and writes w, m and v, 24 k, 8 of its step and 80 of tails, which hit L2. A step at k = 64 and batches of 8,192 that hold 6,000
// users and 3,700 items: 9,700 (1,536 + 112) = 16 MB here and 20 MB in adam_rows after it, which mostly hits L2: 36 MB and 8.3 us at 4.3 TB/s.
// Literally (adam_tables) it is 453 MB and 105 us for the 162,000 + 59,000 rows of ml-25m. A batch of 32: 0.2 MB, latencies alone. Once an epoch
// all rows: 340 MB, 79 us. On ml-1m (6,040 + 3,706 rows, 20 MB a step, in L2) batches of 8,192 hold about all rows, and Adam stays literal.
// Versions: 1. the batch's place and step as arguments of catch_up_rows. 2. all of it from `batch`, so that a graph can hold the launch;
//   on an H200 11.8 us for a batch of 8,192, and 136 us for one of 1,048,576, 54 % of a copy. 3. this one: a group's positions are neighbours, and a
//   warp passes over those where no row begins. Predicted: 136 us become 90 to 100. Measured: 140 us, and 99 us with twice the blocks that fit.
// Leaving m and v to adam_rows would save 2 of 14 streams, but a batch that diverges would leave m and v behind the weights.
#include "deferred_adam.cuh"

#define RESTING_PARAMETERS(of)                                                                                                          \
  Global<int> of##Steps, Global<float> of##Weights, Global<float> of##First, Global<float> of##Second, Global<float> of##Bias, \
      Global<float> of##BiasFirst, Global<float> of##BiasSecond
#define RESTING(of)                                                                                                              \
  RestingSide {                                                                                                                  \
    of##Steps, as4(of##Weights), as4(of##First), as4(of##Second), of##Bias, of##BiasFirst, of##BiasSecond                        \
  }

extern "C" __global__ void catch_up_rows(
    Global<const int> stop, Global<const Batch> batch, Global<const int> sortedUsers, Global<const int> sortedItems,
    RESTING_PARAMETERS(user), RESTING_PARAMETERS(item), int vectors, int group, TAILS_PARAMETERS) {
  const Batch of = readNow(batch);
  if (*stop) {
    return;
  }
  bool ofUsers = blockIdx.y == 0;
  const RestingSide users = RESTING(user);
  const RestingSide items = RESTING(item);
  catchUpRows(ofUsers ? sortedUsers : sortedItems, of.start, of.size, (int)of.number, choose(ofUsers, users, items), TAILS, vectors, group);
}

extern "C" __global__ void catch_up_tables(
    Global<const int> stop, int step, long long users, long long items, RESTING_PARAMETERS(user), RESTING_PARAMETERS(item), int vectors,
    int group, TAILS_PARAMETERS) {
  if (*stop) {
    return;
  }
  bool ofUsers = blockIdx.y == 0;
  long long rows = ofUsers ? users : items;
  const RestingSide ofUser = RESTING(user);
  const RestingSide ofItem = RESTING(item);
  const RestingSide side = choose(ofUsers, ofUser, ofItem);
  Group groups(group);
  for (long long first = groups.first(); first < rows; first += groups.count()) {
    long long row = first + groups.inBlock;
    bool active = row < rows;
    catchUpRow(side, active ? row : 0, step, step, TAILS, vectors, group, groups.lane, active);
  }
}

/// `which`: 0 for the weights, 1 and 2 for m and v. A row has `stride` numbers.
extern "C" __global__ void rested_numbers(
    int step, int which, Global<const int> steps, long long rows, int stride, Global<const float> weights, Global<const float> first,
    Global<const float> second, TAILS_PARAMETERS, Global<float> rested) {
  long long numbers = rows * stride;
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < numbers; at += threads) {
    float w = weights[at];
    float m = first[at];
    float v = second[at];
    int last = steps[at / stride];
    if (last < step) {
      TAILS.between(last, step).move(w, m, v);
    }
    rested[at] = which == 0 ? w : which == 1 ? m : v;
  }
}
