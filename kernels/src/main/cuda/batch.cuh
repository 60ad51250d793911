// What the kernels of a batch work on, put together from their parameters: the model, the ratings, and the two sides.
#pragma once

#include "rows.cuh"

/// A model's weights. It has either biases or a Dense head {kernel, bias}; what it has not is null.
struct Model {
  Global<const float4> userFactors;
  Global<const float4> itemFactors;
  int vectors;
  int group;
  Global<const float> userBias;
  Global<const float> itemBias;
  Global<const float> head;
  float offset;
};

#define MODEL_PARAMETERS                                                                                                      \
  Global<const float> userFactors, Global<const float> itemFactors, int vectors, int group, Global<const float> userBias, \
      Global<const float> itemBias, Global<const float> head, float offset
#define MODEL \
  Model { as4(userFactors), as4(itemFactors), vectors, group, userBias, itemBias, head, offset }

/// Columns of ratings.
struct Columns {
  Global<const int> users;
  Global<const int> items;
  Global<const float> values;
  Global<const float> weights;  // null where every weight is 1
};

/// The users or the items of a batch.
struct Side {
  Global<const int> sortedRows;       // batch_index.cu
  Global<const int> sortedPositions;  // batch_index.cu
  Global<const int> rowAt;            // of each position
  Global<const float4> factors;
  Global<const float> bias;  // null with a Dense head
  Global<float4> gradient;
  Global<float> biasGradient;
  Global<float4> carried;  // gradients.cuh
};

/// One of the two, number by number: a choice between two addresses would put both sides into local memory.
__device__ __forceinline__ Side choose(bool first, const Side& one, const Side& two) {
  return Side{
      first ? one.sortedRows : two.sortedRows,
      first ? one.sortedPositions : two.sortedPositions,
      first ? one.rowAt : two.rowAt,
      first ? one.factors : two.factors,
      first ? one.bias : two.bias,
      first ? one.gradient : two.gradient,
      first ? one.biasGradient : two.biasGradient,
      first ? one.carried : two.carried};
}

#define SIDE_PARAMETERS(of)                                                                                                    \
  Global<const int> of##SortedRows, Global<const int> of##SortedPositions, Global<const int> of##RowAt,                        \
      Global<const float> of##Factors, Global<const float> of##Bias, Global<float> of##Gradient, Global<float> of##BiasGradient, \
      Global<float4> of##Carried
#define SIDE(of)                                                                                                               \
  Side {                                                                                                                       \
    of##SortedRows, of##SortedPositions, of##RowAt, as4(of##Factors), of##Bias, as4(of##Gradient), of##BiasGradient, of##Carried \
  }
