// The optimizers' rules for an update a rating, and the tables that they move. Formulas in ratings.cu; for the kernels there and in rounds.cuh.
#pragma once

#include "rows.cuh"

struct Step {
  float rate;
  float a;
  float b;
  float epsilon;
  float shrink;
  float biasShrink;
};

#ifdef GPUMF_EMULATOR

__device__ inline float root(float x) { return sqrtf(x); }

__device__ inline float quotient(float x, float y) { return x / y; }

#else

/// The square root, within an ulp or so; 0 of numbers below 2^-126.
__device__ __forceinline__ float root(float x) {
  float y;
  asm("sqrt.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

/// x / y, within 2 ulp, for y from 2^-126 to 2^126: a smaller one is taken for 0, and by a greater one it is 0. Where the quotient is below 2^-126
/// it is 0.
__device__ __forceinline__ float quotient(float x, float y) {
  float z;
  asm("div.approx.ftz.f32 %0, %1, %2;" : "=f"(z) : "f"(x), "f"(y));
  return z;
}

#endif

/// SLOTS: numbers that the rule keeps for each factor. BIAS_SLOTS: those that it keeps for a bias. BY_ROW: factors of a row have one in common.
/// SQUARES: these are sums of the squares of each rating's gradient, also where a row moves along the sum of several ratings' gradients.
struct SgdRule {
  static constexpr int SLOTS = 0;
  static constexpr int BIAS_SLOTS = 0;
  static constexpr bool BY_ROW = false;
  static constexpr bool SQUARES = false;
  __device__ static void move(float& w, float g, float&, float&, const Step& s) { w = fmaf(-s.rate, g, w); }
  __device__ static void moveTogether(float& w, float g, float, float& x, float& y, const Step& s) { move(w, g, x, y, s); }
};

struct AdaGradRule {
  static constexpr int SLOTS = 1;
  static constexpr int BIAS_SLOTS = 1;
  static constexpr bool BY_ROW = false;
  static constexpr bool SQUARES = true;
  __device__ static void move(float& w, float g, float& sum, float&, const Step& s) {
    sum = fmaf(g, g, sum);
    w = fmaf(-s.rate, quotient(g, root(sum) + s.epsilon), w);
  }
  __device__ static void moveTogether(float& w, float g, float squares, float& sum, float&, const Step& s) {
    sum += squares;
    w = fmaf(-s.rate, quotient(g, root(sum) + s.epsilon), w);
  }
};

/// One G a row: `move` is for biases, which are rows of one.
struct AdaGradRowRule : AdaGradRule {
  static constexpr int SLOTS = 0;
  static constexpr bool BY_ROW = true;
};

struct LazyAdamRule {
  static constexpr int SLOTS = 2;
  static constexpr int BIAS_SLOTS = 2;
  static constexpr bool BY_ROW = false;
  static constexpr bool SQUARES = false;
  __device__ static void move(float& w, float g, float& m, float& v, const Step& s) {
    m = fmaf(g - m, s.a, m);
    v = fmaf(fmaf(g, g, -v), s.b, v);
    w = fmaf(-s.rate, quotient(m, root(v) + s.epsilon), w);
  }
  __device__ static void moveTogether(float& w, float g, float, float& m, float& v, const Step& s) { move(w, g, m, v, s); }
};

/// Users or items: their tables, biases and the optimizer's numbers; what a model or a rule does not have is null.
template <class Factor>
struct SideTables {
  Global<Factor> factors;
  Global<float> first;
  Global<float> second;
  Global<float> bias;
  Global<float> biasFirst;
  Global<float> biasSecond;
};
