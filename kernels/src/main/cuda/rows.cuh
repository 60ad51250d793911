// Rows of factor tables, and the threads that share one.
//
// A table on the device has `rows` rows of `vectors` float4: k factors, padded with zeros to a multiple of four. So every load and
// store of a row is 16 bytes wide and aligned, whatever k is, and no loop has a tail. Padding stays zero: its gradient is zero, and
// every optimizer moves a weight of zero with a gradient of zero by zero. Row offsets are 64-bit.
//
// A row is shared by a group of lanes: a power of two from 1 to 32, the smallest that holds `vectors`, so a warp has 32 / group rows
// in flight and few idle lanes at any k. Lane l of a group works on the vectors l, l + group, ... . Sums over a group go through
// shuffles that every lane of the warp takes part in: loops that contain them have the same number of turns for the whole warp.
//
// Every kernel that runs once a batch begins with the same parameters: `stop`, which ends a training that has diverged, and `batch`, where it finds
// what changes from batch to batch. So its arguments are the same each time, and its launches can be recorded into a graph once and replayed on any
// batches, whose numbers are copied to where the graph looks for them. Both are read first: one wait for L2, not two.
#pragma once

#include "device.cuh"

/// Reads and writes of what other multiprocessors write at the same time: past L1, which would not see it.
template <class T>
__device__ __forceinline__ T loadShared(const T* at) {
  return __ldcg(at);
}

template <class T>
__device__ __forceinline__ void storeShared(T* at, T x) {
  __stcg(at, x);
}

/// A batch of an epoch: its number, from 0; its positions in the window, start .. start + size - 1; 2 / size; and the learning rate of its step.
struct Batch {
  long long number;
  int start;
  int size;
  float scale;
  float rate;

  __device__ long long end() const { return (long long)start + size; }
};

constexpr int WARP = 32;
constexpr unsigned ALL_LANES = 0xffffffffu;

/// Which group of the grid this thread belongs to, and its place there.
struct Group {
  int lane;
  int perBlock;
  int inBlock;

  __device__ explicit Group(int size)
      : lane(threadIdx.x & (size - 1)), perBlock(blockDim.x / size), inBlock(threadIdx.x / size) {}

  /// Number of groups in the grid.
  __device__ long long count() const { return (long long)gridDim.x * perBlock; }

  /// The first group of this block.
  __device__ long long first() const { return (long long)blockIdx.x * perBlock; }
};

/// The positions of a batch that a group has: neighbours, so that hot rows, which begin at regular places where a batch is cut into chunks, are spread
/// over all groups, and what tells that a row begins is in a cache.
struct Span {
  /// The same for all groups; those at the end have positions past it.
  unsigned length;
  long long first;

  __device__ __forceinline__ Span(const Group& groups, int start, int size) {
    unsigned count = (unsigned)groups.count();
    length = ((unsigned)size + count - 1) / count;
    first = start + (groups.first() + groups.inBlock) * length;
  }

  /// After the last position, none of which is `limit` or more.
  __device__ __forceinline__ long long end(long long limit) const { return first + length < limit ? first + length : limit; }
};

/// The sum over the lanes of a group, in every lane. A butterfly: the same bits in all lanes, and in every run.
template <class T>
__device__ __forceinline__ T sumOverGroup(T x, int group) {
  for (int offset = group >> 1; offset > 0; offset >>= 1) {
    x += __shfl_xor_sync(ALL_LANES, x, offset);
  }
  return x;
}

/// The sum over a block, in thread 0; a tree whose shape depends on the block size alone. Every thread of the block must call it.
template <class T>
__device__ T sumOverBlock(T x) {
  __shared__ T ofWarp[WARP];
  x = sumOverGroup(x, WARP);
  __syncthreads();  // a sum before this one may still be read
  if ((threadIdx.x & (WARP - 1)) == 0) {
    ofWarp[threadIdx.x / WARP] = x;
  }
  __syncthreads();
  if (threadIdx.x < WARP) {
    x = threadIdx.x < blockDim.x / WARP ? ofWarp[threadIdx.x] : T(0);
    x = sumOverGroup(x, WARP);
  }
  return x;
}

/// x . y + sum, vector by vector.
__device__ __forceinline__ float dot(float4 x, float4 y, float sum) {
  return fmaf(x.w, y.w, fmaf(x.z, y.z, fmaf(x.y, y.y, fmaf(x.x, y.x, sum))));
}

/// sum + factor x.
__device__ __forceinline__ float4 addScaled(float4 sum, float factor, float4 x) {
  return make_float4(
      fmaf(factor, x.x, sum.x), fmaf(factor, x.y, sum.y), fmaf(factor, x.z, sum.z), fmaf(factor, x.w, sum.w));
}

/// This lane's part of the dot product of two rows.
__device__ __forceinline__ float partOfDot(Global<const float4> x, Global<const float4> y, int vectors, int group, int lane) {
  float sum = 0;
  for (int vector = lane; vector < vectors; vector += group) {
    sum = dot(x[vector], y[vector], sum);
  }
  return sum;
}

/// Row `row` of a table.
template <class T>
__device__ __forceinline__ Global<T> rowOf(Global<T> table, long long row, int vectors) {
  return table + row * vectors;
}
