// What compiled kernels and the driver say to each other. A kernel library links against libcuda.so.1 for these symbols.
#pragma once

#include <cstddef>
#include <cstdint>

#define EMULATOR_EXPORT __attribute__((visibility("default")))

namespace emulator {

struct Dimensions {
  unsigned x, y, z;
};

// The bounds within which a pointer may be used: those of the allocation that it pointed into when the kernel began.
struct Provenance {
  std::uintptr_t begin = 0;
  std::size_t bytes = 0;
  int argument = -1;  // position among the kernel's arguments; -1 for a pointer that came from nowhere
};

struct Block {
  Dimensions index;
  Dimensions dimensions;
  Dimensions grid;
  void* dynamicShared;
};

// What a thread of a kernel can see of itself.
struct ThreadView {
  Dimensions index;
  unsigned lane;
  const Block* block;
};

enum class Access { Read, ReadOrWrite };

enum class WarpOperation { Synchronize, Shuffle, Ballot, MatchAny, Add, MinimumSigned, MinimumUnsigned, MaximumSigned, MaximumUnsigned, And, Or, Xor };

enum class BlockOperation { Synchronize, Count, And, Or };

struct Parameter {
  std::size_t bytes;      // as the host passes it
  std::size_t alignment;
  bool pointer;
};

// One compiled kernel. `prepare` turns the raw arguments of a launch into typed ones, once; `run` calls the kernel for one thread.
struct KernelEntry {
  const char* name;
  const Parameter* parameters;
  int parameterCount;
  std::size_t preparedBytes;
  void (*prepare)(void* prepared, const void* const* arguments, const Provenance* provenances);
  void (*run)(const void* prepared);
  void* (*sharedMemory)(std::size_t* bytes);  // the calling thread's static __shared__ memory of the kernel's library
};

}  // namespace emulator

extern "C" {
// Initial-exec: one load from the thread's segment, since kernels read threadIdx all the time.
extern EMULATOR_EXPORT __thread const emulator::ThreadView* emulator_thread __attribute__((tls_model("initial-exec")));

EMULATOR_EXPORT void emulator_register_kernel(const emulator::KernelEntry* entry);
[[noreturn]] EMULATOR_EXPORT void emulator_access_fault(const emulator::Provenance* provenance, std::uintptr_t address,
                                                        std::size_t bytes, std::size_t alignment, emulator::Access access);
[[noreturn]] EMULATOR_EXPORT void emulator_trap(const char* reason);
EMULATOR_EXPORT int emulator_block_barrier(emulator::BlockOperation operation, int predicate);
EMULATOR_EXPORT std::uint64_t emulator_warp_exchange(emulator::WarpOperation operation, unsigned mask, std::uint64_t value, unsigned sourceLane);
EMULATOR_EXPORT unsigned emulator_active_mask();
EMULATOR_EXPORT void emulator_pause();
}
