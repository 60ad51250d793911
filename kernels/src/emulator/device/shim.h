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
// "used": it is written from outside, so what is never written in the kernel is not known to be zero.
#define __shared__ __attribute__((used)) static thread_local
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
#include "halves.h"
#include "warp.h"

// Loads and stores with a hint for the caches, on plain and on checked pointers.
#define EMULATOR_LOAD(name)                              \
  template <class T>                                     \
  T name(const T* address) {                             \
    return *address;                                     \
  }                                                      \
  template <class T>                                     \
  std::remove_const_t<T> name(Global<T> pointer) {       \
    return *pointer;                                     \
  }
#define EMULATOR_STORE(name)                             \
  template <class T>                                     \
  void name(T* address, T value) {                       \
    *address = value;                                    \
  }                                                      \
  template <class T>                                     \
  void name(Global<T> pointer, T value) {                \
    *pointer = value;                                    \
  }

EMULATOR_LOAD(__ldg)
EMULATOR_LOAD(__ldca)
EMULATOR_LOAD(__ldcg)
EMULATOR_LOAD(__ldcs)
EMULATOR_LOAD(__ldcv)
EMULATOR_LOAD(__ldlu)
EMULATOR_STORE(__stwb)
EMULATOR_STORE(__stcg)
EMULATOR_STORE(__stcs)
EMULATOR_STORE(__stwt)

#undef EMULATOR_LOAD
#undef EMULATOR_STORE

[[noreturn]] inline void __trap() { emulator_trap("__trap()"); }
