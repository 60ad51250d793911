#include "context.h"

#include <cstdlib>
#include <vector>

#include "call.h"
#include "event.h"
#include "graph.h"
#include "handles.h"
#include "memory.h"
#include "module.h"
#include "stream.h"
#include "visible.h"

namespace emulator {
namespace {

struct PrimaryContext {
  int retained = 0;
  unsigned flags = 0;
  CUcontext handle = nullptr;  // a new one in every life, so that an old one is recognised
};

std::vector<int> visible(int count) {
  return visibleDevices(std::getenv("CUDA_VISIBLE_DEVICES"), count < 0 ? 0 : count > MOST_DEVICES ? MOST_DEVICES : count);
}

struct Contexts {
  std::vector<int> devices = visible(1);  // what a process calls 0, 1, ... by its number in the machine
  PrimaryContext primary[MOST_DEVICES];
  CUresult fault = CUDA_SUCCESS;
};

Contexts& contexts() {
  static Contexts& contexts = *[] {
    auto* created = new Contexts;
    if (const char* count = std::getenv("GPUMF_EMULATOR_DEVICES")) {
      created->devices = visible(std::atoi(count));
    }
    return created;
  }();
  return contexts;
}

PrimaryContext& primary(CUdevice device) { return contexts().primary[device]; }

// The device whose retained primary context it is, or -1.
int deviceOf(CUcontext context) {
  for (int device = 0; device < MOST_DEVICES; device++) {
    if (context != nullptr && primary(device).retained > 0 && primary(device).handle == context) {
      return device;
    }
  }
  return -1;
}

thread_local std::vector<CUcontext> currentContexts;

CUresult checkDevice(const char* name, CUdevice device) {
  return device >= 0 && device < deviceCount()
             ? CUDA_SUCCESS
             : fail(CUDA_ERROR_INVALID_DEVICE, "%s: device %d of %d", name, device, deviceCount());
}

CUresult checkContext(const char* name, CUcontext context) {
  return context == nullptr || deviceOf(context) >= 0
             ? CUDA_SUCCESS
             : fail(CUDA_ERROR_INVALID_CONTEXT, "%s: the context is not a retained primary context", name);
}

}  // namespace

std::uintptr_t nextHandle() {
  // Far from any address of the process: a handle that is followed by mistake faults at once.
  static std::uintptr_t last = 0x6000000000000000;
  return last += 16;
}

int deviceCount() { return static_cast<int>(contexts().devices.size()); }

int inMachine(CUdevice device) { return contexts().devices[static_cast<std::size_t>(device)]; }

void setDeviceCount(int count) { contexts().devices = visible(count); }

bool contextIsCurrent() { return !currentContexts.empty() && deviceOf(currentContexts.back()) >= 0; }

long long contextsRetained() {
  long long retained = 0;
  for (const PrimaryContext& each : contexts().primary) {
    retained += each.retained;
  }
  return retained;
}

CUresult contextFault() { return contexts().fault; }

void breakContext(CUresult code) {
  if (contexts().fault == CUDA_SUCCESS) {
    contexts().fault = code;
  }
}

void destroyContext() {
  destroyStreams();
  destroyEvents();
  destroyGraphs();
  unloadModules();
  freeAllMemory();
  contexts().fault = CUDA_SUCCESS;
}

void resetContext() {
  destroyContext();
  for (PrimaryContext& each : contexts().primary) {
    each.retained = 0;
    each.handle = nullptr;
  }
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuDevicePrimaryCtxRetain(CUcontext* context, CUdevice device) {
  return call("cuDevicePrimaryCtxRetain", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxRetain", device);
    if (refused == CUDA_SUCCESS) {
      if (primary(device).retained++ == 0) {
        primary(device).handle = reinterpret_cast<CUcontext>(nextHandle());
      }
      *context = primary(device).handle;
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
    if (primary(device).retained == 0) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "cuDevicePrimaryCtxRelease: the primary context is not retained");
    }
    primary(device).retained--;
    if (contextsRetained() == 0) {
      if (contexts().fault == CUDA_SUCCESS) {
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
      *flags = primary(device).flags;
      *active = primary(device).retained > 0;
    }
    return refused;
  });
}

CUDA_CALL cuDevicePrimaryCtxSetFlags_v2(CUdevice device, unsigned flags) {
  return call("cuDevicePrimaryCtxSetFlags", Needs::Initialization, [&] {
    const CUresult refused = checkDevice("cuDevicePrimaryCtxSetFlags", device);
    if (refused == CUDA_SUCCESS) {
      primary(device).flags = flags;
    }
    return refused;
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
    *device = deviceOf(currentContexts.back());
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
