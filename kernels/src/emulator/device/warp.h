// Barriers, and the exchanges between the 32 threads of a warp.
#pragma once

#include <cstring>

#include "runtime.h"

inline void __syncthreads() { emulator_block_barrier(emulator::BlockOperation::Synchronize, 0); }
inline int __syncthreads_count(int predicate) { return emulator_block_barrier(emulator::BlockOperation::Count, predicate); }
inline int __syncthreads_and(int predicate) { return emulator_block_barrier(emulator::BlockOperation::And, predicate); }
inline int __syncthreads_or(int predicate) { return emulator_block_barrier(emulator::BlockOperation::Or, predicate); }

inline void __syncwarp(unsigned mask = 0xffffffffu) {
  emulator_warp_exchange(emulator::WarpOperation::Synchronize, mask, 0, 0);
}
inline unsigned __activemask() { return emulator_active_mask(); }

inline unsigned __ballot_sync(unsigned mask, int predicate) {
  return static_cast<unsigned>(emulator_warp_exchange(emulator::WarpOperation::Ballot, mask, predicate != 0, 0));
}
inline int __any_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate) != 0; }
inline int __all_sync(unsigned mask, int predicate) { return __ballot_sync(mask, predicate == 0) == 0; }

namespace emulator {

template <class T>
std::uint64_t toBits(T value) {
  static_assert(sizeof(T) <= 8, "warps exchange values of up to 8 bytes");
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

template <class T>
T fromBits(std::uint64_t bits) {
  T value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

template <class T>
T shuffle(unsigned mask, T value, unsigned sourceLane) {
  return fromBits<T>(emulator_warp_exchange(WarpOperation::Shuffle, mask, toBits(value), sourceLane));
}

inline int lane() { return static_cast<int>(emulator_thread->lane); }

}  // namespace emulator

template <class T>
T __shfl_sync(unsigned mask, T value, int sourceLane, int width = 32) {
  const int first = emulator::lane() & -width;
  return emulator::shuffle(mask, value, static_cast<unsigned>(first + (sourceLane & (width - 1))));
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int laneMask, int width = 32) {
  const int source = emulator::lane() ^ laneMask;
  // A source in a later segment gives the thread's own value, one in an earlier segment that lane's, as on the device.
  const int end = (emulator::lane() & -width) + width;
  return emulator::shuffle(mask, value, static_cast<unsigned>(source < end ? source : emulator::lane()));
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int source = emulator::lane() + static_cast<int>(delta);
  const int end = (emulator::lane() & -width) + width;
  return emulator::shuffle(mask, value, static_cast<unsigned>(source < end ? source : emulator::lane()));
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = 32) {
  const int source = emulator::lane() - static_cast<int>(delta);
  const int first = emulator::lane() & -width;
  return emulator::shuffle(mask, value, static_cast<unsigned>(source >= first ? source : emulator::lane()));
}

template <class T>
unsigned __match_any_sync(unsigned mask, T value) {
  return static_cast<unsigned>(emulator_warp_exchange(emulator::WarpOperation::MatchAny, mask, emulator::toBits(value), 0));
}

#define EMULATOR_REDUCE(name, T, operation)                                                                                \
  inline T name(unsigned mask, T value) {                                                                                  \
    return static_cast<T>(                                                                                                 \
        emulator_warp_exchange(emulator::WarpOperation::operation, mask, static_cast<std::uint64_t>(value), 0));           \
  }

EMULATOR_REDUCE(__reduce_add_sync, int, Add)
EMULATOR_REDUCE(__reduce_add_sync, unsigned, Add)
EMULATOR_REDUCE(__reduce_min_sync, int, MinimumSigned)
EMULATOR_REDUCE(__reduce_min_sync, unsigned, MinimumUnsigned)
EMULATOR_REDUCE(__reduce_max_sync, int, MaximumSigned)
EMULATOR_REDUCE(__reduce_max_sync, unsigned, MaximumUnsigned)
EMULATOR_REDUCE(__reduce_and_sync, unsigned, And)
EMULATOR_REDUCE(__reduce_or_sync, unsigned, Or)
EMULATOR_REDUCE(__reduce_xor_sync, unsigned, Xor)

#undef EMULATOR_REDUCE
