// Modules: PTX that is held against the compiled kernels. A kernel is launched only where both agree on its parameters.
#include "module.h"

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "call.h"
#include "handles.h"
#include "registry.h"

namespace emulator {
namespace {

constexpr int NEWEST_PTX = 85;  // what a driver of CUDA 12.6 reads
constexpr int DEVICE_TARGET = 90;
constexpr std::size_t DEFAULT_SHARED = 49152;
constexpr std::size_t MOST_SHARED = 232448;
constexpr int REGISTERS = 32;  // of every kernel: nothing here could know

struct Module {
  std::map<std::string, CUfunction> functions;
};

struct Modules {
  Handles<CUmodule, Module> modules;
  Handles<CUfunction, Function> functions;
};

Modules& modules() {
  static Modules& modules = *new Modules;
  return modules;
}

CUresult checkAgainstCompiled(const char* call, const PtxEntry& declared, const KernelEntry* compiled) {
  const char* name = declared.name.c_str();
  if (compiled == nullptr) {
    return fail(CUDA_ERROR_INVALID_PTX, "%s: the PTX declares %s, which was not compiled for the stand-in; looked in %s", call, name,
                kernelLibraries().c_str());
  }
  if (static_cast<std::size_t>(compiled->parameterCount) != declared.parameterBytes.size()) {
    return fail(CUDA_ERROR_INVALID_PTX, "%s: %s has %zu parameters in the PTX and %d in the compiled kernels: the PTX is stale", call,
                name, declared.parameterBytes.size(), compiled->parameterCount);
  }
  for (int i = 0; i < compiled->parameterCount; i++) {
    if (compiled->parameters[i].bytes != declared.parameterBytes[static_cast<std::size_t>(i)]) {
      return fail(CUDA_ERROR_INVALID_PTX, "%s: parameter %d of %s has %zu bytes in the PTX and %zu in the compiled kernels: the PTX is stale",
                  call, i, name, declared.parameterBytes[static_cast<std::size_t>(i)], compiled->parameters[i].bytes);
    }
  }
  return CUDA_SUCCESS;
}

CUresult load(const char* call, CUmodule* handle, const std::string& text) {
  PtxModule ptx;
  try {
    ptx = parsePtx(text);
  } catch (const std::exception& notPtx) {
    return fail(CUDA_ERROR_INVALID_PTX, "%s: the image is no PTX: %s", call, notPtx.what());
  }
  if (ptx.version > NEWEST_PTX) {
    return fail(CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "%s: the PTX has version %d.%d; this driver reads up to %d.%d", call,
                ptx.version / 10, ptx.version % 10, NEWEST_PTX / 10, NEWEST_PTX % 10);
  }
  if (ptx.target > DEVICE_TARGET) {
    return fail(CUDA_ERROR_NO_BINARY_FOR_GPU, "%s: the PTX is for sm_%d, the device is sm_%d", call, ptx.target, DEVICE_TARGET);
  }
  for (const PtxEntry& declared : ptx.entries) {
    const CUresult refused = checkAgainstCompiled(call, declared, findKernel(declared.name));
    if (refused != CUDA_SUCCESS) {
      return refused;
    }
  }
  const auto module = std::make_shared<Module>();
  for (const PtxEntry& declared : ptx.entries) {
    const Function function = {declared, findKernel(declared.name), DEFAULT_SHARED};
    module->functions[declared.name] = modules().functions.add(std::make_shared<Function>(function));
  }
  *handle = modules().modules.add(module);
  return CUDA_SUCCESS;
}

// The compiler's messages go where the options say.
void writeLog(unsigned count, const int* options, void** values) {
  constexpr int ERROR_LOG_BUFFER = 5;  // CU_JIT_ERROR_LOG_BUFFER
  constexpr int ERROR_LOG_BYTES = 6;   // CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES
  char* buffer = nullptr;
  std::size_t bytes = 0;
  for (unsigned i = 0; i < count; i++) {
    buffer = options[i] == ERROR_LOG_BUFFER ? static_cast<char*>(values[i]) : buffer;
    bytes = options[i] == ERROR_LOG_BYTES ? static_cast<std::size_t>(reinterpret_cast<std::uintptr_t>(values[i])) : bytes;
  }
  if (buffer != nullptr && bytes > 0) {
    std::strncpy(buffer, lastError().c_str(), bytes - 1);
    buffer[bytes - 1] = 0;
  }
}

template <class Body>
CUresult functionCall(const char* name, CUfunction handle, Body body) {
  return call(name, Needs::Context, [&] {
    const std::shared_ptr<Function> function = findFunction(handle);
    if (function == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the function does not exist, or its module was unloaded", name);
    }
    return body(*function);
  });
}

}  // namespace

std::shared_ptr<Function> findFunction(CUfunction handle) { return modules().functions.find(handle); }

long long modulesAlive() { return modules().modules.size(); }

void unloadModules() {
  modules().modules.clear();
  modules().functions.clear();
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuModuleLoadData(CUmodule* module, const void* image) {
  return call("cuModuleLoadData", Needs::Context,
              [&] { return load("cuModuleLoadData", module, static_cast<const char*>(image)); });
}

CUDA_CALL cuModuleLoadDataEx(CUmodule* module, const void* image, unsigned count, int* options, void** values) {
  return call("cuModuleLoadDataEx", Needs::Context, [&] {
    const CUresult result = load("cuModuleLoadDataEx", module, static_cast<const char*>(image));
    if (result != CUDA_SUCCESS) {
      writeLog(count, options, values);
    }
    return result;
  });
}

CUDA_CALL cuModuleLoad(CUmodule* module, const char* path) {
  return call("cuModuleLoad", Needs::Context, [&] {
    std::ifstream file(path);
    std::ostringstream text;
    if (!(text << file.rdbuf())) {
      return fail(static_cast<CUresult>(301), "cuModuleLoad: %s cannot be read", path);  // CUDA_ERROR_FILE_NOT_FOUND
    }
    return load("cuModuleLoad", module, text.str());
  });
}

CUDA_CALL cuModuleUnload(CUmodule handle) {
  return call("cuModuleUnload", Needs::Release, [&] {
    const std::shared_ptr<Module> module = modules().modules.remove(handle);
    if (module == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "cuModuleUnload: the module does not exist or was unloaded");
    }
    for (const auto& [name, function] : module->functions) {
      modules().functions.remove(function);
    }
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuModuleGetFunction(CUfunction* function, CUmodule handle, const char* name) {
  return call("cuModuleGetFunction", Needs::Context, [&] {
    const std::shared_ptr<Module> module = modules().modules.find(handle);
    if (module == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "cuModuleGetFunction: the module does not exist or was unloaded");
    }
    const auto found = module->functions.find(name);
    if (found == module->functions.end()) {
      return fail(CUDA_ERROR_NOT_FOUND, "cuModuleGetFunction: the module has no kernel %s", name);
    }
    *function = found->second;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuFuncGetAttribute(int* value, int attribute, CUfunction handle) {
  return functionCall("cuFuncGetAttribute", handle, [&](const Function& function) {
    switch (attribute) {
      case 0:  // MAX_THREADS_PER_BLOCK
        *value = function.declared.maximumThreads;
        return CUDA_SUCCESS;
      case 1:  // SHARED_SIZE_BYTES
        *value = static_cast<int>(function.declared.sharedBytes);
        return CUDA_SUCCESS;
      case 2:  // CONST_SIZE_BYTES
      case 3:  // LOCAL_SIZE_BYTES
      case 7:  // CACHE_MODE_CA
        *value = 0;
        return CUDA_SUCCESS;
      case 4:  // NUM_REGS
        *value = REGISTERS;
        return CUDA_SUCCESS;
      case 5:  // PTX_VERSION
      case 6:  // BINARY_VERSION
        *value = DEVICE_TARGET;
        return CUDA_SUCCESS;
      case 8:  // MAX_DYNAMIC_SHARED_SIZE_BYTES
        *value = static_cast<int>(function.dynamicSharedLimit - function.declared.sharedBytes);
        return CUDA_SUCCESS;
      case 9:  // PREFERRED_SHARED_MEMORY_CARVEOUT
        *value = -1;
        return CUDA_SUCCESS;
      default:
        return fail(CUDA_ERROR_INVALID_VALUE, "cuFuncGetAttribute: unknown attribute %d", attribute);
    }
  });
}

CUDA_CALL cuFuncSetAttribute(CUfunction handle, int attribute, int value) {
  return functionCall("cuFuncSetAttribute", handle, [&](Function& function) {
    constexpr int MAX_DYNAMIC_SHARED = 8, CARVEOUT = 9;
    if (attribute == CARVEOUT) {
      return CUDA_SUCCESS;  // a hint
    }
    const auto most = static_cast<long long>(MOST_SHARED - function.declared.sharedBytes);
    if (attribute != MAX_DYNAMIC_SHARED || value < 0 || value > most) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuFuncSetAttribute: attribute %d of %s to %d; dynamic shared memory (8) goes up to %lld",
                  attribute, function.declared.name.c_str(), value, most);
    }
    function.dynamicSharedLimit = static_cast<std::size_t>(value) + function.declared.sharedBytes;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuFuncSetCacheConfig(CUfunction handle, int) {
  return functionCall("cuFuncSetCacheConfig", handle, [](const Function&) { return CUDA_SUCCESS; });
}

CUDA_CALL cuOccupancyMaxActiveBlocksPerMultiprocessor(int* blocks, CUfunction handle, int blockSize, std::size_t dynamicShared) {
  return functionCall("cuOccupancyMaxActiveBlocksPerMultiprocessor", handle, [&](const Function& function) {
    if (blockSize < 1) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuOccupancyMaxActiveBlocksPerMultiprocessor: blocks of %d threads", blockSize);
    }
    constexpr int MOST_BLOCKS = 32, MOST_THREADS = 2048, ALL_REGISTERS = 65536, RESERVED_SHARED = 1024, ALL_SHARED = 233472;
    const int threads = (blockSize + 31) / 32 * 32;
    const std::size_t shared = function.declared.sharedBytes + dynamicShared + RESERVED_SHARED;
    *blocks = std::min({MOST_BLOCKS, MOST_THREADS / threads, ALL_REGISTERS / (REGISTERS * threads), static_cast<int>(ALL_SHARED / shared)});
    if (blockSize > function.declared.maximumThreads || dynamicShared > function.dynamicSharedLimit - function.declared.sharedBytes) {
      *blocks = 0;
    }
    return CUDA_SUCCESS;
  });
}
