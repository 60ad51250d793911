// A step of an optimizer, fused: L2, the optimizer's numbers, the weight, and the gradient cleared for the next batch.
//
//   g = gradient + l2x2 w                                                     (l2x2 = 2 lambda: Keras' L2)
//   adam:     m += (g - m) a;  v += (g g - v) b;  w -= m rate / (sqrt(v) + epsilon)        a = 1 - beta1, b = 1 - beta2, rate = alpha of the step
//   sgd:      w -= rate g
//   adagrad:  G += g g;  w -= rate g / (sqrt(G) + epsilon)
//   adagrad, one G a row:  G += mean over the row of g g;  w -= rate / (sqrt(G) + epsilon) g
//
// Products and sums are rounded one by one, as on the CPU; division and square root are IEEE's.
//
// *_table moves every float4 of a table (Keras' Adam; L2 with any optimizer but LazyAdam), and can leave the squares of the new weights, a
// double a block, which are the L2 term of the next batch's loss at no byte more. *_rows moves the rows of a batch, found by the index of
// batch_index.cu. Biases and a Dense head are tables of single numbers, padded to a multiple of four: *_table, or *_elements for those
// of a batch.
//
// Layout: rows.cuh. Launch: any grid, blocks of a multiple of 32 threads. A thread a float4 (*_table, _elements), a group of lanes a row (*_rows).
// Bytes, adam_table: eight streams of 4 bytes a float (w, m, v, gradient, each read and written): 338 MB for the 138,000 + 27,000 rows of
// ml-20m at k = 64, 79 us at 4.3 TB/s. adam_rows: the same for the rows of the batch. sgd: four streams; adagrad: six, four and a number a row.
// Versions: 1. these.
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

template <class Rule>
__device__ void moveTable(
    Global<float> weights,
    Global<float> first,
    Global<float> second,
    Global<float> gradient,
    long long vectors,
    float l2x2,
    Rate rate,
    Global<double> squaresOfBlock) {
  long long threads = (long long)gridDim.x * blockDim.x;
  double sum = 0;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < vectors; at += threads) {
    float4 w = moveVector<Rule>(as4(weights), as4(first), as4(second), as4(gradient), at, l2x2, rate);
    if (squaresOfBlock) {
      sum += squares(w);
    }
  }
  if (squaresOfBlock) {
    sum = sumOverBlock(sum);
    if (threadIdx.x == 0) {
      squaresOfBlock[blockIdx.x] = sum;
    }
  }
}

/// Calls `move` with the row of each segment that starts at one of the batch's sorted positions.
template <class Move>
__device__ void forEachRow(Global<const int> sortedRows, int start, int size, const Group& groups, Move move) {
  long long end = (long long)start + size;
  for (long long base = start + groups.first(); base < end; base += groups.count()) {
    long long at = base + groups.inBlock;
    if (at < end && (at == start || sortedRows[at - 1] != sortedRows[at])) {
      move(sortedRows[at]);
    }
  }
}

template <class Rule>
__device__ void moveRows(
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
    for (int vector = groups.lane; vector < vectors; vector += group) {
      long long at = (long long)row * vectors + vector;
      moveVector<Rule>(as4(weights), as4(first), as4(second), as4(gradient), at, l2x2, rate);
    }
  });
}

template <class Rule>
__device__ void moveElements(
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

#define OPTIMIZER(name, Rule)                                                                                                            \
  extern "C" __global__ void name##_table(                                                                                               \
      Global<const int> stop, float rate, Global<float> weights, Global<float> first, Global<float> second, Global<float> gradient,      \
      long long vectors, float l2x2, float a, float b, float epsilon, Global<double> squaresOfBlock) {                                   \
    if (!*stop) {                                                                                                                        \
      moveTable<Rule>(weights, first, second, gradient, vectors, l2x2, Rate{rate, a, b, epsilon}, squaresOfBlock);                       \
    }                                                                                                                                    \
  }                                                                                                                                      \
  extern "C" __global__ void name##_rows(                                                                                                \
      Global<const int> stop, int start, int size, float rate, Global<const int> sortedRows, Global<float> weights, Global<float> first, \
      Global<float> second, Global<float> gradient, int vectors, int group, float l2x2, float a, float b, float epsilon) {               \
    if (!*stop) {                                                                                                                        \
      moveRows<Rule>(sortedRows, start, size, weights, first, second, gradient, vectors, group, l2x2, Rate{rate, a, b, epsilon});        \
    }                                                                                                                                    \
  }                                                                                                                                      \
  extern "C" __global__ void name##_elements(                                                                                            \
      Global<const int> stop, int start, int size, float rate, Global<const int> sortedRows, Global<float> weights, Global<float> first, \
      Global<float> second, Global<float> gradient, float a, float b, float epsilon) {                                                   \
    if (!*stop) {                                                                                                                        \
      moveElements<Rule>(sortedRows, start, size, weights, first, second, gradient, Rate{rate, a, b, epsilon});                          \
    }                                                                                                                                    \
  }

OPTIMIZER(adam, Adam)
OPTIMIZER(sgd, Sgd)
OPTIMIZER(adagrad, AdaGrad)

/// The row's move by AdaGrad with one G a row. Every lane of the warp must call it; those of idle groups come with active = false.
__device__ void moveRowByOne(
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
  float squaresOfRow = sumOverGroup(part, group);  // after it every lane has read the row's sum: one may write it
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

/// One G a row, all rows.
extern "C" __global__ void adagrad_row_table(
    Global<const int> stop, float rate, Global<float> weights, Global<float> sums, Global<float> gradient, long long rows, int vectors, int k,
    int group, float l2x2, float epsilon) {
  if (*stop) {
    return;
  }
  Group groups(group);
  for (long long first = groups.first(); first < rows; first += groups.count()) {
    long long row = first + groups.inBlock;
    bool active = row < rows;
    moveRowByOne(as4(weights), sums, as4(gradient), row, vectors, k, groups, group, l2x2, rate, epsilon, active);
  }
}

/// One G a row, the rows of a batch.
extern "C" __global__ void adagrad_row_rows(
    Global<const int> stop, int start, int size, float rate, Global<const int> sortedRows, Global<float> weights, Global<float> sums,
    Global<float> gradient, int vectors, int k, int group, float l2x2, float epsilon) {
  if (*stop) {
    return;
  }
  Group groups(group);
  long long end = (long long)start + size;
  for (long long first = start + groups.first(); first < end; first += groups.count()) {
    long long at = first + groups.inBlock;
    bool active = at < end && (at == start || sortedRows[at - 1] != sortedRows[at]);
    long long row = active ? sortedRows[at] : 0;
    moveRowByOne(as4(weights), sums, as4(gradient), row, vectors, k, groups, group, l2x2, rate, epsilon, active);
  }
}

/// The squares of a table, a double a block: Keras' L2 term before the first step.
extern "C" __global__ void sum_of_squares(Global<const float> table, long long vectors, Global<double> squaresOfBlock) {
  Global<const float4> table4 = as4(table);
  long long threads = (long long)gridDim.x * blockDim.x;
  double sum = 0;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < vectors; at += threads) {
    sum += squares(table4[at]);
  }
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) {
    squaresOfBlock[blockIdx.x] = sum;
  }
}

/// Sets `found` to 1 if a number of the table is infinite or not a number; leaves it as it is otherwise.
extern "C" __global__ void find_not_finite(Global<const float> table, long long vectors, Global<int> found) {
  Global<const float4> table4 = as4(table);
  long long threads = (long long)gridDim.x * blockDim.x;
  bool bad = false;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < vectors; at += threads) {
    float4 x = table4[at];
    // Zero times a finite number is zero, and times anything else is not a number.
    float zero = 0 * x.x + 0 * x.y + 0 * x.z + 0 * x.w;
    bad |= !(zero == 0);
  }
  if (bad) {
    *found = 1;
  }
}
