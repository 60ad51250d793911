// The best items for each of a tile of users, exact, in three steps:
//
//   score_items    scores[u][i] = w (p_u . q_i) + b + offset, or p_u . q_i + b_u + b_i + offset, of every item
//   exclude_items  scores[u][i] = EXCLUDED, which is no score, for the items that the user's answer leaves out
//   select_items   the n highest of each row of scores, best first, equal scores by ascending item; n up to 1024
//
// score_items is a matrix product: a block has 64 users x 64 items, a thread 4 x 4 of them in registers, and each turn takes 16 factors
// of both through shared memory, transposed, so that a thread reads its four users and four items as float4. A score is one chain of
// fused multiply-adds in the order of the factors: the same bits for every tile shape. A warp stores 8 rows of 4 parts at a time, a part being
// 4 factors: parts lie 8 words apart in banks, so that these are 32 banks of shared memory, and not 8 of them four times.
//
// select_items finds the n-th key by a radix select over 8-bit digits (four passes over the row, in L2), then collects the keys
// above it in any order and those equal to it from the lowest item up, and sorts what it collected in shared memory. A key is the score's
// bits made ascending; sorting takes (key, item) as one 64-bit number, so ties are decided by the item without a second look.
//
// Where cuBLAS is at hand it takes the place of the first step. Its sums are in an order of its own, so it only finds candidates:
//
//   gather_users   the factors of a tile of users, one below the other, and of each user a bound on what the two ways to sum can differ by
//   (cuBLAS)       scores[u][i] = p_u . q_i, nearly
//   exclude_items  as above
//   select_near    adds what the model adds; takes every item whose score is within twice the bound of the n-th highest, or better; computes
//                  these scores anew, by score_items' chain; and sorts. found[u] is -1 where that cannot be done: more than 1024 candidates, no
//                  bound, or a candidate off by more than its bound; such a user is for score_items.
//
// Let s be a score as score_items has it, t the one from cuBLAS, |s - t| <= E for all items of a user, and T the n-th highest t. Then n items have
// t >= T, so s >= T - E, and the n-th highest s is not below T - E. So an item of the answer has s >= T - E, thus t >= T - 2 E: it is a candidate.
// A sum of k products in any order, fused or not, is off by at most k u |p| |q| / (1 - k u), u = 2^-24 (N. Higham, "Accuracy and stability of
// numerical algorithms", 2002, section 3.1); ScoreBound.java makes E of that.
//
// Layout: rows.cuh; scores users x items, row-major, 64-bit offsets. Launch: score_items grid (items / 64, users / 64), 256 threads;
// exclude_items one block a user; select_items and select_near one block a user, of a multiple of 32 threads; gather_users a warp a user.
// Bytes and operations: 2 k operations a score: 10,000 users x 27,000 items at k = 64: 35 GFLOP, 0.6 ms at 60 TFLOP/s; scores 1.1 GB
// written once and read about six times: 1.8 ms at 4.3 TB/s where a tile of users does not fit L2; tiles of 256 users (28 MB) do.
// select_near reads a tile once more and writes it once, in L2, and gathers the rows of the candidates, n or a few more a user.
// Versions: 1. score_items and select_items. 2. cuBLAS and select_near where a machine has it: score_items has 4 x 4 scores a thread, by estimate
// at most half of the peak; cuBLAS has larger tiles, made for each chip. 3. Parts of a tile are padded: a block's turn stored in 256
// cycles of shared memory and reads in 384; now it stores in 64. Predicted: shared memory takes some 450 cycles a turn in place of 640, below the
// 512 of multiply-adds; a fifth less time. Not measured.
#include "rows.cuh"

constexpr int TILE = 64;
constexpr int DEPTH = 16;
constexpr int MOST = 1024;
// The bits that stand where an item is excluded. They are a NaN's, but none that arithmetic makes, so that an infinite score is a score like others.
constexpr int EXCLUDED = -1;

/// Factor f of row r is at [f / 4][f % 4 * TILE + r].
using Tile = float[DEPTH / 4][4 * TILE + 8];

/// Loads 64 rows x 16 factors into a transposed tile, a float4 a thread. Rows past the end and factors past the padding are zero.
__device__ __forceinline__ void loadTile(
    Tile& tile, Global<const float4> table, Global<const int> rowAt, int first, int count, int vectors, int vector) {
  int row = threadIdx.x / 4;
  int part = threadIdx.x % 4;
  float4 x = make_float4(0, 0, 0, 0);
  if (first + row < count && vector + part < vectors) {
    long long at = rowAt ? rowAt[first + row] : first + row;
    x = table[at * vectors + vector + part];
  }
  tile[part][row] = x.x;
  tile[part][TILE + row] = x.y;
  tile[part][2 * TILE + row] = x.z;
  tile[part][3 * TILE + row] = x.w;
}

/// What a model adds to all scores of a user.
__device__ __forceinline__ float constantOf(int user, Global<const float> userBias, Global<const float> head, float offset) {
  return offset + (head ? head[1] : userBias[user]);
}

/// The score that a dot product makes.
__device__ __forceinline__ float scoreOf(float dot, float constant, int item, Global<const float> itemBias, Global<const float> head) {
  return head ? fmaf(head[0], dot, constant) : dot + (constant + itemBias[item]);
}

extern "C" __global__ void __launch_bounds__(256) score_items(
    Global<const float> userFactors,
    Global<const float> itemFactors,
    int vectors,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float offset,
    Global<const int> users,
    int userCount,
    int itemCount,
    Global<float> scores) {
  __shared__ Tile ofUsers;
  __shared__ Tile ofItems;
  int firstItem = blockIdx.x * TILE;
  int firstUser = blockIdx.y * TILE;
  int itemQuad = threadIdx.x % 16 * 4;
  int userQuad = threadIdx.x / 16 * 4;
  float sums[4][4] = {};
  for (int vector = 0; vector < vectors; vector += DEPTH / 4) {
    __syncthreads();  // the tiles of the turn before have been read
    loadTile(ofUsers, as4(userFactors), users, firstUser, userCount, vectors, vector);
    loadTile(ofItems, as4(itemFactors), nullptr, firstItem, itemCount, vectors, vector);
    __syncthreads();
#pragma unroll
    for (int factor = 0; factor < DEPTH; factor++) {
      float p[4];
      float q[4];
#pragma unroll
      for (int at = 0; at < 4; at++) {
        p[at] = ofUsers[factor / 4][factor % 4 * TILE + userQuad + at];
        q[at] = ofItems[factor / 4][factor % 4 * TILE + itemQuad + at];
      }
#pragma unroll
      for (int u = 0; u < 4; u++) {
#pragma unroll
        for (int i = 0; i < 4; i++) {
          sums[u][i] = fmaf(p[u], q[i], sums[u][i]);
        }
      }
    }
  }
#pragma unroll
  for (int u = 0; u < 4; u++) {
    int at = firstUser + userQuad + u;
    if (at >= userCount) {
      break;
    }
    float constant = constantOf(users[at], userBias, head, offset);
#pragma unroll
    for (int i = 0; i < 4; i++) {
      int item = firstItem + itemQuad + i;
      if (item < itemCount) {
        scores[(long long)at * itemCount + item] = scoreOf(sums[u][i], constant, item, itemBias, head);
      }
    }
  }
}

/// excluded[offsets[u] .. offsets[u + 1] - 1] are the items that row u of the scores leaves out.
extern "C" __global__ void exclude_items(
    Global<const long long> offsets, Global<const int> excluded, int itemCount, Global<float> scores) {
  long long end = offsets[blockIdx.x + 1];
  for (long long at = offsets[blockIdx.x] + threadIdx.x; at < end; at += blockDim.x) {
    scores[(long long)blockIdx.x * itemCount + excluded[at]] = __int_as_float(EXCLUDED);
  }
}

/// A float's bits in an order that is the float's, as unsigned numbers: first EXCLUDED, as 0, then -infinity.
__device__ __forceinline__ unsigned ascending(float x) {
  unsigned bits = __float_as_uint(x);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

constexpr unsigned EXCLUDED_KEY = ~(unsigned)EXCLUDED;

__device__ __forceinline__ float fromAscending(unsigned key) {
  return __uint_as_float(key & 0x80000000u ? key & 0x7fffffffu : ~key);
}

/// The highest key of which at least `wanted` of the row are not below it; how many of those equal to it are wanted goes to `equal`.
__device__ unsigned selectKey(Global<const float> row, int count, int wanted, int* equal) {
  __shared__ unsigned ofDigit[256];
  __shared__ unsigned chosen;
  __shared__ int left;
  unsigned prefix = 0;
  for (int shift = 24; shift >= 0; shift -= 8) {
    for (int digit = threadIdx.x; digit < 256; digit += blockDim.x) {
      ofDigit[digit] = 0;
    }
    __syncthreads();
    unsigned above = shift == 24 ? 0 : ~0u << (shift + 8);
    for (int item = threadIdx.x; item < count; item += blockDim.x) {
      unsigned key = ascending(row[item]);
      if ((key & above) == prefix) {
        atomicAdd(&ofDigit[key >> shift & 255], 1u);
      }
    }
    __syncthreads();
    if (threadIdx.x == 0) {
      int digit = 255;
      while (digit > 0 && wanted > (int)ofDigit[digit]) {
        wanted -= (int)ofDigit[digit--];
      }
      chosen = prefix | (unsigned)digit << shift;
      left = wanted;
    }
    __syncthreads();
    prefix = chosen;
    wanted = left;
    __syncthreads();
  }
  *equal = wanted;
  return prefix;
}

/// How many threads before this one in the block are marked, and how many are marked at all. Every thread of the block must call it.
__device__ int marksBefore(bool marked, int* total) {
  __shared__ int ofWarp[WARP];
  unsigned votes = __ballot_sync(ALL_LANES, marked);
  int lane = threadIdx.x & (WARP - 1);
  int warp = threadIdx.x / WARP;
  __syncthreads();
  if (lane == 0) {
    ofWarp[warp] = __popc(votes);
  }
  __syncthreads();
  int before = __popc(votes & ((1u << lane) - 1));
  int all = 0;
  for (int of = 0; of < (int)blockDim.x / WARP; of++) {
    before += of < warp ? ofWarp[of] : 0;
    all += ofWarp[of];
  }
  *total = all;
  return before;
}

/// Sorts in shared memory; what follows the first `count`, up to the next power of two, is not below them.
__device__ void sortAscending(unsigned long long* best, int count) {
  int size = 1;
  while (size < count) {
    size *= 2;
  }
  // Bitonic: pairs at a distance, ever longer ascending and descending runs (K. Batcher, "Sorting networks", 1968).
  for (int run = 2; run <= size; run *= 2) {
    for (int distance = run / 2; distance > 0; distance /= 2) {
      for (int at = threadIdx.x; at < size; at += blockDim.x) {
        int other = at ^ distance;
        if (other > at) {
          unsigned long long x = best[at];
          unsigned long long y = best[other];
          if ((x > y) == ((at & run) == 0)) {
            best[at] = y;
            best[other] = x;
          }
        }
      }
      __syncthreads();
    }
  }
}

/// A score and its item as one number: descending scores, ascending items.
__device__ __forceinline__ unsigned long long rankOf(float score, int item) {
  return (unsigned long long)~ascending(score) << 32 | (unsigned)item;
}

__device__ __forceinline__ float scoreOfRank(unsigned long long rank) { return fromAscending(~(unsigned)(rank >> 32)); }

/// The `n` best of each row: items[u][0 .. found[u] - 1] and their scores; found[u] < n where fewer are not excluded.
extern "C" __global__ void select_items(
    Global<const float> scores, int itemCount, int n, Global<int> items, Global<float> bestScores, Global<int> found) {
  __shared__ unsigned long long best[MOST];
  __shared__ int collected;
  Global<const float> row = scores + (long long)blockIdx.x * itemCount;
  for (int at = threadIdx.x; at < MOST; at += blockDim.x) {
    best[at] = ~0ull;  // after everything that is collected
  }
  if (threadIdx.x == 0) {
    collected = 0;
  }
  __syncthreads();
  int equal;
  unsigned last = selectKey(row, itemCount, min(n, itemCount), &equal);
  int taken = 0;
  for (int first = 0; first < itemCount; first += blockDim.x) {
    int item = first + threadIdx.x;
    unsigned key = item < itemCount ? ascending(row[item]) : EXCLUDED_KEY;
    bool in = key != EXCLUDED_KEY;
    int ties;
    int rank = marksBefore(in && key == last, &ties);
    if (in && (key > last || (key == last && taken + rank < equal))) {
      best[atomicAdd(&collected, 1)] = rankOf(row[item], item);
    }
    taken += ties;
  }
  __syncthreads();
  sortAscending(best, collected);
  for (int at = threadIdx.x; at < collected; at += blockDim.x) {
    items[(long long)blockIdx.x * n + at] = (int)(unsigned)best[at];
    bestScores[(long long)blockIdx.x * n + at] = scoreOfRank(best[at]);
  }
  if (threadIdx.x == 0) {
    found[blockIdx.x] = collected;
  }
}

/// Rows of users into tile[0 .. userCount - 1], and bounds[u] = slope |p_u| + base, infinite where |p_u| is longer than `longest` or no number.
extern "C" __global__ void gather_users(
    Global<const float> userFactors,
    int vectors,
    Global<const int> users,
    int userCount,
    double slope,
    double base,
    double longest,
    Global<float> tile,
    Global<float> bounds) {
  Group warps(WARP);
  for (long long first = warps.first(); first < userCount; first += warps.count()) {
    long long user = first + warps.inBlock;
    double squares = 0;  // in double no square of a float overflows, or vanishes
    if (user < userCount) {
      Global<const float4> from = rowOf(as4(userFactors), users[user], vectors);
      Global<float4> to = rowOf(as4(tile), user, vectors);
      for (int vector = warps.lane; vector < vectors; vector += WARP) {
        float4 x = from[vector];
        to[vector] = x;
        squares += (double)x.x * x.x + (double)x.y * x.y + (double)x.z * x.z + (double)x.w * x.w;
      }
    }
    double length = sqrt(sumOverGroup(squares, WARP));
    if (user < userCount && warps.lane == 0) {
      bounds[user] = length <= longest ? (float)(slope * length + base) : __int_as_float(0x7f800000);
    }
  }
}

/// The `n` best of each row of dot products that are near the right ones: as select_items has them, of the scores that score_items computes.
/// The products become scores. found[u] is -1 where row u has no answer.
extern "C" __global__ void select_near(
    Global<float> scores,
    int itemCount,
    int n,
    Global<const float> bounds,
    Global<const float> userFactors,
    Global<const float> itemFactors,
    int vectors,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float offset,
    Global<const int> users,
    Global<int> items,
    Global<float> bestScores,
    Global<int> found) {
  __shared__ unsigned long long best[MOST];
  __shared__ int candidates[MOST];
  __shared__ int collected;
  __shared__ int astray;
  Global<float> row = scores + (long long)blockIdx.x * itemCount;
  int user = users[blockIdx.x];
  float bound = bounds[blockIdx.x];
  if (!(bound < __int_as_float(0x7f800000))) {
    if (threadIdx.x == 0) {
      found[blockIdx.x] = -1;
    }
    return;
  }
  float constant = constantOf(user, userBias, head, offset);
  for (int item = threadIdx.x; item < itemCount; item += blockDim.x) {
    float dot = row[item];
    if (__float_as_int(dot) != EXCLUDED) {
      row[item] = scoreOf(dot, constant, item, itemBias, head);
    }
  }
  for (int at = threadIdx.x; at < MOST; at += blockDim.x) {
    best[at] = ~0ull;  // after everything that is collected
  }
  if (threadIdx.x == 0) {
    collected = 0;
    astray = 0;
  }
  __syncthreads();
  int equal;
  unsigned last = selectKey(row, itemCount, min(n, itemCount), &equal);
  // Where fewer than n are left all of them are candidates.
  float least = last == EXCLUDED_KEY ? -__int_as_float(0x7f800000) : (float)((double)fromAscending(last) - 2.0 * bound);
  for (int item = threadIdx.x; item < itemCount; item += blockDim.x) {
    if (row[item] >= least) {  // which EXCLUDED, a NaN, never is
      int at = atomicAdd(&collected, 1);
      if (at < MOST) {
        candidates[at] = item;
      }
    }
  }
  __syncthreads();
  int count = collected;
  if (count <= MOST) {
    for (int at = threadIdx.x; at < count; at += blockDim.x) {
      int item = candidates[at];
      float dot = partOfDot(rowOf(as4(userFactors), user, vectors), rowOf(as4(itemFactors), item, vectors), vectors, 1, 0);
      float score = scoreOf(dot, constant, item, itemBias, head);
      if (!(fabs((double)score - row[item]) <= bound)) {
        astray = 1;  // by whichever threads, the same
      }
      best[at] = rankOf(score, item);
    }
  }
  __syncthreads();
  if (count > MOST || astray) {
    if (threadIdx.x == 0) {
      found[blockIdx.x] = -1;
    }
    return;
  }
  sortAscending(best, count);
  for (int at = threadIdx.x; at < min(n, count); at += blockDim.x) {
    items[(long long)blockIdx.x * n + at] = (int)(unsigned)best[at];
    bestScores[(long long)blockIdx.x * n + at] = scoreOfRank(best[at]);
  }
  if (threadIdx.x == 0) {
    found[blockIdx.x] = min(n, count);
  }
}
