// What the stand-ins of CUDA's libraries ask of the driver's. They link against libcuda.so.1 for it.
#pragma once

#include "cuda.h"

extern "C" {
// Counts a use of a library's call, as emulator_calls tells it, and returns the code that emulator_fail_call planned for it, or 0.
EMULATOR_EXPORT int emulator_library_call(const char* call);

// CUDA_SUCCESS if a context is current on this thread and no fault has broken it.
EMULATOR_EXPORT CUresult emulator_library_context(const char* call);

// Puts work into a stream, to run late like everything else there. When the work has run, or never will, release(data) ends it.
EMULATOR_EXPORT CUresult emulator_library_enqueue(const char* call, CUstream stream, CUresult (*work)(void* data), void (*release)(void* data),
                                                  void* data);

// CUDA_SUCCESS if the bytes lie in one allocation; for work, when it runs.
EMULATOR_EXPORT CUresult emulator_library_range(const char* call, const char* what, CUdeviceptr address, std::size_t bytes);
}
