// Running kernels: launches, and the state that the threads of one share.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <vector>

#include "cuda.h"

namespace emulator {

struct Launch {
  const KernelEntry* entry;
  Dimensions grid, block;
  std::size_t dynamicShared;
  bool cooperative;  // all blocks at the same time
  std::vector<std::vector<char>> arguments;  // as the host passed them
};

// Threads that run blocks, at most.
constexpr int MOST_WORKERS = 64;

// Runs the kernel to its end; an error's message is kept for emulator_last_error().
CUresult runKernel(const Launch& launch);

void setWorkers(int count);

// One run of a kernel. The first fault ends it: every worker stops at its next block.
struct Run {
  const Launch* launch;
  std::vector<char> prepared;
  std::vector<Provenance> provenances;
  std::uint64_t seed;
  std::atomic<std::uint64_t> nextBlock{0};
  std::atomic<bool> failed{false};
  std::mutex lock;
  CUresult code = CUDA_SUCCESS;
  std::string message;

  std::uint64_t blocks() const { return std::uint64_t(launch->grid.x) * launch->grid.y * launch->grid.z; }
  std::size_t threads() const { return std::size_t(launch->block.x) * launch->block.y * launch->block.z; }
  void fault(CUresult faultCode, const std::string& text);
};

// Runs blocks of the run on this thread until none are left.
void runBlocks(Run& run);

}  // namespace emulator
