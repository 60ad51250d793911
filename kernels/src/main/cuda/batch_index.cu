// Which positions of a batch hold the same row: a stable sort by (batch, row), for many batches at once.
//
//   key(p) = (p / batchSize) << rowBits | rowAt[p]        positions p = 0 .. count - 1 of a window of whole batches
//
// Afterwards each batch is where it was, its positions grouped by row, and the positions of a row are still in the order of the batch.
// So whoever adds up a row's ratings in sorted order adds in the same order in every run, as the CPU backends do.
//
// It is a radix sort from the lowest digit (D. Merrill, A. Grimshaw, "High performance and scalable radix sorting", 2011) over 8-bit
// digits of the bits that the keys have. A pass: radix_count (each tile's digits), radix_scan (a warp a digit, over the tiles),
// radix_scatter. A tile is ITEMS keys a thread; each warp of a tile owns a piece of it, and goes over it 32 keys at a time, so that the
// rank of a key among its equals follows from a vote of the warp.
//
// Launch: radix_count and radix_scatter one block a tile of 16 blockDim keys, the latter with 160 bytes of dynamic shared memory a thread, so at most
// 256 threads; radix_scan a warp a digit; block sizes are multiples of 32. counts is [digit][tile], totals [digit].
// Bytes: a pass reads keys twice and positions once, and writes both: 20 a position; with 28-bit keys (ml-1m in batches of 32) four
// passes and index_keys: 92. 25 M ratings, 30-bit keys: 2.3 GB, 0.53 ms at 4.3 TB/s a side.
// Versions: 1. One sort a batch would be three launches a pass for a few thousand keys; a whole window costs the same launches. Each warp put its
//      keys straight where they belong: 139 us for 4.2 M positions on an H200, 12 % of a copy. 32 lanes write to 32 places, a sector each and two
//      times, 268 MB of sectors for 34 MB.
//   2. This one: keys and positions go to their places in the tile first, in shared memory, and then runs of some 16 to where they belong: 4 to 5
//      sectors for 32 lanes. Predicted: 30 to 40 us, the bytes' 16 and three latencies. Measured: 53 us, 30 % of a copy.
#include "rows.cuh"

constexpr int RADIX = 256;
constexpr int ITEMS = 16;

extern "C" __global__ void index_keys(
    Global<const int> rowAt, int count, int batchSize, int rowBits, Global<unsigned> keys, Global<int> positions) {
  int threads = gridDim.x * blockDim.x;
  for (int position = blockIdx.x * blockDim.x + threadIdx.x; position < count; position += threads) {
    keys[position] = (rowBits < 32 ? (unsigned)(position / batchSize) << rowBits : 0u) | (unsigned)rowAt[position];
    positions[position] = position;
  }
}

/// Counts the digits of a tile.
extern "C" __global__ void radix_count(Global<const unsigned> keys, int count, int shift, int tiles, Global<unsigned> counts) {
  __shared__ unsigned ofDigit[RADIX];
  for (int digit = threadIdx.x; digit < RADIX; digit += blockDim.x) {
    ofDigit[digit] = 0;
  }
  __syncthreads();
  long long tile = (long long)blockIdx.x * blockDim.x * ITEMS;
  for (int item = 0; item < ITEMS; item++) {
    long long at = tile + (long long)item * blockDim.x + threadIdx.x;
    if (at < count) {
      atomicAdd(&ofDigit[keys[at] >> shift & (RADIX - 1)], 1u);
    }
  }
  __syncthreads();
  for (int digit = threadIdx.x; digit < RADIX; digit += blockDim.x) {
    counts[(long long)digit * tiles + blockIdx.x] = ofDigit[digit];
  }
}

/// The sum of x over the lanes of the warp up to this one. Every lane of the warp must call it.
__device__ __forceinline__ unsigned sumThroughLane(unsigned x) {
  int lane = threadIdx.x & (WARP - 1);
  for (int offset = 1; offset < WARP; offset <<= 1) {
    unsigned before = __shfl_up_sync(ALL_LANES, x, offset);
    x += lane >= offset ? before : 0;
  }
  return x;
}

/// The sum of x over the threads of the block before this one, and the whole sum. Every thread of the block must call it.
__device__ unsigned sumBefore(unsigned x, unsigned* total) {
  __shared__ unsigned ofWarp[WARP];
  int lane = threadIdx.x & (WARP - 1);
  unsigned through = sumThroughLane(x);
  __syncthreads();
  if (lane == WARP - 1) {
    ofWarp[threadIdx.x / WARP] = through;
  }
  __syncthreads();
  unsigned sum = 0;
  unsigned warpsBefore = 0;
  for (unsigned warp = 0; warp < blockDim.x / WARP; warp++) {
    warpsBefore += warp < threadIdx.x / WARP ? ofWarp[warp] : 0;
    sum += ofWarp[warp];
  }
  *total = sum;
  return warpsBefore + through - x;
}

/// Turns a digit's counts into the numbers of such digits in the tiles before, and leaves their sum. A warp has a digit.
extern "C" __global__ void radix_scan(Global<unsigned> counts, int tiles, Global<unsigned> totals) {
  int lane = threadIdx.x & (WARP - 1);
  int digit = blockIdx.x * (blockDim.x / WARP) + threadIdx.x / WARP;
  if (digit >= RADIX) {
    return;
  }
  Global<unsigned> ofTile = counts + (long long)digit * tiles;
  unsigned before = 0;
  for (int first = 0; first < tiles; first += WARP) {
    int tile = first + lane;
    unsigned count = tile < tiles ? ofTile[tile] : 0;
    unsigned through = sumThroughLane(count);
    if (tile < tiles) {
      ofTile[tile] = before + through - count;
    }
    before += __shfl_sync(ALL_LANES, through, WARP - 1);
  }
  if (lane == 0) {
    totals[digit] = before;
  }
}

/// The lanes of the warp whose digit is this one's; lanes without a key come with a digit of -1.
__device__ __forceinline__ unsigned lanesWith(int digit) {
  unsigned same = __ballot_sync(ALL_LANES, digit >= 0);
#pragma unroll
  for (int bit = 0; bit < 8; bit++) {
    unsigned ones = __ballot_sync(ALL_LANES, digit >> bit & 1);
    same &= digit >> bit & 1 ? ones : ~ones;
  }
  return same;
}

/// Puts each key of a tile, with its position, where it belongs: first within the tile, so that keys with a digit are then written side by side.
extern "C" __global__ void radix_scatter(
    Global<const unsigned> keys,
    Global<const int> positions,
    int count,
    int shift,
    int tiles,
    Global<const unsigned> counts,
    Global<const unsigned> totals,
    Global<unsigned> sortedKeys,
    Global<int> sortedPositions) {
  DYNAMIC_SHARED(unsigned, next);  // [warp][digit]: first the warp's counts, then the place in the tile of its next such key
  const int warps = blockDim.x / WARP;
  unsigned* const tileKeys = next + warps * RADIX;
  int* const tilePositions = reinterpret_cast<int*>(tileKeys + blockDim.x * ITEMS);
  __shared__ unsigned target[RADIX];  // where a digit's first key of the tile goes, less its place in the tile
  const int lane = threadIdx.x & (WARP - 1);
  unsigned* const ofWarp = next + threadIdx.x / WARP * RADIX;
  for (int at = threadIdx.x; at < warps * RADIX; at += blockDim.x) {
    next[at] = 0;
  }
  __syncthreads();
  const long long tile = (long long)blockIdx.x * blockDim.x * ITEMS;
  const long long piece = tile + (long long)(threadIdx.x / WARP) * WARP * ITEMS + lane;
  unsigned key[ITEMS];
  int position[ITEMS];
#pragma unroll
  for (int item = 0; item < ITEMS; item++) {
    const long long at = piece + item * WARP;
    key[item] = at < count ? keys[at] : 0;
    position[item] = at < count ? positions[at] : 0;
    if (at < count) {
      atomicAdd(&ofWarp[key[item] >> shift & (RADIX - 1)], 1u);
    }
  }
  __syncthreads();
  unsigned smaller = 0;  // digits, in all tiles
  unsigned smallerInTile = 0;
  for (int first = 0; first < RADIX; first += blockDim.x) {
    const int digit = first + threadIdx.x;
    unsigned inTile = 0;
    for (int warp = 0; digit < RADIX && warp < warps; warp++) {
      inTile += next[warp * RADIX + digit];
    }
    unsigned total;
    unsigned totalOfTile;
    const unsigned start = smaller + sumBefore(digit < RADIX ? totals[digit] : 0, &total);
    unsigned place = smallerInTile + sumBefore(inTile, &totalOfTile);
    if (digit < RADIX) {
      target[digit] = start + counts[(long long)digit * tiles + blockIdx.x] - place;
      for (int warp = 0; warp < warps; warp++) {
        const unsigned ofThis = next[warp * RADIX + digit];
        next[warp * RADIX + digit] = place;
        place += ofThis;
      }
    }
    smaller += total;
    smallerInTile += totalOfTile;
  }
  __syncthreads();
#pragma unroll
  for (int item = 0; item < ITEMS; item++) {
    const int digit = piece + item * WARP < count ? (int)(key[item] >> shift & (RADIX - 1)) : -1;
    const unsigned same = lanesWith(digit);
    const int rank = __popc(same & ((1u << lane) - 1));
    const unsigned place = digit >= 0 ? ofWarp[digit] + rank : 0;
    __syncwarp();
    if (digit >= 0) {
      if (rank == 0) {
        ofWarp[digit] += __popc(same);
      }
      tileKeys[place] = key[item];
      tilePositions[place] = position[item];
    }
    __syncwarp();
  }
  __syncthreads();
  const int size = min((int)blockDim.x * ITEMS, (int)(count - tile));
  for (int place = threadIdx.x; place < size; place += blockDim.x) {
    const unsigned of = tileKeys[place];
    const unsigned to = target[of >> shift & (RADIX - 1)] + place;
    sortedKeys[to] = of;
    sortedPositions[to] = tilePositions[place];
  }
}

/// The rows of sorted keys.
extern "C" __global__ void index_rows(Global<const unsigned> sortedKeys, int count, int rowBits, Global<int> sortedRows) {
  unsigned mask = rowBits < 32 ? (1u << rowBits) - 1 : ~0u;
  int threads = gridDim.x * blockDim.x;
  for (int at = blockIdx.x * blockDim.x + threadIdx.x; at < count; at += threads) {
    sortedRows[at] = (int)(sortedKeys[at] & mask);
  }
}
