// The moves of the optimizers; formulas, layout and bytes in optimizers.cu. For the kernels there, and for small_batches.cu.
#pragma once

#include "rows.cuh"

struct Rate {
  float rate;
  float a;
  float b;
  float epsilon;
};

/// Each rule moves one weight along its gradient, and its own numbers.
struct Adam {
  static constexpr int SLOTS = 2;
  __device__ static void move(float& w, float g, float& m, float& v, Rate r) {
    m = __fadd_rn(m, __fmul_rn(__fsub_rn(g, m), r.a));
    v = __fadd_rn(v, __fmul_rn(__fsub_rn(__fmul_rn(g, g), v), r.b));
    w = __fsub_rn(w, __fdiv_rn(__fmul_rn(m, r.rate), __fadd_rn(__fsqrt_rn(v), r.epsilon)));
  }
};

struct Sgd {
  static constexpr int SLOTS = 0;
  __device__ static void move(float& w, float g, float&, float&, Rate r) { w = fmaf(-r.rate, g, w); }
};

struct AdaGrad {
  static constexpr int SLOTS = 1;
  __device__ static void move(float& w, float g, float& sum, float&, Rate r) {
    sum = __fadd_rn(sum, __fmul_rn(g, g));
    w = __fsub_rn(w, __fdiv_rn(__fmul_rn(g, r.rate), __fadd_rn(__fsqrt_rn(sum), r.epsilon)));
  }
};

/// Moves a float4 at `at` of each table and returns the new weights.
template <class Rule>
__device__ __forceinline__ float4 moveVector(
    Global<float4> weights, Global<float4> first, Global<float4> second, Global<float4> gradient, long long at, float l2x2, Rate rate) {
  float4 g = gradient[at];
  float4 w = weights[at];
  float4 x = make_float4(0, 0, 0, 0);
  float4 y = x;
  if (Rule::SLOTS > 0) {
    x = first[at];
  }
  if (Rule::SLOTS > 1) {
    y = second[at];
  }
  g = addScaled(g, l2x2, w);
  Rule::move(w.x, g.x, x.x, y.x, rate);
  Rule::move(w.y, g.y, x.y, y.y, rate);
  Rule::move(w.z, g.z, x.z, y.z, rate);
  Rule::move(w.w, g.w, x.w, y.w, rate);
  weights[at] = w;
  if (Rule::SLOTS > 0) {
    first[at] = x;
  }
  if (Rule::SLOTS > 1) {
    second[at] = y;
  }
  gradient[at] = make_float4(0, 0, 0, 0);
  return w;
}

__device__ __forceinline__ double squares(float4 w) {
  return ((double)w.x * w.x + (double)w.y * w.y) + ((double)w.z * w.z + (double)w.w * w.w);
}

/// Moves a table with `blocks` blocks, of which this one is `block`.
template <class Rule>
__device__ __forceinline__ void moveTable(
    Global<float> weights,
    Global<float> first,
    Global<float> second,
    Global<float> gradient,
    long long vectors,
    float l2x2,
    Rate rate,
    Global<double> squaresOfBlock,
    int block,
    int blocks) {
  long long threads = (long long)blocks * blockDim.x;
  double sum = 0;
  for (long long at = (long long)block * blockDim.x + threadIdx.x; at < vectors; at += threads) {
    float4 w = moveVector<Rule>(as4(weights), as4(first), as4(second), as4(gradient), at, l2x2, rate);
    if (squaresOfBlock) {
      sum += squares(w);
    }
  }
  if (squaresOfBlock) {
    sum = sumOverBlock(sum);
    if (threadIdx.x == 0) {
      squaresOfBlock[block] = sum;
    }
  }
}

/// Calls `move` with the row of each segment that starts at one of the batch's sorted positions.
template <class Move>
__device__ __forceinline__ void forEachRow(Global<const int> sortedRows, int start, int size, const Group& groups, Move move) {
  const Span span(groups, start, size);
  const long long end = span.end((long long)start + size);
#pragma unroll 1  // for fewer registers, and so more groups at a time
  for (long long at = span.first; at < end; at++) {
    const int row = sortedRows[at];
    if (at == start || sortedRows[at - 1] != row) {
      move(row);
    }
  }
}

template <class Rule>
__device__ __forceinline__ void moveRows(
    Global<const int> sortedRows,
    int start,
    int size,
    Global<float> weights,
    Global<float> first,
    Global<float> second,
    Global<float> gradient,
    int vectors,
    int group,
    float l2x2,
    Rate rate) {
  Group groups(group);
  forEachRow(sortedRows, start, size, groups, [&](int row) {
#pragma unroll 1  // rows of up to 128 are once through it
    for (int vector = groups.lane; vector < vectors; vector += group) {
      long long at = (long long)row * vectors + vector;
      moveVector<Rule>(as4(weights), as4(first), as4(second), as4(gradient), at, l2x2, rate);
    }
  });
}

template <class Rule>
__device__ __forceinline__ void moveElements(
    Global<const int> sortedRows,
    int start,
    int size,
    Global<float> weights,
    Global<float> first,
    Global<float> second,
    Global<float> gradient,
    Rate rate) {
  Group groups(1);
  forEachRow(sortedRows, start, size, groups, [&](int row) {
    float w = weights[row];
    float x = Rule::SLOTS > 0 ? first[row] : 0;
    float y = Rule::SLOTS > 1 ? second[row] : 0;
    Rule::move(w, gradient[row], x, y, rate);
    weights[row] = w;
    if (Rule::SLOTS > 0) {
      first[row] = x;
    }
    if (Rule::SLOTS > 1) {
      second[row] = y;
    }
    gradient[row] = 0;
  });
}

/// The row's move by AdaGrad with one G a row. Every lane of the warp must call it; those of idle groups come with active = false.
__device__ __forceinline__ void moveRowByOne(
    Global<float4> weights, Global<float> sums, Global<float4> gradient, long long row, int vectors, int k, const Group& groups, int group,
    float l2x2, float rate, float epsilon, bool active) {
  float part = 0;
  float before = 0;
  if (active) {
    before = sums[row];
    for (int vector = groups.lane; vector < vectors; vector += group) {
      float4 g = addScaled(gradient[row * vectors + vector], l2x2, weights[row * vectors + vector]);
      part = dot(g, g, part);
    }
  }
  float squaresOfRow = sumOverGroup(part, group);
  __syncwarp();  // every lane has read the row's sum, which lane 0 writes; the shuffles of a sum over lanes order no memory
  if (!active) {
    return;
  }
  float sum = before + __fdiv_rn(squaresOfRow, (float)k);
  float pace = __fdiv_rn(-rate, __fadd_rn(__fsqrt_rn(sum), epsilon));
  for (int vector = groups.lane; vector < vectors; vector += group) {
    long long at = row * vectors + vector;
    float4 w = weights[at];
    weights[at] = addScaled(w, pace, addScaled(gradient[at], l2x2, w));
    gradient[at] = make_float4(0, 0, 0, 0);
  }
  if (groups.lane == 0) {
    sums[row] = sum;
  }
}

/// One G a row, the rows of a batch.
__device__ __forceinline__ void moveRowsByOne(
    Global<const int> sortedRows, int start, int size, float rate, Global<float> weights, Global<float> sums, Global<float> gradient,
    int vectors, int k, int group, float l2x2, float epsilon) {
  Group groups(group);
  const Span span(groups, start, size);
  const long long end = (long long)start + size;
  for (long long at = span.first; at < span.first + span.length; at++) {
    bool active = at < end && (at == start || sortedRows[at - 1] != sortedRows[at]);
    if (__any_sync(ALL_LANES, active)) {
      long long row = active ? sortedRows[at] : 0;
      moveRowByOne(as4(weights), sums, as4(gradient), row, vectors, k, groups, group, l2x2, rate, epsilon, active);
    }
  }
}
