// Groups of ratings whose rows are too long for registers: the whole warp works on a row, reads it for the dot products, and again, from a cache,
// to move it. Layout and math in groups.cuh.
#pragma once

#include "rows_ahead.cuh"

/// The ratings of a group that shares its item, or one rating.
template <class Rule, class Factor, int RATINGS>
struct LongGroup {
  using Vector = typename Stored<Factor>::Vector;

  const Block<Factor>& block;
  int lane;
  int size;
  RatingRows rows[RATINGS];
  RatingValue values[RATINGS];
  float slopes[RATINGS];

  /// What a group has to add up for the row of its item.
  struct OfItem {
    float4 gradient;
    float4 squares;
  };

  __device__ __forceinline__ LongGroup(const Block<Factor>& block, int lane) : block(block), lane(lane) {}

  __device__ __forceinline__ long long start(int row) const { return (long long)row * block.shape.vectors; }

  __device__ __forceinline__ float4 factorsOf(const SideTables<Factor>& side, int row, int vector) const {
    return Stored<Factor>::widened(as<Vector>(side.factors)[start(row) + vector]);
  }

  __device__ __forceinline__ float4 gradientOfUser(float4 p, float4 q, float slope) const {
    return addScaled(scaled(block.step.shrink, p), slope, q);
  }

  __device__ __forceinline__ OfItem sumsOfItem(const float4 (&p)[RATINGS], float4 q) const {
    OfItem sums{zeroVector(), zeroVector()};
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      float4 gradient = addScaled(scaled(at < size ? block.step.shrink : 0.0f, q), slopes[at], p[at]);
      sums.gradient = sumOf(sums.gradient, gradient);
      sums.squares = addSquares(sums.squares, gradient);
    }
    return sums;
  }

  /// The optimizer's numbers of four factors.
  struct Slots {
    float4 first;
    float4 second;
  };

  __device__ __forceinline__ Slots slotsOf(const SideTables<Factor>& side, int row, int vector) const {
    long long at = start(row) + vector;
    return Slots{Rule::SLOTS > 0 ? as4(side.first)[at] : zeroVector(), Rule::SLOTS > 1 ? as4(side.second)[at] : zeroVector()};
  }

  __device__ __forceinline__ void store(const SideTables<Factor>& side, int row, int vector, float4 own, const Slots& slots) const {
    long long at = start(row) + vector;
    as<Vector>(side.factors)[at] = Stored<Factor>::rounded(own);
    if (Rule::SLOTS > 0) {
      as4(side.first)[at] = slots.first;
    }
    if (Rule::SLOTS > 1) {
      as4(side.second)[at] = slots.second;
    }
  }

  /// Calls `work` with the vectors of this lane, and the users' and the item's numbers there.
  template <class Work>
  __device__ __forceinline__ void forEachVector(Work work) const {
    for (int vector = lane; vector < block.shape.vectors; vector += WARP) {
      float4 q = factorsOf(block.items, rows[0].item, vector);
      float4 p[RATINGS];
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        p[at] = factorsOf(block.users, rows[at].user, vector);
      }
      work(vector, p, q);
    }
  }

  __device__ __forceinline__ void store(const SideTables<Factor>& side, int row, const Bias<Rule>& bias, float sum) const {
    if (lane == 0) {
      bias.store(side, row);
      if (Rule::BY_ROW) {
        side.first[row] = sum;
      }
    }
  }

  /// The mean square of a gradient, from this lane's squares, added to G of a row: its rate.
  __device__ __forceinline__ float pace(float& sum, float4 squares) const {
    return Rule::BY_ROW
               ? paceOf(sum, sumOverGroup(squares.x + squares.y + (squares.z + squares.w), WARP), block.shape, block.step)
               : 0;
  }

  /// Returns the sum of a e^2.
  __device__ __forceinline__ double visit() {
    const Step& step = block.step;
    __syncwarp();  // what other lanes have written is read from here on
    int row = rows[0].item;
    Bias<Rule> ofItem;
    Bias<Rule> ofUser[RATINGS];
    ofItem.loadWeight(block.items, row);
    ofItem.loadSlots(block.items, row);
    float sumOfItem = Rule::BY_ROW ? block.items.first[row] : 0;
    float sumOfUser[RATINGS];
    float parts[RATINGS];
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      ofUser[at].loadWeight(block.users, rows[at].user);
      ofUser[at].loadSlots(block.users, rows[at].user);
      sumOfUser[at] = Rule::BY_ROW ? block.users.first[rows[at].user] : 0;
      parts[at] = 0;
    }
    forEachVector([&](int, const float4(&p)[RATINGS], float4 q) {
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        parts[at] = dot(p[at], q, parts[at]);
      }
    });
    double squaredErrors = 0;
    float slopeOfItem = 0;
    float squaresOfBias = 0;
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      float error = sumOverGroup(parts[at], WARP) + (block.offset + ofUser[at].weight + ofItem.weight - values[at].value);
      float weighted = values[at].weight * error;
      squaredErrors += (double)(weighted * error);
      slopes[at] = 2 * weighted;
      float gradient = fmaf(at < size ? step.biasShrink : 0.0f, ofItem.weight, slopes[at]);
      slopeOfItem += gradient;
      squaresOfBias = fmaf(gradient, gradient, squaresOfBias);
    }
    float paces[RATINGS];
    float paceOfItem = 0;
    if (Rule::BY_ROW) {
      float4 squares[RATINGS];
      float4 squaresOfItem = zeroVector();
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        squares[at] = zeroVector();
      }
      forEachVector([&](int, const float4(&p)[RATINGS], float4 q) {
#pragma unroll
        for (int at = 0; at < RATINGS; at++) {
          squares[at] = addSquares(squares[at], gradientOfUser(p[at], q, slopes[at]));
        }
        squaresOfItem = sumOf(squaresOfItem, sumsOfItem(p, q).squares);
      });
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        paces[at] = pace(sumOfUser[at], squares[at]);
      }
      paceOfItem = pace(sumOfItem, squaresOfItem);
    }
    forEachVector([&](int vector, const float4(&p)[RATINGS], float4 q) {
      // All are asked for before any is written: a compiler does not know that rows differ, and would have each wait for memory by itself.
      Slots slotsOfItem = slotsOf(block.items, row, vector);
      Slots slotsOfUser[RATINGS];
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        slotsOfUser[at] = slotsOf(block.users, rows[at].user, vector);
      }
      OfItem sums = sumsOfItem(p, q);
      float4 own = q;
      moveVectorTogether<Rule>(own, sums.gradient, sums.squares, slotsOfItem.first, slotsOfItem.second, paceOfItem, step);
      store(block.items, row, vector, own, slotsOfItem);
#pragma unroll
      for (int at = 0; at < RATINGS; at++) {
        if (at < size) {
          own = p[at];
          moveVector<Rule>(
              own, gradientOfUser(p[at], q, slopes[at]), slotsOfUser[at].first, slotsOfUser[at].second, Rule::BY_ROW ? paces[at] : 0, step);
          store(block.users, rows[at].user, vector, own, slotsOfUser[at]);
        }
      }
    });
    ofItem.moveTogether(slopeOfItem, squaresOfBias, step);
    __syncwarp();  // every lane has read what lane 0 writes
    store(block.items, row, ofItem, sumOfItem);
#pragma unroll
    for (int at = 0; at < RATINGS; at++) {
      ofUser[at].move(fmaf(step.biasShrink, ofUser[at].weight, slopes[at]), step);
      if (at < size) {
        store(block.users, rows[at].user, ofUser[at], sumOfUser[at]);
      }
    }
    return squaredErrors;
  }
};

/// Goes through a block: group by group where ratings share their item, then rating by rating.
template <class Rule, class Factor>
struct VisitLong {
  const Block<Factor>& block;
  int lane;

  __device__ __forceinline__ VisitLong(const Block<Factor>& block, int lane) : block(block), lane(lane) {}

  /// Returns this lane's sum of a e^2. wait: until items may be read.
  template <class Wait>
  __device__ __forceinline__ double run(Wait wait) {
    block.bringToL2(lane);
    wait();
    double sum = 0;
    LongGroup<Rule, Factor, TOGETHER> together(block, lane);
    RowsAhead<Rule, Factor, 0, TOGETHER> ahead(block);
    Global<const long long> groups = block.groups();
    int end = block.together();
    for (int at = 0; at < end; at++) {
      GroupHead head{groups[at]};
      ahead.askAfter(head);
      together.size = head.size();
#pragma unroll
      for (int place = 0; place < TOGETHER; place++) {
        together.rows[place] = readRows(block.ratings, head, place);
        together.values[place] = readValue(block.ratings, head, place);
      }
      ahead.bring(true);
      sum += together.visit();
    }
    LongGroup<Rule, Factor, 1> one(block, lane);
    RowsAhead<Rule, Factor, 0, APART> aheadOfFew(block);
    one.size = 1;
    groups += end;
    end = block.apart();
    for (int at = 0; at < end; at++) {
      GroupHead head{groups[at]};
      aheadOfFew.askAfter(head);
      aheadOfFew.bring(true);
      for (int place = 0; place < head.size(); place++) {
        one.rows[0] = readRows(block.ratings, head, place);
        one.values[0] = readValue(block.ratings, head, place);
        sum += one.visit();
      }
    }
    return lane == 0 ? sum : 0;
  }
};
