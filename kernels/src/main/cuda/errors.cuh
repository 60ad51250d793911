// The errors of a batch, and those of held-out ratings; math, layout and bytes in predictions.cu. For the kernels there, and for small_batches.cu
// and halves.cu.
#pragma once

#include "batch.cuh"

/// What a model makes of a dot product.
struct Prediction {
  const Model& model;
  float kernel = 1;
  float constant;

  __device__ explicit Prediction(const Model& model) : model(model), constant(model.offset) {
    if (model.head) {
      kernel = model.head[0];
      constant += model.head[1];
    }
  }

  __device__ float of(float dot, int user, int item) const {
    return model.head ? fmaf(kernel, dot, constant) : dot + (constant + model.userBias[user] + model.itemBias[item]);
  }
};

/// The dot product of a user's and an item's row, in every lane of the group. Every lane of the warp must call it.
__device__ __forceinline__ float dotOfPair(const Model& model, int user, int item, int lane, bool active) {
  float part = 0;
  if (active) {
    part = partOfDot(
        rowOf(model.userFactors, user, model.vectors), rowOf(model.itemFactors, item, model.vectors), model.vectors, model.group, lane);
  }
  return sumOverGroup(part, model.group);
}

/// The slopes of a batch; and of each block the sums of a e^2, of slope (p . q) and of slope, in partials[block], [blocks + block]
/// and [2 blocks + block].
__device__ __forceinline__ void errorsOfBatch(
    const Batch& batch, const Model& model, const Columns& columns, Global<float> slopes, Global<double> partials) {
  Group groups(model.group);
  Prediction prediction(model);
  double squaredErrors = 0;
  double kernelGradient = 0;
  double biasGradient = 0;
  for (long long first = groups.first(); first < batch.size; first += groups.count()) {
    long long at = batch.start + first + groups.inBlock;
    bool active = first + groups.inBlock < batch.size;
    int user = active ? columns.users[at] : 0;
    int item = active ? columns.items[at] : 0;
    float dot = dotOfPair(model, user, item, groups.lane, active);
    if (active && groups.lane == 0) {
      float error = prediction.of(dot, user, item) - columns.values[at];
      float weighted = columns.weights ? columns.weights[at] * error : error;
      float slope = batch.scale * weighted;
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

/// The sum of squared errors of ratings, predictions held within low..high: a double a block in `partials`. dotOf(user, item, lane, active) is the
/// dot product of the two rows, in every lane of the group; every lane of the warp calls it.
template <class Dot>
__device__ __forceinline__ void squaredErrors(
    const Model& model, float low, float high, Global<const int> users, Global<const int> items, Global<const float> values,
    long long count, Global<double> partials, Dot dotOf) {
  Group groups(model.group);
  Prediction prediction(model);
  double sum = 0;
  for (long long first = groups.first(); first < count; first += groups.count()) {
    long long rating = first + groups.inBlock;
    bool active = rating < count;
    int user = active ? users[rating] : 0;
    int item = active ? items[rating] : 0;
    float dot = dotOf(user, item, groups.lane, active);
    if (active && groups.lane == 0) {
      double error = (double)fminf(fmaxf(prediction.of(dot, user, item), low), high) - values[rating];
      sum += error * error;
    }
  }
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) {
    partials[blockIdx.x] = sum;
  }
}
