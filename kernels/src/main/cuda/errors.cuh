// The errors of a batch; math, layout and bytes in predictions.cu. For the kernel there, and for small_batches.cu.
#pragma once

#include "rows.cuh"

/// What a model adds to a dot product, and with what it multiplies it.
struct Prediction {
  Global<const float> userBias;
  Global<const float> itemBias;
  Global<const float> head;
  float kernel;
  float constant;

  __device__ Prediction(Global<const float> userBias, Global<const float> itemBias, Global<const float> head, float offset)
      : userBias(userBias), itemBias(itemBias), head(head), kernel(1), constant(offset) {
    if (head) {
      kernel = head[0];
      constant = offset + head[1];
    }
  }

  __device__ float of(float dot, int user, int item) const {
    return head ? fmaf(kernel, dot, constant) : dot + (constant + userBias[user] + itemBias[item]);
  }
};

/// The dot product of a user's and an item's row, in every lane of the group. Every lane of the warp must call it.
__device__ __forceinline__ float dotOfPair(
    Global<const float4> userFactors, Global<const float4> itemFactors, int user, int item, int vectors, int group, int lane, bool active) {
  float part = 0;
  if (active) {
    part = partOfDot(rowOf(userFactors, user, vectors), rowOf(itemFactors, item, vectors), vectors, group, lane);
  }
  return sumOverGroup(part, group);
}

/// The slopes of a batch, positions start .. start + size - 1 of its columns; and of each block the sums of a e^2, of slope (p . q)
/// and of slope, in partials[block], [blocks + block] and [2 blocks + block].
__device__ __forceinline__ void errorsOfBatch(
    int start,
    int size,
    float scale,
    Global<const float> userFactors,
    Global<const float> itemFactors,
    int vectors,
    int group,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float offset,
    Global<const int> users,
    Global<const int> items,
    Global<const float> values,
    Global<const float> weights,  // null where every weight is 1
    Global<float> slopes,
    Global<double> partials) {
  Group groups(group);
  Prediction prediction(userBias, itemBias, head, offset);
  double squaredErrors = 0;
  double kernelGradient = 0;
  double biasGradient = 0;
  for (long long first = groups.first(); first < size; first += groups.count()) {
    long long at = start + first + groups.inBlock;
    bool active = first + groups.inBlock < size;
    int user = active ? users[at] : 0;
    int item = active ? items[at] : 0;
    float dot = dotOfPair(as4(userFactors), as4(itemFactors), user, item, vectors, group, groups.lane, active);
    if (active && groups.lane == 0) {
      float error = prediction.of(dot, user, item) - values[at];
      float weighted = weights ? weights[at] * error : error;
      float slope = scale * weighted;
      slopes[at] = slope;
      squaredErrors += (double)weighted * error;
      kernelGradient += (double)slope * dot;
      biasGradient += slope;
    }
  }
  squaredErrors = sumOverBlock(squaredErrors);
  kernelGradient = sumOverBlock(kernelGradient);
  biasGradient = sumOverBlock(biasGradient);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = squaredErrors;
    partials[gridDim.x + blockIdx.x] = kernelGradient;
    partials[2 * gridDim.x + blockIdx.x] = biasGradient;
  }
}
