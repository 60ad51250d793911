// The gradient of a batch, of users by their items and of items by their users.
//
//   gradient[row] = sum over the row's ratings of  slope w other_row  +  regularization scale count row
//   biasGradient[row] = sum of slope  +  biasRegularization scale count bias
//
// with w = 1 without a Dense head, scale = 2 / n of a batch of n, count the row's ratings in the batch. All of it from the weights before
// the step: both sides' gradients come before either side's move.
//
// gradient_rows sums in the order of the batch, from the index of batch_index.cu, 32 ratings at a time or more (gradients.cuh); gradient_sums adds
// those sums up where a row has several, in their order. Where a sum is cut depends on the batch alone: the same bits in every run and for
// every launch shape, and no clearing. gradient_atomic adds each rating to both rows with float atomics: no index is needed, and sums depend on
// which warp comes first.
//
// Layout: rows.cuh. Launch: any grid, blocks of a multiple of 32 threads; gradient_rows and gradient_sums in two rows of blocks, users and items.
// A group of lanes a position of the index (those that start a piece do its work, the others have none), a chunk, or a rating.
// Bytes, gradient_rows: a rating reads its other row, 4 k, and 12 of index and slope; a distinct row reads and writes 4 k: at k = 64, 6,000 and
// 3,700 rows and batches of 8,192 about 8,192 (268 + 2 * 0.5 * 512) = 4.3 MB a side, 1 us from HBM, less from L2, under the cost of a launch.
// gradient_sums: a row of 4 k + 16 for each chunk where a row goes on, at most 255 and 70 KB a side: a launch. Batches of more than 524,288 have
// longer chunks, so that there are at most 16,384: 4.5 MB a side at k = 64.
// gradient_atomic: a rating reads both rows and adds to two, 16 k and as many atomics: L2 does one 32-byte sector a clock and slice.
// Versions:
//   1. A row's ratings all in one group's loop, a side a launch. Its loads depend on each other, about 0.5 us a rating by prediction: a movie with
//      400 of 131,072 ratings holds a batch up for 200 us.
//   2. Pieces of 32 with four ratings' loads in flight: 8 x 0.5 us and the loads of 13 sums, some 6 us for that movie, by prediction.
//      Both sides share a launch, so that there are as many as before.
//   3. The same with start, size and scale from `batch`: a graph holds both launches, at 0.75 us a node in place of 5.4 us a launch. Measured on
//      an H200: 13.1 us for a batch of 8,192, and 3.9 ms for one of 1,048,576, 4 % of its floor: groups went over positions in strides of 16,896,
//      66 chunks of 256, so that 66 groups had all pieces that begin with a chunk, 62 each, and those are the long ones.
//   4. A group has neighbouring positions (Span in rows.cuh), at most one chunk's beginning. Predicted for 1,048,576: 0.2 to 0.3 ms, the
//      bytes' 0.16 and a piece of 256 (64 x 0.5 us) that comes last. Measured: 0.37 ms.
//   5. This one: 16,384 chunks of 64 there, twice the blocks that fit, so that some follow where others end early, and ends of rows in steps that
//      double: gradient_sums had looked at one position, and one chunk, after the other. Predicted: 0.18 ms and 35 us become 18. Measured: 0.29 ms and
//      25 us; with as many blocks as fit 0.32 ms, with eight times as many 0.34 ms. For 131,072 60 us, 66 with twice as
//      many, and 85 with eight times.
#include "gradients.cuh"

/// The sums of each piece of a row; whole gradients where a row has one. blockIdx.y: 0 for users, 1 for items.
extern "C" __global__ void gradient_rows(
    Global<const int> stop, Global<const Batch> batch, SIDE_PARAMETERS(user), SIDE_PARAMETERS(item), SLOPES_PARAMETERS) {
  const Batch of = readNow(batch);
  if (*stop) {
    return;
  }
  const Side users = SIDE(user);
  const Side items = SIDE(item);
  bool ofUsers = blockIdx.y == 0;
  sumsOfPieces(of, choose(ofUsers, users, items), choose(ofUsers, items, users), SLOPES);
}

/// The gradients of rows that have several pieces, after gradient_rows.
extern "C" __global__ void gradient_sums(
    Global<const int> stop, Global<const Batch> batch, SIDE_PARAMETERS(user), SIDE_PARAMETERS(item), SLOPES_PARAMETERS) {
  const Batch of = readNow(batch);
  if (*stop) {
    return;
  }
  const Side users = SIDE(user);
  const Side items = SIDE(item);
  carriedSums(of, choose(blockIdx.y == 0, users, items), SLOPES);
}

__device__ __forceinline__ void add(float* sum, float4 x) {
  atomicAdd(sum, x.x);
  atomicAdd(sum + 1, x.y);
  atomicAdd(sum + 2, x.z);
  atomicAdd(sum + 3, x.w);
}

/// Both sides at once; the gradients must be zero before. Which bits the sums have depends on the order of the atomics.
extern "C" __global__ void gradient_atomic(
    Global<const int> stop,
    Global<const Batch> batch,
    Global<const int> users,
    Global<const int> items,
    Global<const float> slopes,
    Global<const float> userFactors,
    Global<const float> itemFactors,
    int vectors,
    int group,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float regularization,
    float biasRegularization,
    Global<float> userGradient,
    Global<float> itemGradient,
    Global<float> userBiasGradient,
    Global<float> itemBiasGradient) {
  const Batch of = readNow(batch);
  if (*stop) {
    return;
  }
  Group groups(group);
  float kernel = head ? head[0] : 1;
  float shrink = regularization * of.scale;
  for (long long first = groups.first(); first < of.size; first += groups.count()) {
    if (first + groups.inBlock >= of.size) {
      continue;
    }
    long long at = of.start + first + groups.inBlock;
    int user = users[at];
    int item = items[at];
    float slope = slopes[at];
    Global<const float4> p = rowOf(as4(userFactors), user, vectors);
    Global<const float4> q = rowOf(as4(itemFactors), item, vectors);
    for (int vector = groups.lane; vector < vectors; vector += group) {
      float4 zero = make_float4(0, 0, 0, 0);
      add(&userGradient[((long long)user * vectors + vector) * 4], addScaled(addScaled(zero, shrink, p[vector]), slope * kernel, q[vector]));
      add(&itemGradient[((long long)item * vectors + vector) * 4], addScaled(addScaled(zero, shrink, q[vector]), slope * kernel, p[vector]));
    }
    if (userBias && groups.lane == 0) {
      atomicAdd(&userBiasGradient[user], fmaf(biasRegularization * of.scale, userBias[user], slope));
      atomicAdd(&itemBiasGradient[item], fmaf(biasRegularization * of.scale, itemBias[item], slope));
    }
  }
}
