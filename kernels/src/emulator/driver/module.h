#pragma once

#include <memory>

#include "cuda.h"
#include "ptx.h"

namespace emulator {

struct Function {
  PtxEntry declared;
  const KernelEntry* compiled;
  std::size_t dynamicSharedLimit;
};

std::shared_ptr<Function> findFunction(CUfunction handle);

long long modulesAlive();
void unloadModules();

}  // namespace emulator
