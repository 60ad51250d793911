// A side's gradient of a batch; math, layout and bytes in gradients.cu. For the kernels there, and for small_batches.cu.
//
// A batch is cut into chunks, and the positions of a row in one chunk are a piece, which one group sums up. A row's first piece goes into
// its gradient. Those in later chunks begin where the chunk does, so that there is at most one in each: chunk c leaves it in carried[c - 1],
// a row of the factors' float4 and one more for the sum of slopes. Then carriedSums adds a row's pieces in their order.
#pragma once

#include "batch.cuh"

/// Positions of a chunk, unless the batch is so large that there would be too many chunks: then twice as many, and so on.
constexpr int CHUNK = 32;
constexpr int MOST_CHUNKS = 16384;

/// The chunks of a batch: 2^bits positions each, so that where they begin depends on the batch alone.
struct Chunks {
  int start;
  int bits = 5;
  int count;

  __device__ __forceinline__ explicit Chunks(const Batch& batch) : start(batch.start) {
    while (((long long)batch.size + (1LL << bits) - 1) >> bits > MOST_CHUNKS) {
      bits++;
    }
    count = (int)(((long long)batch.size + (1LL << bits) - 1) >> bits);
  }

  /// The chunk of a position.
  __device__ int of(long long position) const { return (int)((position - start) >> bits); }

  __device__ long long begin(int chunk) const { return start + ((long long)chunk << bits); }
};

/// What both sides' gradients are made of.
struct Slopes {
  Global<const float> slopes;
  int vectors;
  int group;
  Global<const float> head;  // null with biases
  float regularization;
  float biasRegularization;
};

#define SLOPES_PARAMETERS                                                                                               \
  Global<const float> slopes, int vectors, int group, Global<const float> head, float regularization, float biasRegularization
#define SLOPES \
  Slopes { slopes, vectors, group, head, regularization, biasRegularization }

/// How many of 0 .. most - 1, from 0 on, are `same`; 0 is. In steps that double and then halve: each look waits for memory, and most runs end soon.
template <class Same>
__device__ __forceinline__ int runOf(int most, Same same) {
  int length = 0;
  int step = 1;
  while (length + step < most && same(length + step)) {
    length += step;
    step *= 2;
  }
  for (step /= 2; step > 0; step /= 2) {
    if (length + step < most && same(length + step)) {
      length += step;
    }
  }
  return length + 1;
}

/// The first of the positions from .. to - 1, not none, that is not of the row at `from`; or `to`.
__device__ __forceinline__ long long endOfRow(Global<const int> sortedRows, long long from, long long to) {
  int row = sortedRows[from];
  return from + runOf((int)(to - from), [&](int next) { return sortedRows[from + next] == row; });
}

/// sum + the pull of `count` ratings' regularization.
__device__ __forceinline__ float4 pulled(float4 sum, const Slopes& of, float scale, long long count, float4 weights) {
  return addScaled(sum, of.regularization * scale * (float)count, weights);
}

__device__ __forceinline__ float pulledBias(float sum, const Slopes& of, float scale, long long count, float bias) {
  return fmaf(of.biasRegularization * scale * (float)count, bias, sum);
}

/// Sums up the pieces of a side.
__device__ __forceinline__ void sumsOfPieces(const Batch& batch, const Side& own, const Side& other, const Slopes& of) {
  Group groups(of.group);
  const Span span(groups, batch.start, batch.size);
  const Chunks chunks(batch);
  float kernel = of.head ? of.head[0] : 1;
  const long long end = batch.end();
  const long long spanEnd = span.end(end);
  for (long long piece = span.first; piece < spanEnd;) {
    int row = own.sortedRows[piece];
    bool begins = piece == batch.start || own.sortedRows[piece - 1] != row;
    int chunk = chunks.of(piece);
    if (!begins && piece != chunks.begin(chunk)) {
      piece++;
      continue;  // the group at the start of the piece does it all
    }
    long long chunkEnd = chunks.begin(chunk + 1);
    long long pieceEnd = endOfRow(own.sortedRows, piece, chunkEnd < end ? chunkEnd : end);
    bool whole = begins && (pieceEnd == end || own.sortedRows[pieceEnd] != row);
    Global<float4> carried = rowOf(own.carried, chunk - 1, of.vectors + 1);
    Global<float4> sums = begins ? rowOf(own.gradient, row, of.vectors) : carried;
    for (int vector = groups.lane; vector < of.vectors; vector += of.group) {
      float4 sum = make_float4(0, 0, 0, 0);
#pragma unroll 4
      for (long long at = piece; at < pieceEnd; at++) {
        int position = own.sortedPositions[at];
        sum = addScaled(sum, of.slopes[position] * kernel, rowOf(other.factors, other.rowAt[position], of.vectors)[vector]);
      }
      sums[vector] = whole ? pulled(sum, of, batch.scale, pieceEnd - piece, rowOf(own.factors, row, of.vectors)[vector]) : sum;
    }
    if (own.bias && groups.lane == 0) {
      float sum = 0;
#pragma unroll 4
      for (long long at = piece; at < pieceEnd; at++) {
        sum += of.slopes[own.sortedPositions[at]];
      }
      if (begins) {
        own.biasGradient[row] = whole ? pulledBias(sum, of, batch.scale, pieceEnd - piece, own.bias[row]) : sum;
      } else {
        carried[of.vectors].x = sum;
      }
    }
    piece = pieceEnd;
  }
}

/// Adds to the first piece of each row those of the chunks after it. All pieces must be there.
__device__ __forceinline__ void carriedSums(const Batch& batch, const Side& own, const Slopes& of) {
  Group groups(of.group);
  const Chunks chunks(batch);
  long long end = batch.end();
  for (long long base = 1 + groups.first(); base < chunks.count; base += groups.count()) {
    int chunk = (int)base + groups.inBlock;
    if (chunk >= chunks.count) {
      continue;
    }
    long long begin = chunks.begin(chunk);
    int row = own.sortedRows[begin];
    if (own.sortedRows[begin - 1] != row || (chunk > 1 && own.sortedRows[chunks.begin(chunk - 1) - 1] == row)) {
      continue;  // no row goes on here, or the group at an earlier chunk does it all
    }
    // After the row's last.
    int last = chunk + runOf(chunks.count - chunk, [&](int next) { return own.sortedRows[chunks.begin(chunk + next)] == row; });
    long long first = begin - runOf((int)(begin - batch.start), [&](int before) { return own.sortedRows[begin - 1 - before] == row; });
    long long lastEnd = chunks.begin(last);
    long long count = endOfRow(own.sortedRows, chunks.begin(last - 1), lastEnd < end ? lastEnd : end) - first;
    for (int vector = groups.lane; vector < of.vectors; vector += of.group) {
      float4 sum = rowOf(own.gradient, row, of.vectors)[vector];
#pragma unroll 4
      for (int at = chunk; at < last; at++) {
        sum = addScaled(sum, 1, rowOf(own.carried, at - 1, of.vectors + 1)[vector]);
      }
      rowOf(own.gradient, row, of.vectors)[vector] = pulled(sum, of, batch.scale, count, rowOf(own.factors, row, of.vectors)[vector]);
    }
    if (own.bias && groups.lane == 0) {
      float sum = own.biasGradient[row];
#pragma unroll 4
      for (int at = chunk; at < last; at++) {
        sum += rowOf(own.carried, at - 1, of.vectors + 1)[of.vectors].x;
      }
      own.biasGradient[row] = pulledBias(sum, of, batch.scale, count, own.bias[row]);
    }
  }
}
