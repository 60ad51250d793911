#include "memory.h"

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>
#include <map>

#include "call.h"
#include "context.h"
#include "stream.h"

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#endif

namespace emulator {
namespace {

constexpr std::size_t PAGE = 4096;
constexpr std::size_t RESERVED = std::size_t(1) << 44;          // 16 TiB of addresses, no memory behind them
constexpr std::size_t SMALLEST_RESERVED = std::size_t(1) << 36;  // where the address space is limited
constexpr std::size_t DEFAULT_TOTAL = std::size_t(2) << 30;
constexpr int POISON = 0xFF;  // NaN as a float or double, -1 as an integer

struct Memory {
  std::size_t total = DEFAULT_TOTAL;
  std::uintptr_t begin = 0, next = 0, end = 0;
  std::map<std::uintptr_t, Allocation> allocations;  // by the begin of their pages' leading guard
  long long alive[2] = {0, 0};                       // device, host
  long long bytes[2] = {0, 0};
};

Memory& memory() {
  static Memory& memory = *[] {
    auto* created = new Memory;
    if (const char* bytes = std::getenv("GPUMF_EMULATOR_MEMORY")) {
      created->total = std::strtoull(bytes, nullptr, 10);
    }
    return created;
  }();
  return memory;
}

bool reserve() {
  if (memory().begin != 0) {
    return true;
  }
  for (std::size_t bytes = RESERVED; bytes >= SMALLEST_RESERVED; bytes /= 2) {
    void* range = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (range != MAP_FAILED) {
      memory().begin = memory().next = reinterpret_cast<std::uintptr_t>(range);
      memory().end = memory().begin + bytes;
      return true;
    }
  }
  return false;
}

std::size_t pagesOf(std::size_t bytes) { return (bytes + PAGE - 1) / PAGE * PAGE; }

CUresult allocate(const char* call, std::size_t bytes, bool host, std::uintptr_t* address) {
  const CUresult refused = refuseWhileCapturing(call);
  if (refused != CUDA_SUCCESS) {
    return refused;
  }
  if (bytes == 0) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: 0 bytes", call);
  }
  const auto used = static_cast<std::size_t>(bytesAlive(host));
  if (bytes > memory().total || used > memory().total - bytes) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "%s: %zu bytes, of %zu bytes %zu are in use", call, bytes, memory().total, used);
  }
  const std::size_t span = pagesOf(bytes) + 2 * PAGE;
  if (!reserve() || memory().end - memory().next < span) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "%s: the stand-in has used up its addresses", call);
  }
  const std::uintptr_t guard = memory().next;
  void* pages = reinterpret_cast<void*>(guard + PAGE);
  if (mprotect(pages, pagesOf(bytes), PROT_READ | PROT_WRITE) != 0) {
    return fail(CUDA_ERROR_OUT_OF_MEMORY, "%s: this machine has no %zu bytes left", call, bytes);
  }
  memory().next += span;
  std::memset(pages, POISON, pagesOf(bytes));
#ifdef __SANITIZE_ADDRESS__
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(pages) + bytes, pagesOf(bytes) - bytes);
#endif
  memory().allocations[guard] = {guard + PAGE, bytes, host, true};
  memory().alive[host]++;
  memory().bytes[host] += static_cast<long long>(bytes);
  *address = guard + PAGE;
  return CUDA_SUCCESS;
}

void release(Allocation& allocation) {
  void* pages = reinterpret_cast<void*>(allocation.begin);
#ifdef __SANITIZE_ADDRESS__
  ASAN_UNPOISON_MEMORY_REGION(pages, pagesOf(allocation.bytes));
#endif
  // Mapped anew, so that the memory itself goes back to the machine and the address remains taken.
  mmap(pages, pagesOf(allocation.bytes), PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);
  allocation.alive = false;
  memory().alive[allocation.host]--;
  memory().bytes[allocation.host] -= static_cast<long long>(allocation.bytes);
}

Allocation* find(std::uintptr_t address) {
  auto after = memory().allocations.upper_bound(address);
  if (after == memory().allocations.begin()) {
    return nullptr;
  }
  Allocation& allocation = std::prev(after)->second;
  return address < allocation.begin + pagesOf(allocation.bytes) + PAGE ? &allocation : nullptr;
}

CUresult freeAllocation(const char* call, std::uintptr_t address, bool host) {
  const CUresult refused = refuseWhileCapturing(call);
  if (refused != CUDA_SUCCESS) {
    return refused;
  }
  Allocation* allocation = find(address);
  if (allocation == nullptr || allocation->begin != address || allocation->host != host) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: 0x%zx is not the start of an allocation", call, address);
  }
  if (!allocation->alive) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: 0x%zx, %zu bytes, was released before", call, address, allocation->bytes);
  }
  // A device waits for its work before memory goes away; what that work did wrong is told here, as by any call that waits.
  const CUresult finished = contextFault() == CUDA_SUCCESS ? finishAllStreams() : CUDA_SUCCESS;
  release(*allocation);
  return finished;
}

}  // namespace

std::size_t totalMemory() { return memory().total; }

void setTotalMemory(std::size_t bytes) { memory().total = bytes; }

const Allocation* allocationAt(std::uintptr_t address) { return find(address); }

bool inReservedRange(std::uintptr_t address) { return address >= memory().begin && address < memory().end; }

std::string describe(std::uintptr_t address) {
  const Allocation* allocation = find(address);
  if (address == 0) {
    return "a null pointer";
  }
  if (allocation == nullptr) {
    return inReservedRange(address) ? "device memory that was never allocated" : "an address that is no device memory";
  }
  const auto offset = static_cast<long long>(address - allocation->begin);
  return "byte offset " + std::to_string(offset) + " of " + (allocation->alive ? "an" : "a released") +
         (allocation->host ? " pinned" : "") + " allocation of " + std::to_string(allocation->bytes) + " bytes";
}

CUresult checkDeviceRange(const char* call, const char* what, CUdeviceptr address, std::size_t bytes) {
  const Allocation* allocation = find(address);
  const std::uintptr_t begin = address;
  if (allocation == nullptr || !allocation->alive || begin < allocation->begin ||
      begin - allocation->begin > allocation->bytes || bytes > allocation->bytes - (begin - allocation->begin)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: the %s of %zu bytes begins at %s", call, what, bytes, describe(begin).c_str());
  }
  return CUDA_SUCCESS;
}

bool isPinned(const void* address, std::size_t bytes) {
  const auto begin = reinterpret_cast<std::uintptr_t>(address);
  const Allocation* allocation = find(begin);
  return allocation != nullptr && allocation->alive && allocation->host && begin >= allocation->begin &&
         begin + bytes <= allocation->begin + allocation->bytes;
}

long long allocationsAlive(bool host) { return memory().alive[host]; }

long long bytesAlive(bool host) { return memory().bytes[host]; }

void freeAllMemory() {
  for (auto& [guard, allocation] : memory().allocations) {
    if (allocation.alive) {
      release(allocation);
    }
  }
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes) {
  return call("cuMemAlloc", Needs::Context, [&] {
    std::uintptr_t allocated = 0;
    const CUresult result = allocate("cuMemAlloc", bytes, false, &allocated);
    if (result == CUDA_SUCCESS) {
      *address = allocated;
    }
    return result;
  });
}

CUDA_CALL cuMemFree_v2(CUdeviceptr address) {
  return call("cuMemFree", Needs::Release,
              [&] { return address == 0 ? CUDA_SUCCESS : freeAllocation("cuMemFree", address, false); });
}

CUDA_CALL cuMemHostAlloc(void** address, std::size_t bytes, unsigned) {
  return call("cuMemHostAlloc", Needs::Context, [&] {
    std::uintptr_t allocated = 0;
    const CUresult result = allocate("cuMemHostAlloc", bytes, true, &allocated);
    if (result == CUDA_SUCCESS) {
      *address = reinterpret_cast<void*>(allocated);
    }
    return result;
  });
}

CUDA_CALL cuMemAllocHost_v2(void** address, std::size_t bytes) {
  return call("cuMemAllocHost", Needs::Context, [&] {
    std::uintptr_t allocated = 0;
    const CUresult result = allocate("cuMemAllocHost", bytes, true, &allocated);
    if (result == CUDA_SUCCESS) {
      *address = reinterpret_cast<void*>(allocated);
    }
    return result;
  });
}

CUDA_CALL cuMemFreeHost(void* address) {
  return call("cuMemFreeHost", Needs::Release,
              [&] { return freeAllocation("cuMemFreeHost", reinterpret_cast<std::uintptr_t>(address), true); });
}

CUDA_CALL cuMemHostGetDevicePointer_v2(CUdeviceptr* device, void* host, unsigned) {
  return call("cuMemHostGetDevicePointer", Needs::Context, [&] {
    if (!isPinned(host, 0)) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuMemHostGetDevicePointer: %p is not pinned memory", host);
    }
    *device = reinterpret_cast<CUdeviceptr>(host);
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuMemGetInfo_v2(std::size_t* available, std::size_t* total) {
  return call("cuMemGetInfo", Needs::Context, [&] {
    *total = totalMemory();
    *available = totalMemory() - static_cast<std::size_t>(bytesAlive(false));
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuMemGetAddressRange_v2(CUdeviceptr* begin, std::size_t* bytes, CUdeviceptr address) {
  return call("cuMemGetAddressRange", Needs::Context, [&] {
    const CUresult refused = checkDeviceRange("cuMemGetAddressRange", "range", address, 1);
    if (refused == CUDA_SUCCESS) {
      if (begin != nullptr) {
        *begin = find(address)->begin;
      }
      if (bytes != nullptr) {
        *bytes = find(address)->bytes;
      }
    }
    return refused;
  });
}
