#include "context.h"

#include <vector>

#include "call.h"
#include "event.h"
#include "graph.h"
#include "handles.h"
#include "memory.h"
#include "module.h"
#include "stream.h"

namespace emulator {
namespace {

struct PrimaryContext {
  int retained = 0;
  unsigned flags = 0;
  CUresult fault = CUDA_SUCCESS;
  CUcontext handle = nullptr;  // a new one in every life, so that an old one is recognised
};

PrimaryContext& primary() {
  static PrimaryContext& primary = *new PrimaryContext;
  return primary;
}

thread_local std::vector<CUcontext> currentContexts;

CUresult checkDevice(const char* name, CUdevice device) {
  return device == 0 ? CUDA_SUCCESS : fail(CUDA_ERROR_INVALID_DEVICE, "%s: device %d; there is device 0 only", name, device);
}

CUresult checkContext(const char* name, CUcontext context) {
  return context == nullptr || (primary().retained > 0 && context == primary().handle)
             ? CUDA_SUCCESS
             : fail(CUDA_ERROR_INVALID_CONTEXT, "%s: the context is not the retained primary context", name);
}

}  // namespace

std::uintptr_t nextHandle() {
  // Far from any address of the process: a handle that is followed by mistake faults at once.
  static std::uintptr_t last = 0x6000000000000000;
  return last += 16;
}

bool contextIsCurrent() {
  return !currentContexts.empty() && currentContexts.back() != nullptr && primary().retained > 0 &&
         currentContexts.back() == primary().handle;
}

long long contextsRetained() { return primary().retained; }

CUresult contextFault() { return primary().fault; }

void breakContext(CUresult code) {
  if (primary().fault == CUDA_SUCCESS) {
    primary().fault = code;
  }
}

void destroyContext() {
  destroyStreams();
  destroyEvents();
  destroyGraphs();
  unloadModules();
  freeAllMemory();
  primary().fault = CUDA_SUCCESS;
}

void resetContext() {
  destroyContext();
  primary().retained = 0;
  primary().handle = nullptr;
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  return call("cuDevicePrimaryCtxRetain", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxRetain", device);
    if (refused == CUDA_SUCCESS) {
      if (primary().retained++ == 0) {
        primary().handle = reinterpret_cast<CUcontext>(nextHandle());
      }
      *context = primary().handle;
    }
    return refused;
  });
}

CUDA_CALL cuDevicePrimaryCtxRelease_v2(CUdevice device) {
  return call("cuDevicePrimaryCtxRelease", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxRelease", device);
    if (refused != CUDA_SUCCESS) {
      return refused;
    }
    if (primary().retained == 0) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "cuDevicePrimaryCtxRelease: the primary context is not retained");
    }
    if (--primary().retained == 0) {
      if (primary().fault == CUDA_SUCCESS) {
        finishAllStreams();
      }
      destroyContext();
    }
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDevicePrimaryCtxReset_v2(CUdevice device) {
  return call("cuDevicePrimaryCtxReset", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxReset", device);
    if (refused == CUDA_SUCCESS) {
      destroyContext();
    }
    return refused;
  });
}

CUDA_CALL cuDevicePrimaryCtxGetState(CUdevice device, unsigned* flags, int* active) {
  return call("cuDevicePrimaryCtxGetState", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxGetState", device);
    if (refused == CUDA_SUCCESS) {
      *flags = primary().flags;
      *active = primary().retained > 0;
    }
    return refused;
  });
}

CUDA_CALL cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
  return call("cuDevicePrimaryCtxSetFlags", Needs::Initialization, [&] {
    primary().flags = flags;
    return checkDevice("cuDevicePrimaryCtxSetFlags", device);
  });
}

CUDA_CALL cuCtxSetCurrent(CUcontext context) {
  return call("cuCtxSetCurrent", Needs::Initialization, [&] {
    const CUresult refused = checkContext("cuCtxSetCurrent", context);
    if (refused == CUDA_SUCCESS) {
      if (!currentContexts.empty()) {
        currentContexts.pop_back();
      }
      if (context != nullptr) {
        currentContexts.push_back(context);
      }
    }
    return refused;
  });
}

CUDA_CALL cuCtxGetCurrent(CUcontext* context) {
  return call("cuCtxGetCurrent", Needs::Initialization, [&] {
    *context = currentContexts.empty() ? nullptr : currentContexts.back();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuCtxPushCurrent_v2(CUcontext context) {
  return call("cuCtxPushCurrent", Needs::Initialization, [&] {
    const CUresult refused = checkContext("cuCtxPushCurrent", context);
    if (refused == CUDA_SUCCESS) {
      currentContexts.push_back(context);
    }
    return refused;
  });
}

CUDA_CALL cuCtxPopCurrent_v2(CUcontext* context) {
  return call("cuCtxPopCurrent", Needs::Initialization, [&] {
    if (currentContexts.empty()) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "cuCtxPopCurrent: the thread has no current context");
    }
    if (context != nullptr) {
      *context = currentContexts.back();
    }
    currentContexts.pop_back();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuCtxGetDevice(CUdevice* device) {
  return call("cuCtxGetDevice", Needs::Context, [&] {
    *device = 0;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuCtxGetApiVersion(CUcontext, unsigned* version) {
  return call("cuCtxGetApiVersion", Needs::Context, [&] {
    *version = 12060;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuCtxGetStreamPriorityRange(int* least, int* greatest) {
  return call("cuCtxGetStreamPriorityRange", Needs::Context, [&] {
    *least = 0;
    *greatest = -5;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuCtxSynchronize() {
  return call("cuCtxSynchronize", Needs::Context, [] {
    const CUresult refused = refuseWhileCapturing("cuCtxSynchronize");
    return refused != CUDA_SUCCESS ? refused : finishAllStreams();
  });
}
