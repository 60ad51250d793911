// The one device's primary context.
#pragma once

#include "cuda.h"

namespace emulator {

bool contextIsCurrent();
long long contextsRetained();

// What broke the context, CUDA_SUCCESS while it is whole. A fault stays until the context is reset or released.
CUresult contextFault();
void breakContext(CUresult code);

// Ends everything that lives in the context.
void destroyContext();

// Ends it, and every retention as well.
void resetContext();

}  // namespace emulator
