// Atomics: whole on the processor as on the device, since two workers may run blocks at the same time.
#pragma once

#include <cstring>

#include "global.h"

namespace emulator {

// Kernels wait for one another by trying again: a thread that swaps lets others of its block run, or it would try for ever.
template <class T>
T swapped(T old) {
  emulator_pause();
  return old;
}

template <class Bits, class T, class Change>
T changed(T* address, Change change) {
  static_assert(sizeof(Bits) == sizeof(T));
  Bits* bits = reinterpret_cast<Bits*>(address);
  Bits seen = __atomic_load_n(bits, __ATOMIC_RELAXED);
  for (;;) {
    T old;
    std::memcpy(&old, &seen, sizeof old);
    const T next = change(old);
    Bits wanted;
    std::memcpy(&wanted, &next, sizeof wanted);
    if (__atomic_compare_exchange_n(bits, &seen, wanted, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
      return old;
    }
  }
}

}  // namespace emulator

inline float atomicAdd(float* address, float value) {
  return emulator::changed<unsigned>(address, [value](float old) { return old + value; });
}
inline double atomicAdd(double* address, double value) {
  return emulator::changed<unsigned long long>(address, [value](double old) { return old + value; });
}
inline float atomicExch(float* address, float value) {
  return emulator::swapped(emulator::changed<unsigned>(address, [value](float) { return value; }));
}

#define EMULATOR_INTEGER_ATOMICS(T)                                                                                              \
  inline T atomicAdd(T* address, T value) { return __atomic_fetch_add(address, value, __ATOMIC_RELAXED); }                       \
  inline T atomicSub(T* address, T value) { return __atomic_fetch_sub(address, value, __ATOMIC_RELAXED); }                       \
  inline T atomicAnd(T* address, T value) { return __atomic_fetch_and(address, value, __ATOMIC_RELAXED); }                       \
  inline T atomicOr(T* address, T value) { return __atomic_fetch_or(address, value, __ATOMIC_RELAXED); }                         \
  inline T atomicXor(T* address, T value) { return __atomic_fetch_xor(address, value, __ATOMIC_RELAXED); }                       \
  inline T atomicExch(T* address, T value) { return emulator::swapped(__atomic_exchange_n(address, value, __ATOMIC_RELAXED)); }  \
  inline T atomicMin(T* address, T value) {                                                                                      \
    return emulator::changed<T>(address, [value](T old) { return old < value ? old : value; });                                  \
  }                                                                                                                              \
  inline T atomicMax(T* address, T value) {                                                                                      \
    return emulator::changed<T>(address, [value](T old) { return old > value ? old : value; });                                  \
  }                                                                                                                              \
  inline T atomicCAS(T* address, T expected, T value) {                                                                          \
    __atomic_compare_exchange_n(address, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);                           \
    return emulator::swapped(expected);                                                                                          \
  }

EMULATOR_INTEGER_ATOMICS(int)
EMULATOR_INTEGER_ATOMICS(unsigned)
EMULATOR_INTEGER_ATOMICS(unsigned long long)

#undef EMULATOR_INTEGER_ATOMICS

inline long long atomicMin(long long* address, long long value) {
  return emulator::changed<unsigned long long>(address, [value](long long old) { return old < value ? old : value; });
}
inline long long atomicMax(long long* address, long long value) {
  return emulator::changed<unsigned long long>(address, [value](long long old) { return old > value ? old : value; });
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
  return emulator::changed<unsigned>(address, [limit](unsigned old) { return old >= limit ? 0 : old + 1; });
}

// The same on checked pointers: atomicAdd(p + i, x).
#define EMULATOR_CHECKED_ATOMIC(name)                        \
  template <class T, class... Values>                        \
  T name(Global<T> pointer, Values... values) {              \
    return name(&*pointer, static_cast<T>(values)...);       \
  }

EMULATOR_CHECKED_ATOMIC(atomicAdd)
EMULATOR_CHECKED_ATOMIC(atomicSub)
EMULATOR_CHECKED_ATOMIC(atomicAnd)
EMULATOR_CHECKED_ATOMIC(atomicOr)
EMULATOR_CHECKED_ATOMIC(atomicXor)
EMULATOR_CHECKED_ATOMIC(atomicExch)
EMULATOR_CHECKED_ATOMIC(atomicMin)
EMULATOR_CHECKED_ATOMIC(atomicMax)
EMULATOR_CHECKED_ATOMIC(atomicCAS)
EMULATOR_CHECKED_ATOMIC(atomicInc)

#undef EMULATOR_CHECKED_ATOMIC

inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_block() { __threadfence(); }
inline void __threadfence_system() { __threadfence(); }
