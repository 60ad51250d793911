// Makes C++ out of CUDA: force-included before a .cu file that g++ compiles. The standard headers come first, since a few of CUDA's words are
// redefined below.
#pragma once

#include <algorithm>
#include <cassert>
#include <cfloat>
#include <climits>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <tuple>
#include <type_traits>
#include <utility>

#define GPUMF_EMULATOR 1

// build.sh finds the kernels by this word in the preprocessed text, and removes it by defining it away when it compiles.
#ifdef EMULATOR_LISTS_KERNELS
#define __global__ emulator_kernel
#else
#define __global__ __attribute__((unused))
#endif
#define __device__ __attribute__((unused))
#define __host__
#define __constant__ static
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __launch_bounds__(...)
#undef __restrict__
#define __restrict__
// Blocks run one at a time on a worker, all threads of a block on one worker: its own static variable is the block's shared memory.
#define __shared__ static thread_local
#define __align__(bytes) alignas(bytes)

#define threadIdx (emulator_thread->index)
#define blockIdx (emulator_thread->block->index)
#define blockDim (emulator_thread->block->dimensions)
#define gridDim (emulator_thread->block->grid)
#define warpSize 32

#include "vectors.h"
#include "global.h"
#include "atomics.h"
#include "math.h"
#include "warp.h"

template <class T>
T __ldg(const T* address) {
  return *address;
}
template <class T>
std::remove_const_t<T> __ldg(Global<T> pointer) {
  return *pointer;
}
template <class T>
std::remove_const_t<T> __ldcs(const T* address) {
  return *address;
}
template <class T>
void __stcs(T* address, T value) {
  *address = value;
}

[[noreturn]] inline void __trap() { emulator_trap("__trap()"); }
