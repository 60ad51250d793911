// Ratings to take times with: made where they are used, so that 1e8 of them take no time.
//
//   x, y, z, w  = the words of block `row` of a stream
//   user        = floor(x users / 2^32)
//   item        = floor(u^3 items), u the top 24 bits of y in [0, 1)    so item i has a share of i^(-2/3), nearly: a Zipf law
//   rating      = 1 + item mod 4 + the top bit of z                     some items are better than others: there is something to learn
//
// Half of the ratings are of an eighth of the items.
// Launch: any grid and block, a thread a rating, in grid strides.
// Bytes: 12 written; Philox is about 40 instructions a rating besides. 1e8 ratings: 1.2 GB, 0.28 ms at 4.3 TB/s.
// Versions: 1. this one.
#include "random.cuh"

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
  int threads = gridDim.x * blockDim.x;
  for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < count; at += threads) {
    uint4 words = philox((unsigned long long)(start + at), stream, seed);
    float u = uniform(words.y);
    int item = (int)__fmul_rn(__fmul_rn(__fmul_rn(u, u), u), (float)itemCount);
    item = item < itemCount ? item : itemCount - 1;  // the product may be rounded up
    users[at] = (int)__umulhi(words.x, (unsigned)userCount);
    items[at] = item;
    values[at] = (float)(1 + item % 4 + (int)(words.z >> 31));
  }
}
