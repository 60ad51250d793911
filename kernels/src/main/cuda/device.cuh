// The words that every kernel is written in, for nvcc and for the stand-in driver that runs the same sources on a CPU.
//
// A pointer into device memory is a Global<T>: T* under nvcc; under the stand-in a class that knows the bounds of its allocation and checks
// every p[i], *p and p->x. Kernels are `extern "C" __global__ void name(...)`, their parameters Global<T>, integers and floating-point numbers.
#pragma once

#ifdef GPUMF_EMULATOR

#include "global.h"

// As on the device its size is the launch's, and a write past its end is caught.
#define DYNAMIC_SHARED(T, name) T* const name = static_cast<T*>(emulator_thread->block->dynamicShared)

template <class T>
T readNow(Global<const T> at) {
  return *at;
}

#else

template <class T>
using Global = T*;

// Reads here, before any branch that follows: a compiler that moved the read behind one that waits for another read would make it two waits.
template <class T>
__device__ __forceinline__ T readNow(const T* at) {
  static_assert(sizeof(T) % 8 == 0 && alignof(T) == 8, "read in words of eight bytes");
  const unsigned long long address = __cvta_generic_to_global(at);
  unsigned long long words[sizeof(T) / 8];
#pragma unroll
  for (int word = 0; word < (int)(sizeof(T) / 8); word++) {
    asm volatile("ld.global.b64 %0, [%1];" : "=l"(words[word]) : "l"(address + 8 * word));
  }
  T read;
  memcpy(&read, words, sizeof(T));
  return read;
}

namespace device {
template <class From, class To>
struct WithConstOf {
  using type = To;
};
template <class From, class To>
struct WithConstOf<const From, To> {
  using type = const To;
};
}  // namespace device

// Views memory as elements of another type, which must be aligned for it.
template <class To, class From>
__device__ __forceinline__ typename device::WithConstOf<From, To>::type* as(From* pointer) {
  return reinterpret_cast<typename device::WithConstOf<From, To>::type*>(pointer);
}

// Through one array of bytes: all of a file's kernels may name theirs as they like, with any type.
extern __shared__ __align__(16) unsigned char deviceDynamicShared[];
#define DYNAMIC_SHARED(T, name) T* const name = reinterpret_cast<T*>(deviceDynamicShared)

#endif

// Four floats at a time: the row must begin at a multiple of 16 bytes.
template <class T>
__device__ __forceinline__ auto as4(T pointer) -> decltype(as<float4>(pointer)) {
  return as<float4>(pointer);
}
