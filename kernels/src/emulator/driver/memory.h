// Device and pinned host memory.
//
// Every allocation is its own pages of one reserved range of addresses, with unreadable pages around it, and addresses are never used again: an
// address says for ever which allocation it belonged to, and one that is used after its release is known as such.
#pragma once

#include <string>

#include "cuda.h"

namespace emulator {

struct Allocation {
  std::uintptr_t begin;
  std::size_t bytes;
  bool host;
  bool alive;
};

std::size_t totalMemory();
void setTotalMemory(std::size_t bytes);

// The allocation, alive or released, that an address lies in (its guard pages before and after count as its own); null if there never was one.
const Allocation* allocationAt(std::uintptr_t address);

// Whether all the bytes lie in one living allocation; says what is wrong otherwise.
CUresult checkDeviceRange(const char* call, const char* what, CUdeviceptr address, std::size_t bytes);
bool isPinned(const void* address, std::size_t bytes);
bool inReservedRange(std::uintptr_t address);
std::string describe(std::uintptr_t address);

long long allocationsAlive(bool host);
long long bytesAlive(bool host);
void freeAllMemory();

}  // namespace emulator
