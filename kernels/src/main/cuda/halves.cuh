// Factors as halves, IEEE 754's binary16. A table of them is that of rows.cuh with halves in place of floats: rows of `vectors` times four
// halves, 8 bytes and a multiple of them, padded with zeros. They are widened where they are read and rounded to the nearest where they are
// written, of two as near to the even one; all arithmetic is in floats.
#pragma once

#include "rows.cuh"

#ifndef GPUMF_EMULATOR
#include <cuda_fp16.h>
#endif

/// Two numbers of a row, as a table of Factor stores them.
template <class Factor>
struct Stored;

template <>
struct Stored<float> {
  using Pair = float2;
  __device__ static float2 widened(float2 pair) { return pair; }
  __device__ static float2 rounded(float2 pair) { return pair; }
};

template <>
struct Stored<__half> {
  using Pair = __half2;
  __device__ static float2 widened(__half2 pair) { return __half22float2(pair); }
  // One by one on chips before sm_80, whose PTX this is; ptxas joins them.
  __device__ static __half2 rounded(float2 pair) { return __floats2half2_rn(pair.x, pair.y); }
};

/// Four halves of a row, in one access of 8 bytes.
__device__ __forceinline__ float4 widened(ushort4 four) {
  return make_float4(
      __half2float(__ushort_as_half(four.x)), __half2float(__ushort_as_half(four.y)), __half2float(__ushort_as_half(four.z)),
      __half2float(__ushort_as_half(four.w)));
}
