// Factors at the start of a training: uniform in [low, low + span), the CPU's numbers bit for bit.
//
//   table[row][column] = uniform(row k + column) span + low       rounded after the product and after the sum
//
// Layout: rows.cuh; the padding is written too, with zeros.
// Launch: any grid and block; a thread takes a block of Philox, four neighbouring indices row k + column, in grid strides.
// Bytes: 4 padded k rows written. Philox is 10 rounds of two 32 x 32-bit products for 16 bytes, about 5 instructions a byte: on an
// H200 near 60 % of the time of the stores.
// Versions: 1. a thread an element, three words of four thrown away; 2. a thread a block of Philox (this one), a quarter of the products.
#include "random.cuh"
#include "rows.cuh"

extern "C" __global__ void initial_factors(
    Global<float> table, long long rows, int k, int stride, float low, float span, unsigned long long seed, unsigned long long stream) {
  long long count = rows * k;
  long long blocks = (count + 3) / 4;
  long long threads = (long long)gridDim.x * blockDim.x;
  for (long long block = (long long)blockIdx.x * blockDim.x + threadIdx.x; block < blocks; block += threads) {
    uint4 four = philox((unsigned long long)block, stream, seed);
    unsigned words[4] = {four.x, four.y, four.z, four.w};
    long long row = block * 4 / k;
    int column = (int)(block * 4 - row * k);
#pragma unroll
    for (int at = 0; at < 4; at++) {
      if (block * 4 + at < count) {
        table[row * stride + column] = __fadd_rn(__fmul_rn(uniform(words[at]), span), low);
      }
      if (++column == k) {
        for (; column < stride && row < rows; column++) {
          table[row * stride + column] = 0;
        }
        column = 0;
        row++;
      }
    }
  }
}
