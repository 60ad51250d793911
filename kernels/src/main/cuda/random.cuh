// The counter-based random numbers and the permutation of the CPU side, bit for bit: CounterRandom (Philox-4x32-10; J. Salmon et al.,
// "Parallel random numbers: as easy as 1, 2, 3", SC 2011) and Permutation (a Feistel network walked until the value falls below n).
#pragma once

#include "device.cuh"

/// A block of four words: those at the indices 4 block .. 4 block + 3 of a stream.
__device__ __forceinline__ uint4 philox(unsigned long long block, unsigned long long stream, unsigned long long seed) {
  unsigned c0 = (unsigned)block, c1 = (unsigned)(block >> 32);
  unsigned c2 = (unsigned)stream, c3 = (unsigned)(stream >> 32);
  unsigned k0 = (unsigned)seed, k1 = (unsigned)(seed >> 32);
#pragma unroll
  for (int round = 0; round < 10; round++) {
    unsigned high0 = __umulhi(0xD2511F53u, c0), low0 = 0xD2511F53u * c0;
    unsigned high1 = __umulhi(0xCD9E8D57u, c2), low1 = 0xCD9E8D57u * c2;
    c0 = high1 ^ c1 ^ k0;
    c1 = low1;
    c2 = high0 ^ c3 ^ k1;
    c3 = low0;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return make_uint4(c0, c1, c2, c3);
}

/// The top 24 bits of a word as a float in [0, 1).
__device__ __forceinline__ float uniform(unsigned word) { return (float)(word >> 8) * 0x1p-24f; }

/// A permutation of 0 .. size - 1. The round keys are the first six words of the stream of its seed, purpose and substream.
struct Permutation {
  long long size;
  int leftBits;
  int rightBits;
  unsigned keys[6];

  __device__ Permutation(long long size, unsigned long long seed, unsigned long long stream) : size(size) {
    long long largest = size > 1 ? size - 1 : 1;
    int bits = 64 - __clzll(largest);
    bits = bits < 2 ? 2 : bits;
    leftBits = bits / 2;
    rightBits = bits - leftBits;
    uint4 first = philox(0, stream, seed);
    uint4 second = philox(1, stream, seed);
    keys[0] = first.x;
    keys[1] = first.y;
    keys[2] = first.z;
    keys[3] = first.w;
    keys[4] = second.x;
    keys[5] = second.y;
  }

  __device__ static unsigned hash(unsigned x) {
    x ^= x >> 16;
    x *= 0x7feb352du;
    x ^= x >> 15;
    x *= 0x846ca68bu;
    x ^= x >> 16;
    return x;
  }

  __device__ long long operator()(long long index) const {
    unsigned leftMask = (unsigned)((1ull << leftBits) - 1);
    unsigned rightMask = (unsigned)((1ull << rightBits) - 1);
    unsigned long long value = (unsigned long long)index;
    do {
      unsigned left = (unsigned)(value >> rightBits);
      unsigned right = (unsigned)value & rightMask;
#pragma unroll
      for (int round = 0; round < 6; round += 2) {
        left ^= hash(right ^ keys[round]) & leftMask;
        right ^= hash(left ^ keys[round + 1]) & rightMask;
      }
      value = ((unsigned long long)left << rightBits) | right;
    } while (value >= (unsigned long long)size);
    return (long long)value;
  }
};
