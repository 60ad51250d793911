// CUDA's halves: IEEE 754's binary16, 5 bits of exponent and 11 of significand, the first of which is not stored. What is done with them here are
// conversions, in whole numbers, so that the bits do not depend on the processor. A NaN becomes CUDA's own, as in its cuda_fp16.hpp.
#pragma once

#include "math.h"

struct __half {
  unsigned short bits;
};

struct alignas(4) __half2 {
  __half x, y;
};

inline unsigned short __half_as_ushort(__half x) { return x.bits; }
inline __half __ushort_as_half(unsigned short bits) { return {bits}; }

/// Exact.
inline float __half2float(__half x) {
  const unsigned sign = (x.bits & 0x8000u) << 16;
  const unsigned exponent = (x.bits >> 10) & 0x1fu;
  const unsigned fraction = x.bits & 0x3ffu;
  if (exponent == 0x1f) {
    return __uint_as_float(fraction == 0 ? sign | 0x7f800000u : 0x7fffffffu);
  }
  if (exponent == 0) {
    const float subnormal = static_cast<float>(fraction) * 0x1p-24f;
    return __uint_as_float(sign | __float_as_uint(subnormal));
  }
  return __uint_as_float(sign | (exponent + (127 - 15)) << 23 | fraction << 13);
}

/// To the nearest half; of two as near to the even one. From 65,520 on to infinity.
inline __half __float2half_rn(float x) {
  const unsigned bits = __float_as_uint(x);
  const unsigned sign = (bits >> 16) & 0x8000u;
  const unsigned magnitude = bits & 0x7fffffffu;
  if (magnitude > 0x7f800000u) {
    return {0x7fff};
  }
  if (magnitude >= 0x477ff000u) {  // 65,520: the middle of the largest half and what would come after it
    return {static_cast<unsigned short>(sign | 0x7c00u)};
  }
  // The significand, and how many of its bits a half does not have: 13, and more where it is subnormal.
  const unsigned exponent = magnitude >> 23;
  unsigned rounded;
  if (exponent >= 127 - 14) {
    // A carry out of the fraction goes into the exponent, where it belongs.
    const unsigned moved = magnitude - ((127u - 15u) << 23);
    rounded = (moved + 0xfffu + ((moved >> 13) & 1u)) >> 13;
  } else if (exponent < 127 - 25) {
    rounded = 0;  // less than half of the least half
  } else {
    const unsigned significand = (magnitude & 0x7fffffu) | 0x800000u;
    const unsigned shift = 126 - exponent;
    rounded = (significand + ((1u << (shift - 1)) - 1u) + ((significand >> shift) & 1u)) >> shift;
  }
  return {static_cast<unsigned short>(sign | rounded)};
}

inline float2 __half22float2(__half2 x) { return {__half2float(x.x), __half2float(x.y)}; }
inline __half2 __floats2half2_rn(float x, float y) { return {__float2half_rn(x), __float2half_rn(y)}; }
