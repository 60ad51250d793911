// A side's gradient of a batch; math, layout and bytes in gradients.cu. For the kernel there, and for small_batches.cu.
#pragma once

#include "rows.cuh"

__device__ __forceinline__ void gradientOfRows(
    int start,
    int size,
    float scale,
    Global<const int> sortedRows,
    Global<const int> sortedPositions,
    Global<const int> otherRows,
    Global<const float> slopes,
    Global<const float> own,
    Global<const float> other,
    int vectors,
    int group,
    Global<const float> ownBias,  // null with a Dense head
    Global<const float> head,     // null with biases
    float regularization,
    float biasRegularization,
    Global<float> gradient,
    Global<float> biasGradient) {
  Group groups(group);
  float kernel = head ? head[0] : 1;
  Global<const float4> own4 = as4(own);
  Global<const float4> other4 = as4(other);
  Global<float4> gradient4 = as4(gradient);
  long long end = (long long)start + size;
  for (long long first = start + groups.first(); first < end; first += groups.count()) {
    long long segment = first + groups.inBlock;
    if (segment >= end) {
      continue;
    }
    int row = sortedRows[segment];
    if (segment > start && sortedRows[segment - 1] == row) {
      continue;  // the group at the start of the row's positions does them all
    }
    for (int vector = groups.lane; vector < vectors; vector += group) {
      float4 sum = make_float4(0, 0, 0, 0);
      long long at = segment;
      for (; at < end && sortedRows[at] == row; at++) {
        int position = sortedPositions[at];
        sum = addScaled(sum, slopes[position] * kernel, rowOf(other4, otherRows[position], vectors)[vector]);
      }
      float pull = regularization * scale * (float)(at - segment);
      rowOf(gradient4, row, vectors)[vector] = addScaled(sum, pull, rowOf(own4, row, vectors)[vector]);
    }
    if (ownBias && groups.lane == 0) {
      float sum = 0;
      long long at = segment;
      for (; at < end && sortedRows[at] == row; at++) {
        sum += slopes[sortedPositions[at]];
      }
      biasGradient[row] = fmaf(biasRegularization * scale * (float)(at - segment), ownBias[row], sum);
    }
  }
}
