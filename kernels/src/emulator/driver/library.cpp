#include "library.h"

#include <memory>

#include "call.h"
#include "context.h"
#include "memory.h"
#include "stream.h"

using namespace emulator;

using Guard = std::lock_guard<std::recursive_mutex>;

int emulator_library_call(const char* call) {
  const Guard guard(driverLock());
  return enter(call, Needs::Nothing);
}

CUresult emulator_library_context(const char* call) {
  const Guard guard(driverLock());
  return contextIsCurrent() ? contextFault() : fail(CUDA_ERROR_INVALID_CONTEXT, "%s on a thread that has no current context", call);
}

CUresult emulator_library_enqueue(const char* call, CUstream stream, CUresult (*work)(void* data), void (*release)(void* data), void* data) {
  const std::shared_ptr<void> owned(data, release);
  const Guard guard(driverLock());
  return enqueue(call, stream, [work, owned] { return work(owned.get()); });
}

CUresult emulator_library_range(const char* call, const char* what, CUdeviceptr address, std::size_t bytes) {
  const Guard guard(driverLock());
  return checkDeviceRange(call, what, address, bytes) == CUDA_SUCCESS ? CUDA_SUCCESS : CUDA_ERROR_ILLEGAL_ADDRESS;
}
