// The devices' primary contexts. What is made in one can be used in all: only which device is current is told apart.
#pragma once

#include "cuda.h"

namespace emulator {

// How many devices there are; a context of one that goes away stays.
int deviceCount();
void setDeviceCount(int count);

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
