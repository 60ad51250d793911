// Factors as halves, IEEE 754's binary16. A table of them is that of rows.cuh with halves in place of floats: rows of `vectors` times four
// halves, 8 bytes and a multiple of them, padded with zeros. They are widened where they are read and rounded to the nearest where they are
// written, of two as near to the even one; all arithmetic is in floats.
#pragma once

#include "rows.cuh"

#ifndef GPUMF_EMULATOR
#include <cuda_fp16.h>
#endif

/// Four halves of a row, in one access of 8 bytes.
__device__ __forceinline__ float4 floatsOf(ushort4 four) {
  return make_float4(
      __half2float(__ushort_as_half(four.x)), __half2float(__ushort_as_half(four.y)), __half2float(__ushort_as_half(four.z)),
      __half2float(__ushort_as_half(four.w)));
}

/// To the nearest halves.
__device__ __forceinline__ ushort4 halvesOf(float4 four) {
  // One by one on chips before sm_80, whose PTX this is; ptxas joins them.
  return make_ushort4(
      __half_as_ushort(__float2half_rn(four.x)), __half_as_ushort(__float2half_rn(four.y)), __half_as_ushort(__float2half_rn(four.z)),
      __half_as_ushort(__float2half_rn(four.w)));
}

__device__ __forceinline__ float4 zeroVector() { return make_float4(0, 0, 0, 0); }

/// Four numbers of a row, as a table of Factor stores them.
template <class Factor>
struct Stored;

template <>
struct Stored<float> {
  using Vector = float4;
  __device__ static float4 zeros() { return zeroVector(); }
  __device__ static float4 widened(float4 four) { return four; }
  __device__ static float4 rounded(float4 four) { return four; }
};

template <>
struct Stored<__half> {
  using Vector = ushort4;
  __device__ static ushort4 zeros() { return make_ushort4(0, 0, 0, 0); }
  __device__ static float4 widened(ushort4 four) { return floatsOf(four); }
  __device__ static ushort4 rounded(float4 four) { return halvesOf(four); }
};
