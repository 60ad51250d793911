// An update a rating, in the order of a RatingGrid: a launch is a round of the grid, a warp does one of its blocks after the other.
//
// The math is that of ratings.cu, which lets groups of lanes run into each other's rows. Here blocks of a round share no row, and the ratings of
// a block are visited one after the other: nothing is atomic but a counter, and the bits do not depend on the launch.
//
// Layout: tables of rows.cuh, row by row as in the ratings. The ratings lie in the grid's order, `words` ints or floats each: user, item, value
// and, with weights, weight. `blocks` has the first position and the end of each block, round after round, `blocksOfRound` pairs a round.
// A lane of the warp has two numbers of every 64 of a row, so that a row of 64 is one access of all lanes. `squaredErrors` gets a double a
// block of the grid; the last block of the launch adds them up, in an order that depends on their number alone, and `stop` is set as in totals.cu.
//
// A rating waits for the one before it where they share a row: a chain, whose links are the latency that counts. With the ratings item by
// item the item's row stays in registers, and is written when another item comes; users' rows follow each other. So that a rating waits
// for no memory, its rows are asked for AHEAD ratings before, and its indices AHEAD before that. A row that was asked for before its
// last update came is read again: rare, since within an item every user is another.
//
// Factors may be halves (halves.cuh; kernels named `half`): widened when their rating comes, rounded when another row's does or the block ends, so
// that in between a row is one of floats, whichever kernel has it. All else is in floats. A lane's two numbers are one access of 4 bytes; a row
// of 64 is one of 128.
//
// Launch: any grid, blocks of a multiple of 32 threads, up to 256: registers are the limit. The number in a kernel's name is how many times a
// lane has its two numbers of a row: 1, 2 or 4 for k up to 64, 128 or 256; `long` reads rows of any length twice instead. `half_round_long` wants
// two rows of floats of dynamic shared memory a warp, and so up to 128 threads for k = 1024.
//
// Predicted for an H100 or H200 (132 multiprocessors, 1.75 GHz, 3.3 or 4.8 TB/s), 25 M ratings of 162,000 users and 59,000 items with
// MovieLens' skew, whose hottest item has 81,000 ratings, k = 64, 512 stripes:
//   A link of the chain: 2 fmas, 5 shuffles of 23 cycles and 5 sums of 4, the error, the slope and 2 fmas: 180 cycles, 100 ns; with
//   a square root and a division of IEEE's, for all but sgd, 330 cycles, 190 ns. The hottest item has a block of 159 ratings in
//   every round; the longest block of a round has some 170, 87,000 in all, where the others' have 95. So 9 ms, or 17 ms. With less than 300
//   stripes the others would be as long.
//   A round ends and begins: launch 2 us, first indices and rows 2 us, the last block's sum 2 us: 512 of them 3 ms.
//   Bytes: the user's row each way, the item's now and then, indices: 540 to 1,080 for sgd, 1,600 to 3,200 for lazy Adam, so 13 to 27 GB, or
//   40 to 80 GB: 3 to 8 ms, or 8 to 24 ms, less what L2 holds; beside the chain, not after it. So:
//     sgd                 12 ms an epoch, 2.1 G ratings/s: the chain
//     adagrad a row       20 ms, 1.25 G/s: the chain
//     adagrad, lazy Adam  20 ms, 1.25 G/s: the chain, on an H100 the bytes about as much
//   Halves, sgd: an update reads and writes at most this much, of which an item's half mostly stays in registers, and the chain is a few cycles
//   longer, by two widenings beside each other (and by two fmas more at k = 128):
//                      bytes an update    an epoch's           H100          H200          the chain and the ends of rounds
//     k = 64, floats   540 to 1,080       13 to 27 GB          4 to 8 ms     3 to 5 ms     12 ms: 2.1 G/s
//     k = 64, halves   280 to 540         7 to 14 GB           2 to 4 ms     1.5 to 3 ms   12 ms: 2.1 G/s
//     k = 128, floats  1,050 to 2,080     26 to 52 GB          8 to 16 ms    5 to 11 ms    12.5 ms: 2.0 G/s, on an H100 the bytes about as much
//     k = 128, halves  540 to 1,050       13 to 26 GB          4 to 8 ms     3 to 5 ms     12.5 ms: 2.0 G/s
//   So with MovieLens' skew halves gain what an H100 loses to bytes at k = 128, and half the memory of the factors; without a hot item, whose chain
//   is the limit here, they gain up to twice.
//   ml-1m-split (900,189 ratings, hottest item 3,075): 167 stripes of 32 ratings a block; counted on the host, the longest blocks of all rounds
//   have 7,666 ratings, an item has 3 of them one after the other, and a row was asked for too early 13 times in 100: 1.8 ms, 510 M/s for sgd,
//   half of it the ends of rounds.
// Versions: 1. this one. Not yet on a GPU, neither floats nor halves. Each optimizer has a file of its own, and another for halves, since a driver
// compiles a file as a whole: 2 s for all of them with floats.
// What to try there: two items of a block in turn, if the chain is it; half the rounds, if their ends are.
#pragma once

#include "halves.cuh"
#include "ratings.cuh"

/// A rating of the grid.
struct Rating {
  int user;
  int item;
  float value;
  float weight;
};

__device__ __forceinline__ Rating readRating(Global<const int> ratings, int words, long long at, long long end) {
  Rating rating{0, 0, 0, 1};
  if (at < end) {
    Global<const int> word = ratings + at * words;
    rating.user = word[0];
    rating.item = word[1];
    rating.value = __int_as_float(word[2]);
    if (words > 3) {
      rating.weight = __int_as_float(word[3]);
    }
  }
  return rating;
}

/// How long rows are.
struct Shape {
  /// float2 from a row to the next.
  int stride;
  /// float2 of a row that are not padding.
  int pairs;
  /// 1 / k
  float perFactor;
};

constexpr float2 NO_PAIR = {0, 0};

/// x . y + sum
__device__ __forceinline__ float dot(float2 x, float2 y, float sum) { return fmaf(x.y, y.y, fmaf(x.x, y.x, sum)); }

/// A bias with the optimizer's numbers, in every lane.
template <class Rule>
struct Bias {
  float weight;
  float first;
  float second;

  template <class Factor>
  __device__ __forceinline__ void load(const SideTables<Factor>& side, int row) {
    weight = side.bias[row];
    first = Rule::BIAS_SLOTS > 0 ? side.biasFirst[row] : 0;
    second = Rule::BIAS_SLOTS > 1 ? side.biasSecond[row] : 0;
  }

  __device__ __forceinline__ void move(float slope, const Step& step) {
    Rule::move(weight, fmaf(step.biasShrink, weight, slope), first, second, step);
  }

  template <class Factor>
  __device__ __forceinline__ void store(const SideTables<Factor>& side, int row) const {
    side.bias[row] = weight;
    if (Rule::BIAS_SLOTS > 0) {
      side.biasFirst[row] = first;
    }
    if (Rule::BIAS_SLOTS > 1) {
      side.biasSecond[row] = second;
    }
  }
};

/// Moves two numbers of a row, whose gradient is slope x other + shrink x themselves.
template <class Rule>
__device__ __forceinline__ void movePair(float2& own, float2 other, float2& first, float2& second, float slope, float pace, const Step& step) {
  float gx = fmaf(slope, other.x, step.shrink * own.x);
  float gy = fmaf(slope, other.y, step.shrink * own.y);
  if (Rule::BY_ROW) {
    own.x = fmaf(-pace, gx, own.x);
    own.y = fmaf(-pace, gy, own.y);
  } else {
    Rule::move(own.x, gx, first.x, second.x, step);
    Rule::move(own.y, gy, first.y, second.y, step);
  }
}

/// The rate of a row that has one G, which grows by the mean square of its gradient: |s q + c p|^2 = s^2 |q|^2 + 2 s c p.q + c^2 |p|^2.
__device__ __forceinline__ float paceOf(float& sum, float own, float other, float dot, float slope, float perFactor, const Step& step) {
  float c = step.shrink;
  float squares = fmaf(slope * slope, other, fmaf(c * c, own, 2 * slope * c * dot));
  sum += fmaxf(squares, 0) * perFactor;  // rounding can leave a sum of squares below 0
  return step.rate / (sqrtf(sum) + step.epsilon);
}

/// What a lane holds of a row, with the optimizer's numbers. Pair: of factors, as they are in memory on the way from there, then as floats. A half is
/// widened when its rating comes and not before: who looks at a number that was asked for waits for it.
template <class Rule, int HELD, class Pair>
struct Row {
  static constexpr int FIRST = Rule::SLOTS > 0 ? HELD : 1;
  static constexpr int SECOND = Rule::SLOTS > 1 ? HELD : 1;

  Pair factors[HELD];
  float2 first[FIRST];
  float2 second[SECOND];
  Bias<Rule> bias;
  /// G of the row, in every lane.
  float sum;

  template <class Factor>
  __device__ __forceinline__ void load(const SideTables<Factor>& side, int row, const Shape& shape, int lane) {
    long long start = (long long)row * shape.stride;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      int pair = lane + held * WARP;
      bool own = pair < shape.pairs;
      factors[held] = own ? as<Pair>(side.factors)[start + pair] : Stored<Factor>::rounded(NO_PAIR);
      if (Rule::SLOTS > 0) {
        first[held] = own ? as<float2>(side.first)[start + pair] : NO_PAIR;
      }
      if (Rule::SLOTS > 1) {
        second[held] = own ? as<float2>(side.second)[start + pair] : NO_PAIR;
      }
    }
    bias.load(side, row);
    sum = Rule::BY_ROW ? side.first[row] : 0;
  }

  /// Becomes a row that has come from memory.
  template <class Factor>
  __device__ __forceinline__ void take(const Row<Rule, HELD, typename Stored<Factor>::Pair>& row) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = Stored<Factor>::widened(row.factors[held]);
      if (Rule::SLOTS > 0) {
        first[held] = row.first[held];
      }
      if (Rule::SLOTS > 1) {
        second[held] = row.second[held];
      }
    }
    bias = row.bias;
    sum = row.sum;
  }

  template <class Factor>
  __device__ __forceinline__ void store(const SideTables<Factor>& side, int row, const Shape& shape, int lane) const {
    long long start = (long long)row * shape.stride;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      int pair = lane + held * WARP;
      if (pair < shape.pairs) {
        as<typename Stored<Factor>::Pair>(side.factors)[start + pair] = Stored<Factor>::rounded(factors[held]);
        if (Rule::SLOTS > 0) {
          as<float2>(side.first)[start + pair] = first[held];
        }
        if (Rule::SLOTS > 1) {
          as<float2>(side.second)[start + pair] = second[held];
        }
      }
    }
    if (lane == 0) {
      bias.store(side, row);
      if (Rule::BY_ROW) {
        side.first[row] = sum;
      }
    }
  }

  __device__ __forceinline__ void move(const float2 (&other)[HELD], float slope, float pace, const Shape& shape, int lane, const Step& step) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      if (lane + held * WARP < shape.pairs) {
        float2& x = first[Rule::SLOTS > 0 ? held : 0];
        float2& y = second[Rule::SLOTS > 1 ? held : 0];
        movePair<Rule>(factors[held], other[held], x, y, slope, pace, step);
      }
    }
    bias.move(slope, step);
  }
};

/// The rows of one side, of the rating at hand and of the AHEAD ratings after it.
template <class Rule, class Factor, int HELD, int AHEAD>
struct SideRows {
  const SideTables<Factor>& side;
  const Shape& shape;
  int lane;
  /// The row in `now`, or -1.
  int current;
  Row<Rule, HELD, float2> now;
  Row<Rule, HELD, typename Stored<Factor>::Pair> coming[AHEAD];
  /// The rows of the last AHEAD ratings: those that a row on its way may have missed an update of.
  int before[AHEAD];
  /// The row asked for last, or -1.
  int asked;

  __device__ __forceinline__ SideRows(const SideTables<Factor>& side, const Shape& shape, int lane)
      : side(side), shape(shape), lane(lane), current(-1), asked(-1) {
#pragma unroll
    for (int at = 0; at < AHEAD; at++) {
      before[at] = -1;
    }
  }

  /// Asks for the row of the rating AHEAD of the one at hand. A row that follows itself is in `now` by then.
  __device__ __forceinline__ void ask(int place, int row) {
    if (row != asked) {
      coming[place].load(side, row, shape, lane);
      asked = row;
    }
  }

  /// Writes the row at hand, if the next rating has another.
  __device__ __forceinline__ void leave(int row) {
    if (current >= 0 && row != current) {
      now.store(side, current, shape, lane);
    }
  }

  /// Makes the row of the next rating the one at hand. After `leave` and a __syncwarp.
  __device__ __forceinline__ void enter(int place, int row) {
    if (row != current) {
      bool missed = false;
#pragma unroll
      for (int at = 0; at < AHEAD; at++) {
        missed |= before[at] == row;
      }
      if (missed) {
        coming[place].load(side, row, shape, lane);
      }
      now.template take<Factor>(coming[place]);
      current = row;
    }
    before[place] = row;
  }
};

/// Visits the ratings at from .. end - 1 and returns the sum of a e^2, each before its update. Every lane of the warp must call it.
template <class Rule, class Factor, int HELD, int AHEAD>
__device__ __forceinline__ double visit(
    const SideTables<Factor>& userSide, const SideTables<Factor>& itemSide, const Shape& shape, float offset, Global<const int> ratings, int words,
    long long from, long long end, int lane, const Step& step) {
  SideRows<Rule, Factor, HELD, AHEAD> users(userSide, shape, lane);
  SideRows<Rule, Factor, HELD, AHEAD> items(itemSide, shape, lane);
  Rating coming[AHEAD];
  Rating after[AHEAD];
#pragma unroll
  for (int place = 0; place < AHEAD; place++) {
    coming[place] = readRating(ratings, words, from + place, end);
    after[place] = readRating(ratings, words, from + place + AHEAD, end);
  }
#pragma unroll
  for (int place = 0; place < AHEAD; place++) {
    if (from + place < end) {
      users.ask(place, coming[place].user);
      items.ask(place, coming[place].item);
    }
  }
  double sum = 0;
  for (long long start = from; start < end; start += AHEAD) {
#pragma unroll
    for (int place = 0; place < AHEAD; place++) {
      if (start + place >= end) {
        break;
      }
      Rating rating = coming[place];
      users.leave(rating.user);
      items.leave(rating.item);
      __syncwarp();  // lane 0 has written what every lane may read
      users.enter(place, rating.user);
      items.enter(place, rating.item);
      coming[place] = after[place];
      if (start + place + AHEAD < end) {
        users.ask(place, coming[place].user);
        items.ask(place, coming[place].item);
      }
      after[place] = readRating(ratings, words, start + place + 2 * AHEAD, end);

      float part = 0;
      float partP = 0;
      float partQ = 0;
      float2 p[HELD];
      float2 q[HELD];
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        p[held] = users.now.factors[held];
        q[held] = items.now.factors[held];
        part = dot(p[held], q[held], part);
        if (Rule::BY_ROW) {
          partP = dot(p[held], p[held], partP);
          partQ = dot(q[held], q[held], partQ);
        }
      }
      float pq = sumOverGroup(part, WARP);
      float pp = Rule::BY_ROW ? sumOverGroup(partP, WARP) : 0;
      float qq = Rule::BY_ROW ? sumOverGroup(partQ, WARP) : 0;
      float error = pq + (offset + users.now.bias.weight + items.now.bias.weight - rating.value);
      float weighted = rating.weight * error;
      float slope = 2 * weighted;
      sum += (double)weighted * error;
      float paceOfUser = Rule::BY_ROW ? paceOf(users.now.sum, pp, qq, pq, slope, shape.perFactor, step) : 0;
      float paceOfItem = Rule::BY_ROW ? paceOf(items.now.sum, qq, pp, pq, slope, shape.perFactor, step) : 0;
      users.now.move(q, slope, paceOfUser, shape, lane, step);
      items.now.move(p, slope, paceOfItem, shape, lane, step);
    }
  }
  users.leave(-1);
  items.leave(-1);
  return sum;
}

/// The factors of one side's row that is too long for registers, of the rating at hand. A lane has its pairs to itself.
template <class Factor>
struct LongRow;

/// Floats stay in memory.
template <>
struct LongRow<float> {
  Global<float2> factors;
  int stride;
  long long start;

  __device__ __forceinline__ LongRow(const SideTables<float>& side, const Shape& shape, int, int)
      : factors(as<float2>(side.factors)), stride(shape.stride), start(0) {}

  __device__ __forceinline__ void enter(int row) { start = (long long)row * stride; }
  __device__ __forceinline__ float2 get(int pair) const { return factors[start + pair]; }
  __device__ __forceinline__ void set(int pair, float2 numbers) { factors[start + pair] = numbers; }
  __device__ __forceinline__ void leave() {}
};

/// Of halves the row at hand is in shared memory, as floats, until another comes: so it is rounded when a row in registers is.
template <>
struct LongRow<__half> {
  Global<__half2> factors;
  const Shape& shape;
  int lane;
  /// The row in `floats`, or -1.
  int current;
  float2* floats;

  /// The launch has two rows of floats for each of its warps.
  __device__ __forceinline__ LongRow(const SideTables<__half>& side, const Shape& shape, int number, int lane)
      : factors(as<__half2>(side.factors)), shape(shape), lane(lane), current(-1) {
    DYNAMIC_SHARED(float2, rows);
    floats = rows + (threadIdx.x / WARP * 2 + number) * shape.pairs;
  }

  __device__ __forceinline__ void enter(int row) {
    if (row == current) {
      return;
    }
    leave();
    current = row;
    long long start = (long long)row * shape.stride;
    for (int pair = lane; pair < shape.pairs; pair += WARP) {
      floats[pair] = Stored<__half>::widened(factors[start + pair]);
    }
  }

  __device__ __forceinline__ float2 get(int pair) const { return floats[pair]; }
  __device__ __forceinline__ void set(int pair, float2 numbers) { floats[pair] = numbers; }

  __device__ __forceinline__ void leave() {
    if (current >= 0) {
      long long start = (long long)current * shape.stride;
      for (int pair = lane; pair < shape.pairs; pair += WARP) {
        factors[start + pair] = Stored<__half>::rounded(floats[pair]);
      }
    }
  }
};

/// Moves two numbers of a long row.
template <class Rule, class Factor>
__device__ __forceinline__ void moveLong(
    LongRow<Factor>& row, const SideTables<Factor>& side, int pair, long long at, float2 own, float2 other, float slope, float pace,
    const Step& step) {
  float2 x = Rule::SLOTS > 0 ? as<float2>(side.first)[at] : NO_PAIR;
  float2 y = Rule::SLOTS > 1 ? as<float2>(side.second)[at] : NO_PAIR;
  movePair<Rule>(own, other, x, y, slope, pace, step);
  row.set(pair, own);
  if (Rule::SLOTS > 0) {
    as<float2>(side.first)[at] = x;
  }
  if (Rule::SLOTS > 1) {
    as<float2>(side.second)[at] = y;
  }
}

/// The same as `visit` where a row is too long for registers: it is read for the dot product, and once more, from L1, to be moved.
template <class Rule, class Factor>
__device__ __forceinline__ double visitLong(
    const SideTables<Factor>& userSide, const SideTables<Factor>& itemSide, const Shape& shape, float offset, Global<const int> ratings, int words,
    long long from, long long end, int lane, const Step& step) {
  LongRow<Factor> users(userSide, shape, 0, lane);
  LongRow<Factor> items(itemSide, shape, 1, lane);
  double sum = 0;
  for (long long at = from; at < end; at++) {
    Rating rating = readRating(ratings, words, at, end);
    long long user = (long long)rating.user * shape.stride;
    long long item = (long long)rating.item * shape.stride;
    users.enter(rating.user);
    items.enter(rating.item);
    Bias<Rule> ofUser;
    Bias<Rule> ofItem;
    ofUser.load(userSide, rating.user);
    ofItem.load(itemSide, rating.item);
    float sumOfUser = Rule::BY_ROW ? userSide.first[rating.user] : 0;
    float sumOfItem = Rule::BY_ROW ? itemSide.first[rating.item] : 0;
    float part = 0;
    float partP = 0;
    float partQ = 0;
    for (int pair = lane; pair < shape.pairs; pair += WARP) {
      float2 p = users.get(pair);
      float2 q = items.get(pair);
      part = dot(p, q, part);
      if (Rule::BY_ROW) {
        partP = dot(p, p, partP);
        partQ = dot(q, q, partQ);
      }
    }
    float pq = sumOverGroup(part, WARP);
    float pp = Rule::BY_ROW ? sumOverGroup(partP, WARP) : 0;
    float qq = Rule::BY_ROW ? sumOverGroup(partQ, WARP) : 0;
    float error = pq + (offset + ofUser.weight + ofItem.weight - rating.value);
    float weighted = rating.weight * error;
    float slope = 2 * weighted;
    sum += (double)weighted * error;
    float paceOfUser = Rule::BY_ROW ? paceOf(sumOfUser, pp, qq, pq, slope, shape.perFactor, step) : 0;
    float paceOfItem = Rule::BY_ROW ? paceOf(sumOfItem, qq, pp, pq, slope, shape.perFactor, step) : 0;
    for (int pair = lane; pair < shape.pairs; pair += WARP) {
      float2 p = users.get(pair);
      float2 q = items.get(pair);
      moveLong<Rule>(users, userSide, pair, user + pair, p, q, slope, paceOfUser, step);
      moveLong<Rule>(items, itemSide, pair, item + pair, q, p, slope, paceOfItem, step);
    }
    ofUser.move(slope, step);
    ofItem.move(slope, step);
    __syncwarp();  // every lane has read what lane 0 writes
    if (lane == 0) {
      ofUser.store(userSide, rating.user);
      ofItem.store(itemSide, rating.item);
      if (Rule::BY_ROW) {
        userSide.first[rating.user] = sumOfUser;
        itemSide.first[rating.item] = sumOfItem;
      }
    }
    __syncwarp();  // the next rating may read it
  }
  users.leave();
  items.leave();
  return sum;
}

/// Adds a round to the epoch's totals (totals.cu). One warp.
__device__ __forceinline__ void addRound(
    Global<int> stop, long long batch, long long ratings, Global<const double> squaredErrors, int blocks, Global<double> totals,
    double lossLimit) {
  int lane = threadIdx.x & (WARP - 1);
  double sum = 0;
  for (int number = lane; number < blocks; number += WARP) {
    sum += loadShared(&squaredErrors[number]);
  }
  sum = sumOverGroup(sum, WARP);
  if (lane == 0) {
    totals[0] += (double)ratings;
    totals[1] += sum;
    totals[2] += sum;
    if (!(sum / (double)ratings <= lossLimit)) {  // true for NaN too
      totals[3] = (double)(batch + 1);
      *stop = 1;
    }
  }
}

/// Visits the blocks of a round.
template <class Visit>
__device__ __forceinline__ void runRound(
    Global<int> stop, long long batch, int round, long long ratingsOfRound, Global<const long long> blocks, int blocksOfRound,
    Global<double> squaredErrors, Global<int> finished, Global<double> totals, double lossLimit, Visit visit) {
  if (*stop) {
    return;
  }
  Group warps(WARP);
  for (long long number = warps.first() + warps.inBlock; number < blocksOfRound; number += warps.count()) {
    long long place = 2 * ((long long)round * blocksOfRound + number);
    double sum = visit(blocks[place], blocks[place + 1], warps.lane);
    if (warps.lane == 0) {
      squaredErrors[number] = sum;
    }
  }
  __shared__ bool last;
  __threadfence();  // the sums come before the count
  __syncthreads();
  if (threadIdx.x == 0) {
    last = atomicAdd(finished, 1) == (int)gridDim.x - 1;
  }
  __syncthreads();
  if (last && threadIdx.x < WARP) {
    __threadfence();
    addRound(stop, batch, ratingsOfRound, squaredErrors, blocksOfRound, totals, lossLimit);
    if (threadIdx.x == 0) {
      *finished = 0;
    }
  }
}

#define ROUND(name, Factor, visitBlock)                                                                                                    \
  extern "C" __global__ void name(                                                                                                         \
      Global<int> stop, long long batch, int round, long long ratingsOfRound, float rate, Global<const int> ratings, int words,            \
      Global<const long long> blocks, int blocksOfRound, Global<Factor> userFactors, Global<float> userFirst, Global<float> userSecond,    \
      Global<float> userBias, Global<float> userBiasFirst, Global<float> userBiasSecond, Global<Factor> itemFactors,                       \
      Global<float> itemFirst, Global<float> itemSecond, Global<float> itemBias, Global<float> itemBiasFirst,                              \
      Global<float> itemBiasSecond, int vectors, int k, float offset, float a, float b, float epsilon, float shrink, float biasShrink,     \
      Global<double> squaredErrors, Global<int> finished, Global<double> totals, double lossLimit) {                                       \
    SideTables<Factor> users{userFactors, userFirst, userSecond, userBias, userBiasFirst, userBiasSecond};                                 \
    SideTables<Factor> items{itemFactors, itemFirst, itemSecond, itemBias, itemBiasFirst, itemBiasSecond};                                 \
    Shape shape{2 * vectors, (k + 1) / 2, 1.0f / k};                                                                                       \
    Step step{rate, a, b, epsilon, shrink, biasShrink};                                                                                    \
    runRound(                                                                                                                              \
        stop, batch, round, ratingsOfRound, blocks, blocksOfRound, squaredErrors, finished, totals, lossLimit,                             \
        [&](long long from, long long end, int lane) {                                                                                     \
          return visitBlock(users, items, shape, offset, ratings, words, from, end, lane, step);                                           \
        });                                                                                                                                \
  }

// The last number is AHEAD: as many rows as registers hold, and four links, some 700 cycles, hide the latency of memory.
#define ROUNDS(name, Rule, Factor, aheadOfFour)                  \
  ROUND(name##_1, Factor, (visit<Rule, Factor, 1, 4>))           \
  ROUND(name##_2, Factor, (visit<Rule, Factor, 2, 4>))           \
  ROUND(name##_4, Factor, (visit<Rule, Factor, 4, aheadOfFour>)) \
  ROUND(name##_long, Factor, (visitLong<Rule, Factor>))
