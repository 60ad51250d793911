// An update a rating, in the order of a RatingGrid: a warp goes through its blocks of one round after the other.
//
// The math is that of ratings.cu, which lets groups of lanes run into each other's rows, with one thing more: the ratings of a group are all
// predicted from the rows before it, and then each row moves once, along the sum of the gradients of its ratings. Up to four ratings that share no
// row are a group, for which that is the same as one after the other, and so are two to eight ratings of one item. Nothing is atomic but flags, and
// the bits do not depend on the launch.
//
// Layout: tables of rows.cuh. The ratings lie in the grid's order, `words` ints or floats each: user, item, value and, with weights, weight. Up to four
// ratings are a record: a group of ratings that share no row, or a part of a group of ratings of one item, which is two records, and they come
// first in their block, so that the first part is at an even one. The two upper bits of a record's first user are the number of its ratings less one;
// bit 31 of its first item says that one of its rows is in one of the two records before it, or in the third if that is such a part, and bit
// 30 that the record is one. Rows are below 2^30.
// `blocks` has the first position and the end of each block, round after round, `blocksOfRound` pairs a round.
//
// A rating has LANES lanes of the warp, of which each has HELD vectors of a row, so four ratings are worked on at once; `long` has the whole warp
// for one rating, and reads rows of any length from L2 as often as it needs them. So that a group waits for no memory, its rows are asked
// for a group or two before, and its indices one more before that. Rows that have moved since they were asked for are read again: bit 31.
// While groups of an item follow each other its row stays in registers.
//
// Factors may be halves (halves.cuh; kernels named `half`): widened when their group comes, rounded when it has moved them. All else is in floats.
// Roots and quotients of the rules are the device's approximate ones, 2 units in the last place or so: IEEE's cost as much as all the rest.
//
// Launch: blocks of a multiple of 32 threads, up to 256. A launch goes through the rounds first .. last - 1 of `rounds`, which lists rounds in
// the order of the epoch, with a rate for each. If these are several the launch must be cooperative: a warp waits for who had its item's stripe
// before, by flags in `done`, FLAG ints apart, which count a stripe's finished rounds and are cleared before first = 0. Squared errors: a double
// for each block of each round, in the order of `rounds`; add_rounds adds them up.
//
// Versions, on an H200 (132 multiprocessors, 1.75 GHz; a copy moves 4.3 TB/s), an epoch of 25 M ratings of 162,000 users and 59,000 items with
// MovieLens' skew, whose hottest item has 87,000 ratings, k = 64 where nothing else is said. Memory alone would take 3 to 6 ms for sgd, 9 to 18 ms for lazy Adam.
//   1. A warp a rating, a launch a round, 512 stripes. Predicted 9 ms for the chain of the hottest item's ratings, 100 ns each, and 12 ms in all
//      for sgd, 20 ms for lazy Adam. Measured on an H200: 41 ms and 95 ms; 46 ms for sgd on halves at k = 128. A rating of the chain
//      takes 440 ns, or 1,000 ns with roots and quotients: 430 instructions a rating, of which a warp alone on its scheduler issues
//      one in 4.6 cycles. Latencies of shuffles had been counted, instructions had not. No memory was near its limit: 335 GB/s.
//   2. Flags in place of launches, everything else the same: 34 and 80 ms. Two or four times the stripes, or rows asked for 8 ratings ahead: slower.
//      By tickets that any warp may draw, 41 and 86 ms: warps wait that could work.
//   3. Four ratings at once, hot items' in groups of four, approximate roots and quotients: by launches 18 and 38 ms, by flags 13.8 and 29.6 ms,
//      with 384 stripes 13.1 and 28.6 ms; lazy Adam with its rows two groups ahead 23.8 ms, sgd no faster by that. With all groups of
//      eight 18 and 69 ms: most of their places are empty. 14.6 ms for sgd on halves at k = 128.
//   4. This one: items' ratings in groups of up to eight, others in groups of four. Predicted: the chain is half as long and 1.4 times as
//      slow a group, so 9 ms for sgd, 17 ms for lazy Adam, and 11 ms on halves at k = 128. Measured: 18.1, 39.9 and 31.5 ms (26.1 ms for AdaGrad
//      a row). Where rows of a block come back within two groups, a group waits for memory twice as long as it works: with eight ratings shared
//      or none at all, and an item's leftovers one by one, it was 21.4, 45.9 and 42.6 ms. Halves that were rounded one by one cost 30 % of
//      the last. Still twice version 3's times, which were of a program with this loop and nothing around it, and fewer registers.
//      Since then lazy Adam's numbers of factors come when a row moves, and AdaGrad's and lazy Adam's rows of 65 to 128 factors are long ones:
//      what they asked for ahead had spilled. Not yet on a GPU.
// What to try: why it is slower than version 3; a warp of four more on a scheduler, in place of rows that are asked for two groups ahead.
// Each optimizer has a file of its own, and another for halves, since a driver compiles a file as a whole.
#pragma once

#include "halves.cuh"
#include "ratings.cuh"

/// Ratings of a record, at most.
constexpr int RECORD = 4;
constexpr int SIZE_SHIFT = 30;
constexpr int TOGETHER = 1 << 30;
constexpr int ROW_BITS = 0x3fffffff;

/// Ints from a flag to the next: each has a sector of L2 to itself.
constexpr int FLAG = 8;

#ifdef GPUMF_EMULATOR

// A swap lets other threads run.
inline int acquire(Global<int> flag) { return atomicCAS(flag, -1, -1); }

inline void release(Global<int> flag, int value) {
  __threadfence();
  atomicExch(flag, value);
}

#else

__device__ __forceinline__ int acquire(int* flag) {
  int value;
  asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(flag) : "memory");
  return value;
}

__device__ __forceinline__ void release(int* flag, int value) {
  asm volatile("st.release.gpu.global.s32 [%0], %1;" : : "l"(flag), "r"(value) : "memory");
}

#endif

/// A rating of a record; nobody's if the user is -1.
struct Rating {
  int user;
  int item;
  float value;
  float weight;
};

/// A place of a record on its way from memory, with the record's first user. `some`: there is such a record.
struct Reading {
  Rating rating;
  int head;
  bool some;

  __device__ __forceinline__ int size() const { return some ? (int)((unsigned)head >> SIZE_SHIFT) + 1 : 0; }
};

__device__ __forceinline__ Rating readRating(Global<const int> ratings, int words, long long at) {
  Global<const int> word = ratings + at * words;
  return Rating{word[0], word[1], __int_as_float(word[2]), words > 3 ? __int_as_float(word[3]) : 1.0f};
}

/// How long rows are.
struct Shape {
  /// float4 of a row.
  int vectors;
  /// 1 / k
  float perFactor;
};

/// factor x
__device__ __forceinline__ float4 scaled(float factor, float4 x) { return make_float4(factor * x.x, factor * x.y, factor * x.z, factor * x.w); }

/// A bias with the optimizer's numbers, in every lane of a rating.
template <class Rule>
struct Bias {
  float weight;
  float first;
  float second;

  template <class Factor>
  __device__ __forceinline__ void load(const SideTables<Factor>& side, int row) {
    weight = row < 0 ? 0 : loadShared(&side.bias[row]);
    first = Rule::BIAS_SLOTS > 0 && row >= 0 ? loadShared(&side.biasFirst[row]) : 0;
    second = Rule::BIAS_SLOTS > 1 && row >= 0 ? loadShared(&side.biasSecond[row]) : 0;
  }

  __device__ __forceinline__ void move(float gradient, const Step& step) { Rule::move(weight, gradient, first, second, step); }

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

/// Moves four numbers of a row along their gradient. pace: that of a row with one G.
template <class Rule>
__device__ __forceinline__ void moveVector(float4& own, float4 gradient, float4& first, float4& second, float pace, const Step& step) {
  if (Rule::BY_ROW) {
    own = addScaled(own, pace, gradient);
  } else {
    Rule::move(own.x, gradient.x, first.x, second.x, step);
    Rule::move(own.y, gradient.y, first.y, second.y, step);
    Rule::move(own.z, gradient.z, first.z, second.z, step);
    Rule::move(own.w, gradient.w, first.w, second.w, step);
  }
}

/// The rate of a row that has one G, which grows by the mean square of its gradient.
__device__ __forceinline__ float paceOf(float& sum, float squares, const Shape& shape, const Step& step) {
  sum = fmaf(squares, shape.perFactor, sum);
  return -quotient(step.rate, root(sum) + step.epsilon);
}

/// Which lanes of a warp have a rating, and which vectors of its rows: lane, lane + LANES and so on, HELD of them.
template <int LANES_OF_ROW, int HELD_OF_ROW>
struct Place {
  static constexpr int LANES = LANES_OF_ROW;
  static constexpr int HELD = HELD_OF_ROW;
  static_assert(WARP / LANES == RECORD, "a warp works on a record at once");

  int lane;
  /// Of the rating in its record.
  int number;

  __device__ __forceinline__ explicit Place(int laneOfWarp) : lane(laneOfWarp & (LANES - 1)), number(laneOfWarp / LANES) {}
};

/// What a lane holds of a row. Vector: of factors, as they are in memory on the way from there, then as floats. A half is widened when its
/// group comes and not before: who looks at a number that was asked for waits for it. SLOTS: whether the optimizer's numbers of factors come
/// along; else they are read when the row moves, which takes fewer registers.
template <class Rule, class At, class Vector, bool SLOTS>
struct Row {
  static constexpr int HELD = At::HELD;
  static constexpr int FIRST = Rule::SLOTS > 0 && SLOTS ? HELD : 1;
  static constexpr int SECOND = Rule::SLOTS > 1 && SLOTS ? HELD : 1;

  Vector factors[HELD];
  float4 first[FIRST];
  float4 second[SECOND];
  Bias<Rule> bias;
  /// G of the row, in every lane.
  float sum;

  /// Asks for a row; for one of zeros where `row` is -1.
  template <class Factor>
  __device__ __forceinline__ void load(const SideTables<Factor>& side, int row, const Shape& shape, const At& at) {
    long long start = (long long)row * shape.vectors;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      int vector = at.lane + held * At::LANES;
      bool own = row >= 0 && vector < shape.vectors;
      factors[held] = own ? loadShared(&as<Vector>(side.factors)[start + vector]) : Stored<Factor>::zeros();
      if (Rule::SLOTS > 0 && SLOTS) {
        first[held] = own ? loadShared(&as4(side.first)[start + vector]) : zeroVector();
      }
      if (Rule::SLOTS > 1 && SLOTS) {
        second[held] = own ? loadShared(&as4(side.second)[start + vector]) : zeroVector();
      }
    }
    bias.load(side, row);
    sum = Rule::BY_ROW && row >= 0 ? loadShared(&side.first[row]) : 0;
  }

  /// Becomes a row that has come from memory.
  template <class Factor>
  __device__ __forceinline__ void take(const Row<Rule, At, typename Stored<Factor>::Vector, SLOTS>& row) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = Stored<Factor>::widened(row.factors[held]);
      if (Rule::SLOTS > 0 && SLOTS) {
        first[held] = row.first[held];
      }
      if (Rule::SLOTS > 1 && SLOTS) {
        second[held] = row.second[held];
      }
    }
    bias = row.bias;
    sum = row.sum;
  }

  /// This lane's part of the dot product.
  template <bool OTHERS_SLOTS>
  __device__ __forceinline__ float partOfDot(const Row<Rule, At, float4, OTHERS_SLOTS>& other) const {
    float part = 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      part = dot(factors[held], other.factors[held], part);
    }
    return part;
  }

  /// Moves along scale x direction and the pull of so many ratings, and writes the row where `writes`. Every lane of the warp must call it.
  template <class Factor>
  __device__ __forceinline__ void move(
      const SideTables<Factor>& side, int row, bool writes, float scale, const float4 (&direction)[HELD], float slopeOfBias, float ratings,
      const Shape& shape, const At& at, const Step& step) {
    long long start = (long long)row * shape.vectors;
    float4 read[2 * HELD];
    if (Rule::SLOTS > 0 && !SLOTS) {
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        int vector = at.lane + held * At::LANES;
        bool own = row >= 0 && vector < shape.vectors;
        read[held] = own ? loadShared(&as4(side.first)[start + vector]) : zeroVector();
        read[HELD + held] = Rule::SLOTS > 1 && own ? loadShared(&as4(side.second)[start + vector]) : zeroVector();
      }
      __syncwarp();  // where several places have the row, all have read it
    }
    float4 gradient[HELD];
    float squares = 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      gradient[held] = addScaled(scaled(ratings * step.shrink, factors[held]), scale, direction[held]);
      if (Rule::BY_ROW) {
        squares = dot(gradient[held], gradient[held], squares);
      }
    }
    float pace = Rule::BY_ROW ? paceOf(sum, sumOverGroup(squares, At::LANES), shape, step) : 0;
    bias.move(fmaf(ratings * step.biasShrink, bias.weight, slopeOfBias), step);
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      int vector = at.lane + held * At::LANES;
      bool own = writes && vector < shape.vectors;
      float4& x = SLOTS || Rule::SLOTS == 0 ? first[Rule::SLOTS > 0 && SLOTS ? held : 0] : read[held];
      float4& y = SLOTS || Rule::SLOTS < 2 ? second[Rule::SLOTS > 1 && SLOTS ? held : 0] : read[HELD + held];
      moveVector<Rule>(factors[held], gradient[held], x, y, pace, step);
      typename Stored<Factor>::Vector stored = Stored<Factor>::rounded(factors[held]);
      factors[held] = Stored<Factor>::widened(stored);
      if (own) {
        as<typename Stored<Factor>::Vector>(side.factors)[start + vector] = stored;
        if (Rule::SLOTS > 0) {
          as4(side.first)[start + vector] = x;
        }
        if (Rule::SLOTS > 1) {
          as4(side.second)[start + vector] = y;
        }
      }
    }
    if (writes && at.lane == 0) {
      bias.store(side, row);
      if (Rule::BY_ROW) {
        side.first[row] = sum;
      }
    }
  }
};

/// What a visit of a block needs to know.
template <class Factor>
struct Block {
  const SideTables<Factor>& users;
  const SideTables<Factor>& items;
  const Shape& shape;
  const Step& step;
  float offset;
  Global<const int> ratings;
  int words;
  long long from;
  long long end;
  /// Whether nobody else has the stripe of users in this epoch: their rows may be asked for before the wait for items'.
  bool ownUsers;

  /// Asks for a place of the record that begins at a position.
  __device__ __forceinline__ Reading read(long long at, int place) const {
    Reading reading{{-1, -1, 0, 1}, 0, at < end};
    if (reading.some) {
      reading.head = ratings[at * words];
      if (at + place < end) {
        reading.rating = readRating(ratings, words, at + place);
      }
    }
    return reading;
  }
};

/// Goes through a block whose rows fit registers.
template <class Rule, class Factor, class At, bool SLOTS>
struct Visit {
  static constexpr int HELD = At::HELD;
  using Coming = Row<Rule, At, typename Stored<Factor>::Vector, SLOTS>;
  using Present = Row<Rule, At, float4, SLOTS>;

  const Block<Factor>& block;
  At at;

  /// Of the record at hand and the one after it, or of the next two: the rating of this place, and what all lanes know.
  Rating ratings[2];
  Coming users[2];
  Coming items[2];
  int sizes[2];
  int first[2];
  bool together[2];
  bool late[2];

  /// Of the two after those, and where the second of them begins: a guess, as long as the size of the first is on its way.
  Reading after[2];
  long long last;
  bool guessed;

  /// The item at hand, and which it is if the next group may have it too, or -1.
  Present item;
  int kept;
  double sum;

  __device__ __forceinline__ Visit(const Block<Factor>& block, int lane) : block(block), at(lane), guessed(false), kept(-1), sum(0) {}

  /// Makes a record that has come the next one.
  __device__ __forceinline__ void expect(int turn, const Reading& reading) {
    int size = reading.size();
    int ofFirst = __shfl_sync(ALL_LANES, reading.rating.item, 0);
    sizes[turn] = size;
    first[turn] = ofFirst & ROW_BITS;
    together[turn] = size > 0 && (ofFirst & TOGETHER) != 0;
    late[turn] = size > 0 && ofFirst < 0;
    ratings[turn] = reading.rating;
    ratings[turn].user = at.number < size ? reading.rating.user & ROW_BITS : -1;
    ratings[turn].item = at.number < size ? reading.rating.item & ROW_BITS : -1;
  }

  /// Asks for the record after the last one that was asked for, in whose turn the one before it was.
  __device__ __forceinline__ void askForRecord(int turn) {
    last += after[1 - turn].size();
    after[turn] = block.read(last, at.number);
  }

  /// Asks for the two records after the last one that was asked for. Most records are full, and it is dear to wait for their sizes.
  __device__ __forceinline__ void askForTwo() {
    last += after[1].size();
    after[0] = block.read(last, at.number);
    last += RECORD;
    after[1] = block.read(last, at.number);
    guessed = true;
  }

  __device__ __forceinline__ void checkGuess() {
    if (guessed && after[0].size() != RECORD) {
      last += after[0].size() - RECORD;
      after[1] = block.read(last, at.number);
    }
    guessed = false;
  }

  __device__ __forceinline__ void askForUser(int turn) { users[turn].load(block.users, ratings[turn].user, block.shape, at); }

  __device__ __forceinline__ void askForItem(int turn) {
    items[turn].load(block.items, together[turn] ? first[turn] : ratings[turn].item, block.shape, at);
  }

  /// The items that the next group does not keep.
  __device__ __forceinline__ void askForItems(int turn) {
    if (together[0] ? turn == 0 && first[0] != kept : true) {
      askForItem(turn);
    }
  }

  __device__ __forceinline__ float errorOf(const Rating& rating, const Present& user, float dot) {
    return rating.user < 0 ? 0 : dot + (block.offset + user.bias.weight + item.bias.weight - rating.value);
  }

  __device__ __forceinline__ float slopeOf(const Rating& rating, float error) {
    float weighted = rating.weight * error;
    sum += (double)weighted * error;
    return 2 * weighted;
  }

  __device__ __forceinline__ void moveUser(Present& user, const Rating& rating, float slope) {
    user.template move<Factor>(block.users, rating.user, rating.user >= 0, slope, item.factors, slope, 1, block.shape, at, block.step);
  }

  /// The group of a record whose ratings share no row.
  __device__ __forceinline__ void apart(int turn) {
    __syncwarp();  // what other lanes have written is read from here on
    if (late[turn]) {
      askForUser(turn);
      askForItem(turn);
    }
    Present user;
    user.template take<Factor>(users[turn]);
    item.template take<Factor>(items[turn]);
    Rating rating = ratings[turn];
    kept = -1;
    expect(turn, after[turn]);
    askForUser(turn);
    askForItems(turn);
    askForRecord(turn);

    float error = errorOf(rating, user, sumOverGroup(user.partOfDot(item), At::LANES));
    float slope = slopeOf(rating, error);
    float4 before[HELD];
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      before[held] = user.factors[held];
    }
    moveUser(user, rating, slope);
    item.template move<Factor>(
        block.items, rating.item, rating.user >= 0, slope, before, slope, 1, block.shape, at, block.step);
  }

  /// The group of two records whose ratings share an item. Every place has its row.
  __device__ __forceinline__ void sharing() {
    __syncwarp();
    int row = first[0];
    if (late[0] || late[1]) {
      askForUser(0);
      askForUser(1);
      askForItem(0);
    }
    Present user[2];
    user[0].template take<Factor>(users[0]);
    user[1].template take<Factor>(users[1]);
    if (row != kept) {
      item.template take<Factor>(items[0]);
    }
    kept = row;
    Rating rating[2] = {ratings[0], ratings[1]};
    float count = sizes[0] + sizes[1];
#pragma unroll
    for (int turn = 0; turn < 2; turn++) {
      expect(turn, after[turn]);
      askForUser(turn);
    }
    askForItems(0);
    askForItems(1);
    askForTwo();

    float dots[2] = {user[0].partOfDot(item), user[1].partOfDot(item)};
#pragma unroll
    for (int offset = At::LANES / 2; offset > 0; offset /= 2) {
      dots[0] += __shfl_xor_sync(ALL_LANES, dots[0], offset);
      dots[1] += __shfl_xor_sync(ALL_LANES, dots[1], offset);
    }
    float slopes[2] = {
        slopeOf(rating[0], errorOf(rating[0], user[0], dots[0])), slopeOf(rating[1], errorOf(rating[1], user[1], dots[1]))};
    float slope = slopes[0] + slopes[1];
    float4 direction[HELD];
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      direction[held] = addScaled(scaled(slopes[0], user[0].factors[held]), slopes[1], user[1].factors[held]);
    }
#pragma unroll
    for (int offset = At::LANES; offset < WARP; offset *= 2) {
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        direction[held].x += __shfl_xor_sync(ALL_LANES, direction[held].x, offset);
        direction[held].y += __shfl_xor_sync(ALL_LANES, direction[held].y, offset);
        direction[held].z += __shfl_xor_sync(ALL_LANES, direction[held].z, offset);
        direction[held].w += __shfl_xor_sync(ALL_LANES, direction[held].w, offset);
      }
      slope += __shfl_xor_sync(ALL_LANES, slope, offset);
    }
    moveUser(user[0], rating[0], slopes[0]);
    moveUser(user[1], rating[1], slopes[1]);
    item.template move<Factor>(
        block.items, row, at.number == 0, 1, direction, slope, count, block.shape, at, block.step);
  }

  /// Where the first four records begin, which nothing is known of yet: their sizes come in one access.
  __device__ __forceinline__ void askForFirst() {
    long long place = block.from + at.number * At::LANES + at.lane;
    int head = place < block.end ? block.ratings[place * block.words] : 0;
    int begins = 0;
    long long starts[4];
#pragma unroll
    for (int record = 0; record < 4; record++) {
      starts[record] = block.from + begins;
      begins += (int)((unsigned)__shfl_sync(ALL_LANES, head, begins) >> SIZE_SHIFT) + 1;
    }
    Reading firsts[2] = {block.read(starts[0], at.number), block.read(starts[1], at.number)};
    after[0] = block.read(starts[2], at.number);
    after[1] = block.read(starts[3], at.number);
    last = starts[3];
    expect(0, firsts[0]);
    expect(1, firsts[1]);
  }

  /// Returns this lane's sum of a e^2.
  template <class Wait>
  __device__ __forceinline__ double run(Wait wait) {
    askForFirst();
    if (!block.ownUsers) {
      wait();
    }
    askForUser(0);
    askForUser(1);
    if (block.ownUsers) {
      wait();
    }
    askForItems(0);
    askForItems(1);
    while (sizes[0] > 0) {
      checkGuess();
      if (together[0]) {
        sharing();
        continue;
      }
      apart(0);
      if (sizes[1] == 0) {
        break;
      }
      apart(1);
    }
    return at.lane == 0 ? sum : 0;
  }
};

/// Goes through a block whose rows are too long for registers: they are read for the dot products, and again, from L2, to be moved.
template <class Rule, class Factor>
struct VisitLong {
  using Vector = typename Stored<Factor>::Vector;

  const Block<Factor>& block;
  int lane;
  double sum;

  __device__ __forceinline__ VisitLong(const Block<Factor>& block, int lane) : block(block), lane(lane), sum(0) {}

  __device__ __forceinline__ float4 factorsOf(const SideTables<Factor>& side, int row, int vector) const {
    long long at = (long long)row * block.shape.vectors + vector;
    return row < 0 ? zeroVector() : Stored<Factor>::widened(loadShared(&as<Vector>(side.factors)[at]));
  }

  __device__ __forceinline__ void move(
      const SideTables<Factor>& side, int row, int vector, float4 own, float4 gradient, float pace) const {
    if (row < 0) {
      return;
    }
    long long at = (long long)row * block.shape.vectors + vector;
    float4 x = Rule::SLOTS > 0 ? loadShared(&as4(side.first)[at]) : zeroVector();
    float4 y = Rule::SLOTS > 1 ? loadShared(&as4(side.second)[at]) : zeroVector();
    moveVector<Rule>(own, gradient, x, y, pace, block.step);
    as<Vector>(side.factors)[at] = Stored<Factor>::rounded(own);
    if (Rule::SLOTS > 0) {
      as4(side.first)[at] = x;
    }
    if (Rule::SLOTS > 1) {
      as4(side.second)[at] = y;
    }
  }

  /// The gradient of a user's vector, and of the item's.
  __device__ __forceinline__ float4 gradientOfUser(float4 p, float4 q, float slope) const {
    return addScaled(scaled(block.step.shrink, p), slope, q);
  }

  template <int RATINGS>
  __device__ __forceinline__ float4 gradientOfItem(
      const float4 (&p)[RATINGS], float4 q, const float (&slopes)[RATINGS], int count) const {
    float4 gradient = scaled(count * block.step.shrink, q);
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      gradient = addScaled(gradient, slopes[at], p[at]);
    }
    return gradient;
  }

  /// A group of `count` ratings of one item.
  template <int RATINGS>
  __device__ __forceinline__ void group(const Rating (&ratings)[RATINGS], int count) {
    const Step& step = block.step;
    __syncwarp();  // what other lanes have written is read from here on
    int row = ratings[0].item;
    float parts[RATINGS];
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      parts[at] = 0;
    }
    for (int vector = lane; vector < block.shape.vectors; vector += WARP) {
      float4 q = factorsOf(block.items, row, vector);
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        parts[at] = dot(factorsOf(block.users, ratings[at].user, vector), q, parts[at]);
      }
    }
    Bias<Rule> ofItem;
    Bias<Rule> ofUser[RATINGS];
    ofItem.load(block.items, row);
    float sumOfItem = Rule::BY_ROW ? loadShared(&block.items.first[row]) : 0;
    float sumOfUser[RATINGS];
    float slopes[RATINGS];
    float slope = 0;
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      const Rating& rating = ratings[at];
      ofUser[at].load(block.users, rating.user);
      sumOfUser[at] = Rule::BY_ROW && rating.user >= 0 ? loadShared(&block.users.first[rating.user]) : 0;
      float dot = sumOverGroup(parts[at], WARP);
      float error = rating.user < 0 ? 0 : dot + (block.offset + ofUser[at].weight + ofItem.weight - rating.value);
      float weighted = rating.weight * error;
      sum += (double)weighted * error;
      slopes[at] = 2 * weighted;
      slope += slopes[at];
    }
    float paces[RATINGS];
    float paceOfItem = 0;
    if (Rule::BY_ROW) {
      float squares[RATINGS];
      float squaresOfItem = 0;
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        squares[at] = 0;
      }
      for (int vector = lane; vector < block.shape.vectors; vector += WARP) {
        float4 q = factorsOf(block.items, row, vector);
        float4 p[RATINGS];
#pragma unroll
        for (int at = 0; at < RATINGS; at++) {
          p[at] = factorsOf(block.users, ratings[at].user, vector);
          float4 gradient = gradientOfUser(p[at], q, slopes[at]);
          squares[at] = dot(gradient, gradient, squares[at]);
        }
        float4 gradient = gradientOfItem(p, q, slopes, count);
        squaresOfItem = dot(gradient, gradient, squaresOfItem);
      }
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        paces[at] = paceOf(sumOfUser[at], sumOverGroup(squares[at], WARP), block.shape, step);
      }
      paceOfItem = paceOf(sumOfItem, sumOverGroup(squaresOfItem, WARP), block.shape, step);
    }
    for (int vector = lane; vector < block.shape.vectors; vector += WARP) {
      float4 q = factorsOf(block.items, row, vector);
      float4 p[RATINGS];
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        p[at] = factorsOf(block.users, ratings[at].user, vector);
      }
      move(block.items, row, vector, q, gradientOfItem(p, q, slopes, count), paceOfItem);
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        move(block.users, ratings[at].user, vector, p[at], gradientOfUser(p[at], q, slopes[at]), Rule::BY_ROW ? paces[at] : 0);
      }
    }
    ofItem.move(fmaf(count * step.biasShrink, ofItem.weight, slope), step);
    __syncwarp();  // every lane has read what lane 0 writes
    if (lane == 0) {
      ofItem.store(block.items, row);
      if (Rule::BY_ROW) {
        block.items.first[row] = sumOfItem;
      }
    }
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      ofUser[at].move(fmaf(step.biasShrink, ofUser[at].weight, slopes[at]), step);
      if (lane == 0 && ratings[at].user >= 0) {
        ofUser[at].store(block.users, ratings[at].user);
        if (Rule::BY_ROW) {
          block.users.first[ratings[at].user] = sumOfUser[at];
        }
      }
    }
  }

  __device__ __forceinline__ Rating read(long long at) const {
    Rating rating = readRating(block.ratings, block.words, at);
    rating.user &= ROW_BITS;
    rating.item &= ROW_BITS;
    return rating;
  }

  template <class Wait>
  __device__ __forceinline__ double run(Wait wait) {
    wait();
    for (long long at = block.from; at < block.end;) {
      Reading head = block.read(at, 0);
      int size = head.size();
      if (head.rating.item & TOGETHER) {
        size += block.read(at + size, 0).size();
        Rating ratings[2 * RECORD];
#pragma unroll
        for (int place = 0; place < 2 * RECORD; place++) {
          ratings[place] = place < size ? read(at + place) : Rating{-1, -1, 0, 0};
        }
        group<2 * RECORD>(ratings, size);
      } else {
        for (int place = 0; place < size; place++) {
          Rating one[1] = {read(at + place)};
          group<1>(one, 1);
        }
      }
      at += size;
    }
    return lane == 0 ? sum : 0;
  }
};

/// How rows of up to 128 are gone through.
template <class Rule, class Factor, bool IN_REGISTERS = Rule::BIAS_SLOTS == 0>
struct VisitOf128 {
  using Type = Visit<Rule, Factor, Place<8, 4>, true>;
};

template <class Rule, class Factor>
struct VisitOf128<Rule, Factor, false> {
  using Type = VisitLong<Rule, Factor>;
};

/// Waits until the stripe of the longer side that a block has is free: who had it last before round `at` of the launch has finished.
__device__ __forceinline__ void awaitStripe(
    Global<const int> rounds, int first, int at, int number, int blocksOfRound, int stripes, Global<int> done, int lane) {
  if (lane == 0) {
    for (int before = at - 1; before >= first; before--) {
      int other = (number + rounds[at] - rounds[before] + stripes) % stripes;
      if (other < blocksOfRound) {
        while (acquire(done + other * FLAG) <= before) {
        }
        break;
      }
    }
  }
  __syncwarp();
}

/// Visits the blocks of some rounds.
template <class Visit>
__device__ __forceinline__ void runRounds(
    Global<const int> stop, Global<const int> rounds, int first, int last, Global<const long long> blocks, int blocksOfRound, int stripes,
    Global<int> done, Global<double> squaredErrors, Visit visit) {
  if (*stop) {
    return;
  }
  Group warps(WARP);
  for (int at = first; at < last; at++) {
    for (long long number = warps.first() + warps.inBlock; number < blocksOfRound; number += warps.count()) {
      long long place = 2 * ((long long)rounds[at] * blocksOfRound + number);
      double sum = visit(at, blocks[place], blocks[place + 1], warps.lane, [&]() {
        awaitStripe(rounds, first, at, (int)number, blocksOfRound, stripes, done, warps.lane);
      });
      sum = sumOverGroup(sum, WARP);
      __syncwarp();  // all lanes have written
      if (warps.lane == 0) {
        squaredErrors[(long long)at * blocksOfRound + number] = sum;
        if (last - first > 1) {
          __threadfence();
          release(done + number * FLAG, at + 1);
        }
      }
    }
  }
}

#define ROUND(name, Factor, ...)                                                                                                             \
  extern "C" __global__ void __launch_bounds__(256, 1) name(                                                                                    \
      Global<const int> stop, Global<const int> rounds, Global<const float> rates, int first, int last, Global<const int> ratings,           \
      int words, Global<const long long> blocks, int blocksOfRound, int stripes, int ownUsers, Global<int> done, Global<Factor> userFactors, \
      Global<float> userFirst, Global<float> userSecond, Global<float> userBias, Global<float> userBiasFirst, Global<float> userBiasSecond,  \
      Global<Factor> itemFactors, Global<float> itemFirst, Global<float> itemSecond, Global<float> itemBias, Global<float> itemBiasFirst,    \
      Global<float> itemBiasSecond, int vectors, int k, float offset, float a, float b, float epsilon, float shrink, float biasShrink,       \
      Global<double> squaredErrors) {                                                                                                        \
    SideTables<Factor> users{userFactors, userFirst, userSecond, userBias, userBiasFirst, userBiasSecond};                                   \
    SideTables<Factor> items{itemFactors, itemFirst, itemSecond, itemBias, itemBiasFirst, itemBiasSecond};                                   \
    Shape shape{vectors, 1.0f / k};                                                                                                          \
    runRounds(                                                                                                                               \
        stop, rounds, first, last, blocks, blocksOfRound, stripes, done, squaredErrors,                                                      \
        [&](int at, long long from, long long end, int lane, auto wait) {                                                                    \
          Step step{rates[at], a, b, epsilon, shrink, biasShrink};                                                                           \
          Block<Factor> block{users, items, shape, step, offset, ratings, words, from, end, ownUsers != 0};                                  \
          return __VA_ARGS__(block, lane).run(wait);                                                                                         \
        });                                                                                                                                  \
  }

// k up to 64 and up to 128, of which a lane has two or four vectors, and any k. What would not fit 255 registers is left out: two numbers of the
// optimizer for each factor come when the row moves, and rows of up to 128 with any are long ones.
#define ROUNDS(name, Rule, Factor)                                              \
  ROUND(name##_1, Factor, Visit<Rule, Factor, Place<8, 2>, (Rule::SLOTS < 2)>)  \
  ROUND(name##_2, Factor, VisitOf128<Rule, Factor>::Type)              \
  ROUND(name##_long, Factor, VisitLong<Rule, Factor>)
