// Ratings in the order of a RatingGrid, group by group, for an update a rating (rounds.cuh).
//
// A rating is 16 bytes: user, item, value, weight. A group has a word of 64 bits: its first rating's position, and how many there are; whether a
// row of it is one of the group before, and whether its item is that group's. All ratings of a group are predicted from the rows before it;
// then each of its rows moves once, along the sum of the gradients of its ratings. Groups of up to TOGETHER ratings share their item and no other
// row, those of up to APART share none: for these that is the same as one rating after the other. A block has those that share first.
#pragma once

#include "ratings.cuh"

/// Ratings of a group that shares its item, and of one that shares no row, at most.
constexpr int TOGETHER = 8;
constexpr int APART = 4;

/// The word of a group: the position of its first rating, from bit 8 on, and below that its marks.
struct GroupHead {
  long long word;

  __device__ __forceinline__ long long position() const { return word >> 8; }
  __device__ __forceinline__ int size() const { return (int)word & 15; }

  /// Whether a row of it, which is not the item where that is kept, is one of the group before: who has asked for its rows while that was worked on
  /// asks again.
  __device__ __forceinline__ bool isLate() const { return ((int)word & 1 << 4) != 0; }

  /// Whether its item is that of the group before.
  __device__ __forceinline__ bool isKept() const { return ((int)word & 1 << 5) != 0; }
};

/// The rows of a rating. A place that a group leaves empty has those of its last rating, and must not write them.
struct RatingRows {
  int user;
  int item;
};

/// What a rating says. Of a place that a group leaves empty the weight is 0.
struct RatingValue {
  float value;
  float weight;
};

__device__ __forceinline__ RatingRows readRows(Global<const int4> ratings, const GroupHead& head, int place) {
  int2 words = as<const int2>(ratings)[2 * (head.position() + min(place, head.size() - 1))];
  return RatingRows{words.x, words.y};
}

__device__ __forceinline__ RatingValue readValue(Global<const int4> ratings, const GroupHead& head, int place) {
  int2 words = as<const int2>(ratings)[2 * (head.position() + min(place, head.size() - 1)) + 1];
  return RatingValue{__int_as_float(words.x), place < head.size() ? __int_as_float(words.y) : 0.0f};
}

#ifdef GPUMF_EMULATOR
inline unsigned opaque(unsigned x) { return x; }
#else
/// x, of which a compiler does not know how it came about: it then multiplies by it in one instruction, and not by the parts of it in five.
__device__ __forceinline__ unsigned opaque(unsigned x) {
  unsigned y;
  asm volatile("mov.u32 %0, %1;" : "=r"(y) : "r"(x));
  return y;
}
#endif

/// Bytes that L2 gets at a time.
constexpr int SECTOR = 32;

#ifdef GPUMF_EMULATOR
/// Reads a byte, so that an address past its allocation is found.
inline void bringToL2(Global<const char> at) {
  volatile char read = *at;
  (void)read;
}
#else
/// Asks for a sector, for L2 alone: there is no register for it, and nothing waits.
__device__ __forceinline__ void bringToL2(const char* at) { asm volatile("prefetch.global.L2 [%0];" : : "l"(at)); }
#endif

/// The same for some bytes, each lane of a warp every 32nd sector.
__device__ __forceinline__ void bringToL2(Global<const char> at, long long bytes, int lane) {
  for (long long from = SECTOR * lane; from < bytes; from += SECTOR * WARP) {
    bringToL2(at + from);
  }
}

/// How long rows are.
struct Shape {
  /// float4 of a row.
  int vectors;
  /// 1 / k
  float perFactor;
  unsigned bytesOfFloats;
  unsigned bytesOfHalves;
  /// 0, of which a compiler does not know that it is.
  unsigned nothing;

  __device__ __forceinline__ Shape(int vectors, int k)
      : vectors(vectors),
        perFactor(1.0f / k),
        bytesOfFloats(opaque(16 * vectors)),
        bytesOfHalves(opaque(8 * vectors)),
        nothing(opaque(vectors >> 31)) {}

  /// Of a row of such vectors.
  template <class Vector>
  __device__ __forceinline__ unsigned bytesOf() const {
    return sizeof(Vector) == 16 ? bytesOfFloats : bytesOfHalves;
  }
};

/// Where a block is: its first group and its first rating, how many groups share their item, how many do not, which come after those, and how many
/// ratings all of them have. DeviceGrid.java writes it.
struct BlockHead {
  long long group;
  long long rating;
  int together;
  int apart;
  long long ratings;
};

/// A block, and what its visit needs to know.
template <class Factor>
struct Block {
  const SideTables<Factor>& users;
  const SideTables<Factor>& items;
  const Shape& shape;
  const Step& step;
  float offset;
  Global<const int4> ratings;
  /// Of all blocks.
  Global<const long long> allGroups;
  BlockHead head;
  /// Whether nobody else has the stripe of users in this epoch: their rows may be read before the wait for items'.
  bool ownUsers;

  __device__ __forceinline__ Global<const long long> groups() const { return allGroups + head.group; }
  __device__ __forceinline__ int together() const { return head.together; }
  __device__ __forceinline__ int apart() const { return head.apart; }

  /// Brings its groups and ratings to L2, but for a sector at the end.
  __device__ __forceinline__ void bringToL2(int lane) const {
    ::bringToL2(as<const char>(groups()), (head.together + head.apart) * (long long)sizeof(long long), lane);
    ::bringToL2(as<const char>(ratings + head.rating), head.ratings * (long long)sizeof(int4), lane);
  }
};

/// factor x
__device__ __forceinline__ float4 scaled(float factor, float4 x) { return make_float4(factor * x.x, factor * x.y, factor * x.z, factor * x.w); }

__device__ __forceinline__ float4 sumOf(float4 x, float4 y) { return make_float4(x.x + y.x, x.y + y.y, x.z + y.z, x.w + y.w); }

/// x^2 + sum
__device__ __forceinline__ float4 addSquares(float4 sum, float4 x) {
  return make_float4(fmaf(x.x, x.x, sum.x), fmaf(x.y, x.y, sum.y), fmaf(x.z, x.z, sum.z), fmaf(x.w, x.w, sum.w));
}

/// A bias with the optimizer's numbers, in every lane of a rating.
template <class Rule>
struct Bias {
  float weight;
  float first;
  float second;

  template <class Factor>
  __device__ __forceinline__ void loadWeight(const SideTables<Factor>& side, int row) {
    weight = side.bias[row];
  }

  template <class Factor>
  __device__ __forceinline__ void loadSlots(const SideTables<Factor>& side, int row) {
    first = Rule::BIAS_SLOTS > 0 ? side.biasFirst[row] : 0;
    second = Rule::BIAS_SLOTS > 1 ? side.biasSecond[row] : 0;
  }

  __device__ __forceinline__ void move(float gradient, const Step& step) { Rule::move(weight, gradient, first, second, step); }

  /// Along the sum of the gradients of several ratings, whose squares add up to `squares`.
  __device__ __forceinline__ void moveTogether(float gradient, float squares, const Step& step) {
    Rule::moveTogether(weight, gradient, squares, first, second, step);
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

/// The same along a sum of gradients, whose squares add up to `squares`.
template <class Rule>
__device__ __forceinline__ void moveVectorTogether(
    float4& own, float4 gradient, float4 squares, float4& first, float4& second, float pace, const Step& step) {
  if (Rule::BY_ROW) {
    own = addScaled(own, pace, gradient);
  } else {
    Rule::moveTogether(own.x, gradient.x, squares.x, first.x, second.x, step);
    Rule::moveTogether(own.y, gradient.y, squares.y, first.y, second.y, step);
    Rule::moveTogether(own.z, gradient.z, squares.z, first.z, second.z, step);
    Rule::moveTogether(own.w, gradient.w, squares.w, first.w, second.w, step);
  }
}

/// The rate of a row that has one G, which grows by the mean square of its gradient.
__device__ __forceinline__ float paceOf(float& sum, float squares, const Shape& shape, const Step& step) {
  sum = fmaf(squares, shape.perFactor, sum);
  return -quotient(step.rate, root(sum) + step.epsilon);
}
