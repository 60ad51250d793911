// The devices' primary contexts. What is made in one can be used in all: only which device is current is told apart.
#pragma once

#include "cuda.h"

namespace emulator {

// How many devices the process sees, of those in the machine that CUDA_VISIBLE_DEVICES names; a context of one that goes away stays.
int deviceCount();
// A device's number in the machine.
int inMachine(CUdevice device);
// How many there are in the machine; looks at the variable again.
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
