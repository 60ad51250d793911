// CUDA's arithmetic intrinsics. Compiled with -ffp-contract=off: a product and a sum are fused where the kernel says so and nowhere else.
#pragma once

#include <algorithm>
#include <cmath>

#include "warp.h"

inline float __fmaf_rn(float x, float y, float z) { return __builtin_fmaf(x, y, z); }
inline float __fmul_rn(float x, float y) { return x * y; }
inline float __fadd_rn(float x, float y) { return x + y; }
inline float __fsub_rn(float x, float y) { return x - y; }
inline float __fdiv_rn(float x, float y) { return x / y; }
inline float __fsqrt_rn(float x) { return __builtin_sqrtf(x); }
inline float __frcp_rn(float x) { return 1.0f / x; }
inline double __fma_rn(double x, double y, double z) { return __builtin_fma(x, y, z); }
inline double __dmul_rn(double x, double y) { return x * y; }
inline double __dadd_rn(double x, double y) { return x + y; }
inline double __dsub_rn(double x, double y) { return x - y; }
inline double __ddiv_rn(double x, double y) { return x / y; }
inline double __dsqrt_rn(double x) { return __builtin_sqrt(x); }

// Approximate on the device; here rounded, so that a test must leave them the room that CUDA's documentation states.
inline float rsqrtf(float x) { return 1.0f / __builtin_sqrtf(x); }
inline double rsqrt(double x) { return 1.0 / __builtin_sqrt(x); }
inline float __frsqrt_rn(float x) { return static_cast<float>(1.0 / __builtin_sqrt(static_cast<double>(x))); }
inline float __fdividef(float x, float y) { return x / y; }
inline float __expf(float x) { return std::exp(x); }
inline float __logf(float x) { return std::log(x); }
inline float __powf(float x, float y) { return std::pow(x, y); }
inline float __saturatef(float x) { return x > 0 ? (x < 1 ? x : 1) : 0; }

inline float __double2float_rn(double x) { return static_cast<float>(x); }
inline float __int2float_rn(int x) { return static_cast<float>(x); }
inline float __uint2float_rn(unsigned x) { return static_cast<float>(x); }
inline float __ll2float_rn(long long x) { return static_cast<float>(x); }
inline float __ull2float_rn(unsigned long long x) { return static_cast<float>(x); }
inline double __ll2double_rn(long long x) { return static_cast<double>(x); }
inline double __ull2double_rn(unsigned long long x) { return static_cast<double>(x); }
inline double __int2double_rn(int x) { return x; }
inline double __uint2double_rn(unsigned x) { return x; }

namespace emulator {

// A value outside the integer's range becomes the nearest one in it, NaN becomes 0 (or the lowest 64-bit number): PTX's cvt, where C++ leaves it undefined.
template <class Integer, class Real>
Integer clamped(Real rounded, Integer ofNaN) {
  using Limits = std::numeric_limits<Integer>;
  if (rounded != rounded) {
    return ofNaN;
  }
  const Real above = std::ldexp(Real(1), Limits::digits);
  if (rounded >= above) {
    return Limits::max();
  }
  return rounded <= static_cast<Real>(Limits::min()) ? Limits::min() : static_cast<Integer>(rounded);
}

}  // namespace emulator

inline int __float2int_rn(float x) { return emulator::clamped<int>(std::rint(x), 0); }
inline int __float2int_rz(float x) { return emulator::clamped<int>(std::trunc(x), 0); }
inline int __float2int_rd(float x) { return emulator::clamped<int>(std::floor(x), 0); }
inline unsigned __float2uint_rn(float x) { return emulator::clamped<unsigned>(std::rint(x), 0); }
inline unsigned __float2uint_rz(float x) { return emulator::clamped<unsigned>(std::trunc(x), 0); }
inline long long __float2ll_rn(float x) { return emulator::clamped<long long>(std::rint(x), std::numeric_limits<long long>::min()); }
inline long long __float2ll_rz(float x) { return emulator::clamped<long long>(std::trunc(x), std::numeric_limits<long long>::min()); }
inline long long __double2ll_rn(double x) { return emulator::clamped<long long>(std::rint(x), std::numeric_limits<long long>::min()); }
inline long long __double2ll_rz(double x) { return emulator::clamped<long long>(std::trunc(x), std::numeric_limits<long long>::min()); }
inline int __double2int_rn(double x) { return emulator::clamped<int>(std::rint(x), 0); }
inline int __double2int_rz(double x) { return emulator::clamped<int>(std::trunc(x), 0); }

inline unsigned __float_as_uint(float x) { return emulator::fromBits<unsigned>(emulator::toBits(x)); }
inline int __float_as_int(float x) { return emulator::fromBits<int>(emulator::toBits(x)); }
inline float __uint_as_float(unsigned x) { return emulator::fromBits<float>(x); }
inline float __int_as_float(int x) { return emulator::fromBits<float>(emulator::toBits(x)); }
inline long long __double_as_longlong(double x) { return emulator::fromBits<long long>(emulator::toBits(x)); }
inline double __longlong_as_double(long long x) { return emulator::fromBits<double>(emulator::toBits(x)); }

inline int __popc(unsigned x) { return __builtin_popcount(x); }
inline int __popcll(unsigned long long x) { return __builtin_popcountll(x); }
inline int __clz(int x) { return x == 0 ? 32 : __builtin_clz(static_cast<unsigned>(x)); }
inline int __clzll(long long x) { return x == 0 ? 64 : __builtin_clzll(static_cast<unsigned long long>(x)); }
inline int __ffs(int x) { return __builtin_ffs(x); }
inline int __ffsll(long long x) { return __builtin_ffsll(x); }
inline unsigned __brev(unsigned x) {
  unsigned reversed = 0;
  for (int bit = 0; bit < 32; bit++) {
    reversed |= ((x >> bit) & 1u) << (31 - bit);
  }
  return reversed;
}
inline unsigned __umulhi(unsigned x, unsigned y) { return static_cast<unsigned>((static_cast<std::uint64_t>(x) * y) >> 32); }
inline int __mulhi(int x, int y) { return static_cast<int>((static_cast<std::int64_t>(x) * y) >> 32); }
inline long long __mul64hi(long long x, long long y) { return static_cast<long long>((static_cast<__int128>(x) * y) >> 64); }
inline unsigned long long __umul64hi(unsigned long long x, unsigned long long y) {
  return static_cast<unsigned long long>((static_cast<unsigned __int128>(x) * y) >> 64);
}
inline unsigned __funnelshift_l(unsigned low, unsigned high, unsigned shift) {
  shift &= 31;
  return static_cast<unsigned>((((static_cast<std::uint64_t>(high) << 32) | low) << shift) >> 32);
}
inline unsigned __funnelshift_r(unsigned low, unsigned high, unsigned shift) {
  return static_cast<unsigned>(((static_cast<std::uint64_t>(high) << 32) | low) >> (shift & 31));
}

// CUDA's min and max take any two arithmetic types.
template <class A, class B, class = std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>>>
constexpr std::common_type_t<A, B> min(A a, B b) {
  using C = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<C>) {
    return std::fmin(C(a), C(b));
  } else {
    return C(a) < C(b) ? C(a) : C(b);
  }
}
template <class A, class B, class = std::enable_if_t<std::is_arithmetic_v<A> && std::is_arithmetic_v<B>>>
constexpr std::common_type_t<A, B> max(A a, B b) {
  using C = std::common_type_t<A, B>;
  if constexpr (std::is_floating_point_v<C>) {
    return std::fmax(C(a), C(b));
  } else {
    return C(a) > C(b) ? C(a) : C(b);
  }
}
