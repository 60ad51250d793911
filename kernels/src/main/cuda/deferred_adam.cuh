// Rows that rest; math, layout and bytes in deferred_adam.cu. For the kernels there, and for small_batches.cu.
#pragma once

#include "rows.cuh"

/// A number's way over the steps that its row rests.
struct Rest {
  float a0;
  float a1;
  float a2;
  float a3;
  float decay1;
  float decay2;
  float epsilon;

  __device__ __forceinline__ void move(float& w, float& m, float& v) const {
    float root = __fsqrt_rn(v);
    float inverse = __fdiv_rn(1.0f, __fadd_rn(root, epsilon));
    float r = __fmul_rn(root, inverse);
    float sum = __fadd_rn(__fmul_rn(__fadd_rn(__fmul_rn(__fadd_rn(__fmul_rn(r, a3), a2), r), a1), r), a0);
    w = __fsub_rn(w, __fmul_rn(__fmul_rn(m, inverse), sum));
    m = __fmul_rn(m, decay1);
    v = __fmul_rn(v, decay2);
  }

  __device__ __forceinline__ void move(float4& w, float4& m, float4& v) const {
    move(w.x, m.x, v.x);
    move(w.y, m.y, v.y);
    move(w.z, m.z, v.z);
    move(w.w, m.w, v.w);
  }
};

/// The tails and powers of an epoch's steps.
struct Tails {
  Global<const double> tails;   // T_0 .. T_3 of each step
  Global<const double> powers;  // of beta1 and of the root of beta2, of each number of steps
  float epsilon;

  __device__ __forceinline__ Rest between(int from, int to) const {
    double power = powers[2LL * (to - from)];
    double root = powers[2LL * (to - from) + 1];
    Global<const double> begin = tails + 4LL * from;
    Global<const double> end = tails + 4LL * to;
    double s0 = begin[0] - power * end[0];
    double s1 = begin[1] - power * root * end[1];
    double s2 = begin[2] - power * (root * root) * end[2];
    double s3 = begin[3] - power * (root * root * root) * end[3];
    return Rest{(float)s0, (float)(s0 - s1), (float)(s0 - 2 * s1 + s2), (float)(s0 - 3 * s1 + 3 * s2 - s3),
                (float)power, (float)(root * root), epsilon};
  }
};

#define TAILS_PARAMETERS Global<const double> tails, Global<const double> powers, float epsilon
#define TAILS \
  Tails { tails, powers, epsilon }

/// The users or the items, with the step of the epoch after which each row stands. The biases are null with a Dense head.
struct RestingSide {
  Global<int> steps;
  Global<float4> weights;
  Global<float4> first;
  Global<float4> second;
  Global<float> bias;
  Global<float> biasFirst;
  Global<float> biasSecond;
};

/// One of the two, as in batch.cuh.
__device__ __forceinline__ RestingSide choose(bool first, const RestingSide& one, const RestingSide& two) {
  return RestingSide{
      first ? one.steps : two.steps,
      first ? one.weights : two.weights,
      first ? one.first : two.first,
      first ? one.second : two.second,
      first ? one.bias : two.bias,
      first ? one.biasFirst : two.biasFirst,
      first ? one.biasSecond : two.biasSecond};
}

/// Moves a row over the steps that it has rested up to `step`, and notes that it stands after `next`. Every lane of the warp must call it;
/// those of idle groups come with active = false.
__device__ __forceinline__ void catchUpRow(
    const RestingSide& side, long long row, int step, int next, const Tails& tails, int vectors, int group, int lane, bool active) {
  int last = active && lane == 0 ? side.steps[row] : step;
  last = __shfl_sync(ALL_LANES, last, 0, group);  // of lane 0, which alone may write it
  if (!active) {
    return;
  }
  if (last < step) {
    Rest rest = tails.between(last, step);
    for (int vector = lane; vector < vectors; vector += group) {
      long long at = row * vectors + vector;
      float4 w = side.weights[at];
      float4 m = side.first[at];
      float4 v = side.second[at];
      rest.move(w, m, v);
      side.weights[at] = w;
      side.first[at] = m;
      side.second[at] = v;
    }
    if (side.bias && lane == 0) {
      rest.move(side.bias[row], side.biasFirst[row], side.biasSecond[row]);
    }
  }
  if (lane == 0) {
    side.steps[row] = next;
  }
}

/// The rows of a batch, from where they stand to `step`, the batch's. They are noted as after it, for now the batch moves them; should it
/// diverge, nothing moves any more, and who looks at the rows finds them current.
__device__ __forceinline__ void catchUpRows(
    Global<const int> sortedRows, int start, int size, int step, const RestingSide& side, const Tails& tails, int vectors, int group) {
  Group groups(group);
  const Span span(groups, start, size);
  const long long end = (long long)start + size;
  for (long long at = span.first; at < span.first + span.length; at++) {
    bool active = at < end && (at == start || sortedRows[at - 1] != sortedRows[at]);
    if (__any_sync(ALL_LANES, active)) {
      catchUpRow(side, active ? sortedRows[at] : 0, step, step + 1, tails, vectors, group, groups.lane, active);
    }
  }
}
