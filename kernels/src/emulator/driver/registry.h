// The kernels that were compiled for the processor.
#pragma once

#include <string>

#include "cuda.h"

namespace emulator {

// Null for a name that no loaded library has. The library beside the driver (or those that GPUMF_EMULATOR_KERNELS names) is loaded at first use.
const KernelEntry* findKernel(const std::string& name);

// Loads a library of compiled kernels; its names win over those loaded before.
CUresult loadKernels(const std::string& path);

// Where kernels were looked for, for messages.
std::string kernelLibraries();

// PTX that declares every loaded kernel and holds no code: for tests that have sources and no nvcc.
std::string declarationsAsPtx();

}  // namespace emulator
