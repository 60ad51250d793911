// Factors as halves, IEEE 754's binary16. A table of them is that of rows.cuh with halves in place of floats: rows of `vectors` times four
// halves, 8 bytes and a multiple of them, padded with zeros. They are widened where they are read and rounded to the nearest where they are
// written, of two as near to the even one; all arithmetic is in floats.
#pragma once

#include <cstring>

#include "rows.cuh"

#ifndef GPUMF_EMULATOR
#include <cuda_fp16.h>
#endif

__device__ __forceinline__ unsigned bitsOf(__half2 pair) {
  unsigned bits;
  memcpy(&bits, &pair, sizeof bits);
  return bits;
}

__device__ __forceinline__ __half2 pairOf(unsigned bits) {
  __half2 pair;
  memcpy(&pair, &bits, sizeof bits);
  return pair;
}

/// Four halves of a row, in one access of 8 bytes.
__device__ __forceinline__ float4 floatsOf(uint2 four) {
  float2 low = __half22float2(pairOf(four.x));
  float2 high = __half22float2(pairOf(four.y));
  return make_float4(low.x, low.y, high.x, high.y);
}

/// To the nearest halves: by pairs, which is one instruction each from sm_80 on; one by one they are several times as slow.
__device__ __forceinline__ uint2 halvesOf(float4 four) {
  return make_uint2(bitsOf(__floats2half2_rn(four.x, four.y)), bitsOf(__floats2half2_rn(four.z, four.w)));
}

__device__ __forceinline__ float4 zeroVector() { return make_float4(0, 0, 0, 0); }

/// Four numbers of a row, as a table of Factor stores them.
template <class Factor>
struct Stored;

template <>
struct Stored<float> {
  using Vector = float4;
  __device__ static float4 widened(float4 four) { return four; }
  __device__ static float4 rounded(float4 four) { return four; }
};

template <>
struct Stored<__half> {
  using Vector = uint2;
  __device__ static float4 widened(uint2 four) { return floatsOf(four); }
  __device__ static uint2 rounded(float4 four) { return halvesOf(four); }
};
