// Rows in registers: what a lane holds of one, how it comes from memory, moves and goes back. For held_groups.cuh.
//
// A rating has LANES lanes of a warp, and a lane HELD vectors of each of its rows: 8 lanes for rows of up to 64 factors, 16 for rows of up to 128. So
// 32 / LANES places work side by side.
#pragma once

#include "groups.cuh"
#include "halves.cuh"

constexpr int HELD = 2;

/// Which lanes of a warp have a rating, and which vectors of its rows: lane and lane + LANES.
template <int LANES_OF_ROW>
struct Place {
  static constexpr int LANES = LANES_OF_ROW;
  static constexpr int PLACES = WARP / LANES;

  int lane;
  int number;

  __device__ __forceinline__ explicit Place(int laneOfWarp) : lane(laneOfWarp & (LANES - 1)), number(laneOfWarp / LANES) {}

  __device__ __forceinline__ bool has(int held, const Shape& shape) const { return lane + held * LANES < shape.vectors; }

  /// The first of this lane's vectors of a row; the others follow LANES apart. Counted in bytes, that is one instruction.
  template <class Vector, class T>
  __device__ __forceinline__ Global<Vector> of(Global<T> table, int row, const Shape& shape) const {
    return as<Vector>(as<char>(as<Vector>(table) + lane) + (unsigned long long)(unsigned)row * shape.bytesOf<Vector>());
  }
};

/// What a lane holds of a row. Vector: of factors, as they are in memory on the way from there, then as floats. A half is widened when its
/// group comes and not before: who looks at a number that was asked for waits for it. SLOTS: whether the optimizer's numbers are there.
template <class Rule, class At, class Vector, bool SLOTS>
struct Row {
  static constexpr int FIRST = Rule::SLOTS > 0 && SLOTS ? HELD : 1;
  static constexpr int SECOND = Rule::SLOTS > 1 && SLOTS ? HELD : 1;

  Vector factors[HELD];
  float4 first[FIRST];
  float4 second[SECOND];
  Bias<Rule> bias;
  /// G of the row, in every lane.
  float sum;

  /// Sets what no memory stands behind to zero.
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = Vector();
    }
    clearSlots();
  }

  __device__ __forceinline__ void clearSlots() {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      first[held % FIRST] = zeroVector();
      second[held % SECOND] = zeroVector();
    }
  }

  /// Asks for a row. Where a lane has no vector of it, what is there stays.
  template <class Factor>
  __device__ __forceinline__ void load(const SideTables<Factor>& side, int row, const Shape& shape, const At& at) {
    Global<const Vector> own = at.template of<const Vector>(side.factors, row, shape);
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = at.has(held, shape) ? own[held * At::LANES] : factors[held];
    }
    bias.loadWeight(side, row);
    if (SLOTS) {
      loadSlots(side, row, shape, at);
    }
  }

  /// Asks for the optimizer's numbers; what is there stays likewise.
  template <class Factor>
  __device__ __forceinline__ void loadSlots(const SideTables<Factor>& side, int row, const Shape& shape, const At& at) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      if (Rule::SLOTS > 0) {
        first[held] = at.has(held, shape) ? at.template of<const float4>(side.first, row, shape)[held * At::LANES] : first[held];
      }
      if (Rule::SLOTS > 1) {
        second[held] = at.has(held, shape) ? at.template of<const float4>(side.second, row, shape)[held * At::LANES] : second[held];
      }
    }
    bias.loadSlots(side, row);
    sum = Rule::BY_ROW ? side.first[row] : 0;
  }

  /// Becomes a row that has come from memory.
  template <class Factor, bool CAME_WITH_SLOTS>
  __device__ __forceinline__ void take(const Row<Rule, At, typename Stored<Factor>::Vector, CAME_WITH_SLOTS>& row) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = Stored<Factor>::widened(row.factors[held]);
      if (CAME_WITH_SLOTS && Rule::SLOTS > 0) {
        first[held] = row.first[held];
      }
      if (CAME_WITH_SLOTS && Rule::SLOTS > 1) {
        second[held] = row.second[held];
      }
    }
    bias.weight = row.bias.weight;
    if (CAME_WITH_SLOTS) {
      bias = row.bias;
      sum = row.sum;
    }
  }

  /// This lane's part of the dot product.
  __device__ __forceinline__ float partOfDot(const Row& other) const {
    float part = 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      part = dot(factors[held], other.factors[held], part);
    }
    return part;
  }

  /// Moves along pull x own + scale x direction. Every lane of the warp must call it.
  __device__ __forceinline__ void move(float pull, float scale, const float4 (&direction)[HELD], const Shape& shape, const Step& step) {
    if (Rule::BIAS_SLOTS == 0) {
      float keep = fmaf(-step.rate, pull, 1.0f);
      float pace = -step.rate * scale;
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        factors[held] = addScaled(scaled(keep, factors[held]), pace, direction[held]);
      }
      return;
    }
    float4 gradient[HELD];
    float squares = 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      gradient[held] = addScaled(scaled(pull, factors[held]), scale, direction[held]);
      squares = Rule::BY_ROW ? dot(gradient[held], gradient[held], squares) : 0;
    }
    float pace = Rule::BY_ROW ? paceOf(sum, sumOverGroup(squares, At::LANES), shape, step) : 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      moveVector<Rule>(factors[held], gradient[held], first[Rule::SLOTS > 0 ? held : 0], second[Rule::SLOTS > 1 ? held : 0], pace, step);
    }
  }

  /// Rounds it to what a table stores.
  template <class Factor>
  __device__ __forceinline__ void round() {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      factors[held] = Stored<Factor>::widened(Stored<Factor>::rounded(factors[held]));
    }
  }

  /// Writes the row. Its addresses are computed again: those that it was read from would take up registers since then.
  template <class Factor>
  __device__ __forceinline__ void store(const SideTables<Factor>& side, int number, bool writes, const Shape& shape, const At& at) const {
    int row = opaque(number);
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      if (writes && at.has(held, shape)) {
        at.template of<typename Stored<Factor>::Vector>(side.factors, row, shape)[held * At::LANES] = Stored<Factor>::rounded(factors[held]);
        if (Rule::SLOTS > 0) {
          at.template of<float4>(side.first, row, shape)[held * At::LANES] = first[held];
        }
        if (Rule::SLOTS > 1) {
          at.template of<float4>(side.second, row, shape)[held * At::LANES] = second[held];
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
