#pragma once
template <class T>
using Global = T*;
template <class To, class From>
__device__ __forceinline__ To* as(From* p) { return reinterpret_cast<To*>(p); }
__device__ __forceinline__ float4* as4(float* p) { return reinterpret_cast<float4*>(p); }
__device__ __forceinline__ const float4* as4(const float* p) { return reinterpret_cast<const float4*>(p); }
#define DYNAMIC_SHARED(type, name) extern __shared__ type name[]
