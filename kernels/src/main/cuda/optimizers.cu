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
// of a batch. *_tables is *_table for up to four tables in one launch, each with the blocks that it would have alone, so the squares are the same.
//
// Layout: rows.cuh. Launch: any grid, blocks of a multiple of 32 threads. A thread a float4 (*_table, _elements), a group of lanes a row (*_rows).
// Bytes, adam_table: eight streams of 4 bytes a float (w, m, v, gradient, each read and written): 338 MB for the 138,000 + 27,000 rows of
// ml-20m at k = 64, 79 us at 4.3 TB/s. adam_rows: the same for the rows of the batch. sgd: four streams; adagrad: six, four and a number a row.
// Versions: 1. learning rate, start and size as arguments: a launch, 5.4 us from Java on an H200, is more than most of these need for a batch. A batch
//      of 8,192, nine or ten launches, was measured at 53 us.
//   2. All three from `batch`, so that the launches of a batch are nodes of a graph. Predicted for that batch: ten nodes of 0.75 us, and
//      the kernels' own time, 15 us by their bytes: 20 to 25 us. Measured: the batch is 43 us with LazyAdam; adam_rows for 1,048,576 positions of
//      items 74 us, 29 % of a copy: a group looked at 62 positions, each in a cache line of its own.
//   3. A group's positions are neighbours (Span in rows.cuh). Predicted: 74 us become 30; batches of up to 16,896 stay as they are. Measured: 80 us, and
//      104 in place of 74 for AdaGrad: where rows have a rating each, a group had 62 of them, and most groups had one.
//   4. These: twice the blocks that fit. Measured: 56 us, and 65 us for AdaGrad; with eight times as many 50 and 47 us, but for 131,072 positions 23 us
//      in place of 15.
#include "moves.cuh"

#define OPTIMIZER(name, Rule)                                                                                                            \
  extern "C" __global__ void name##_table(                                                                                               \
      Global<const int> stop, Global<const Batch> batch, Global<float> weights, Global<float> first, Global<float> second,               \
      Global<float> gradient, long long vectors, float l2x2, float a, float b, float epsilon, Global<double> squaresOfBlock) {           \
    const Rate rate{readNow(batch).rate, a, b, epsilon};                                                                                 \
    if (!*stop) {                                                                                                                        \
      moveTable<Rule>(weights, first, second, gradient, vectors, l2x2, rate, squaresOfBlock, blockIdx.x, gridDim.x);                     \
    }                                                                                                                                    \
  }                                                                                                                                      \
  extern "C" __global__ void name##_rows(                                                                                                \
      Global<const int> stop, Global<const Batch> batch, Global<const int> sortedRows, Global<float> weights, Global<float> first,       \
      Global<float> second, Global<float> gradient, int vectors, int group, float l2x2, float a, float b, float epsilon) {               \
    const Batch of = readNow(batch);                                                                                                     \
    if (!*stop) {                                                                                                                        \
      const Rate rate{of.rate, a, b, epsilon};                                                                                           \
      moveRows<Rule>(sortedRows, of.start, of.size, weights, first, second, gradient, vectors, group, l2x2, rate);                       \
    }                                                                                                                                    \
  }                                                                                                                                      \
  extern "C" __global__ void name##_elements(                                                                                            \
      Global<const int> stop, Global<const Batch> batch, Global<const int> sortedRows, Global<float> weights, Global<float> first,       \
      Global<float> second, Global<float> gradient, float a, float b, float epsilon) {                                                   \
    const Batch of = readNow(batch);                                                                                                     \
    if (!*stop) {                                                                                                                        \
      moveElements<Rule>(sortedRows, of.start, of.size, weights, first, second, gradient, Rate{of.rate, a, b, epsilon});                 \
    }                                                                                                                                    \
  }

OPTIMIZER(adam, Adam)
OPTIMIZER(sgd, Sgd)
OPTIMIZER(adagrad, AdaGrad)

/// A table among others, and the blocks that move it: the first ones of the grid, or those after the blocks of the tables before it.
struct Table {
  int blocks;
  Global<float> weights;
  Global<float> first;
  Global<float> second;
  Global<float> gradient;
  long long vectors;
  float l2x2;
  Global<double> squaresOfBlock;
};

template <class Rule>
__device__ __forceinline__ void moveOneOf(Table one, const Table& two, const Table& three, const Table& four, Rate rate) {
  int block = blockIdx.x;
  if (block >= one.blocks) {
    block -= one.blocks;
    one = two;
    if (block >= one.blocks) {
      block -= one.blocks;
      one = three;
      if (block >= one.blocks) {
        block -= one.blocks;
        one = four;
      }
    }
  }
  moveTable<Rule>(
      one.weights, one.first, one.second, one.gradient, one.vectors, one.l2x2, rate, one.squaresOfBlock, block, one.blocks);
}

#define TABLE(i)                                                                                                                         \
  int blocks##i, Global<float> weights##i, Global<float> first##i, Global<float> second##i, Global<float> gradient##i,                   \
      long long vectors##i, float l2x2##i, Global<double> squaresOfBlock##i
#define TABLE_OF(i) Table{blocks##i, weights##i, first##i, second##i, gradient##i, vectors##i, l2x2##i, squaresOfBlock##i}

#define TABLES(name, Rule)                                                                                                               \
  extern "C" __global__ void name##_tables(                                                                                              \
      Global<const int> stop, Global<const Batch> batch, float a, float b, float epsilon, TABLE(1), TABLE(2), TABLE(3), TABLE(4)) {      \
    const Rate rate{readNow(batch).rate, a, b, epsilon};                                                                                 \
    if (!*stop) {                                                                                                                        \
      moveOneOf<Rule>(TABLE_OF(1), TABLE_OF(2), TABLE_OF(3), TABLE_OF(4), rate);                                                         \
    }                                                                                                                                    \
  }

TABLES(adam, Adam)
TABLES(sgd, Sgd)
TABLES(adagrad, AdaGrad)

/// One G a row, all rows.
extern "C" __global__ void adagrad_row_table(
    Global<const int> stop, Global<const Batch> batch, Global<float> weights, Global<float> sums, Global<float> gradient, long long rows,
    int vectors, int k, int group, float l2x2, float epsilon) {
  float rate = readNow(batch).rate;
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
    Global<const int> stop, Global<const Batch> batch, Global<const int> sortedRows, Global<float> weights, Global<float> sums,
    Global<float> gradient, int vectors, int k, int group, float l2x2, float epsilon) {
  const Batch of = readNow(batch);
  if (!*stop) {
    moveRowsByOne(sortedRows, of.start, of.size, of.rate, weights, sums, gradient, vectors, k, group, l2x2, epsilon);
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
