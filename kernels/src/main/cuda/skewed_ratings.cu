// Ratings to take times with: made where they are used, so that 1e8 of them take no time.
//
//   x, y, z, w  = the words of block `row` of a stream
//   user        = floor(x users / 2^32)
//   item        = floor(c / v^2 - c),  v = 1 - u m,  m = 1 - sqrt(c / (items + c)),  c = 150,  u the top 24 bits of y in [0, 1)
//   rating      = 1 + item mod 4 + the top bit of z                     some items are better than others: there is something to learn
//
// So the items before item i have a share of (1 - sqrt(c / (i + c))) / m, and item i has one of (i + c)^(-3/2), nearly: a Zipf law
// whose ranks begin at c (Zipf and Mandelbrot). Of 59,000 items the hottest has 0.35 % of the ratings, as in MovieLens' sets, and half
// of the ratings are of 394. There v is at least 0.05 and a step of u moves an item by 0.13 at most: the bits of u suffice for each.
// Every operation is one that IEEE 754 rounds, so that a host draws the same.
//
// Launch: any grid and block, a thread a rating, in grid strides.
// Bytes: 12 written; Philox is about 40 instructions a rating besides, then a division. 1e8 ratings: 1.2 GB, 0.28 ms at 4.3 TB/s.
// Versions: 1. floor(u^3 items), whose hottest item has 2.6 % of the ratings of 59,000: seven times what MovieLens' have, and the
// kernels that add up the gradients of a row take the longer the more ratings one has. 2. this one.
#include "random.cuh"

/// Where the ranks begin.
constexpr float SHIFT = 150.0f;

/// The ratings start .. start + count - 1 of the stream.
extern "C" __global__ void skewed_ratings(
    unsigned long long seed,
    unsigned long long stream,
    long long start,
    int count,
    int userCount,
    int itemCount,
    Global<int> users,
    Global<int> items,
    Global<float> values) {
  float range = __fsub_rn(1.0f, __fsqrt_rn(__fdiv_rn(SHIFT, __fadd_rn((float)itemCount, SHIFT))));
  int threads = gridDim.x * blockDim.x;
  for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < count; at += threads) {
    uint4 words = philox((unsigned long long)(start + at), stream, seed);
    float v = __fsub_rn(1.0f, __fmul_rn(uniform(words.y), range));
    float place = __fsub_rn(__fdiv_rn(SHIFT, __fmul_rn(v, v)), SHIFT);
    int item = place < (float)itemCount ? (int)place : itemCount - 1;  // v may be rounded down
    users[at] = (int)__umulhi(words.x, (unsigned)userCount);
    items[at] = item;
    values[at] = (float)(1 + item % 4 + (int)(words.z >> 31));
  }
}
