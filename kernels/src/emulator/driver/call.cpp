#include "call.h"

#include <cstdio>
#include <cstdlib>

#include "context.h"

namespace emulator {
namespace {

struct PlannedFailure {
  int usesLeft;
  CUresult code;
};

struct Calls {
  bool initialized = false;
  std::map<std::string, long long> counts;
  std::map<std::string, PlannedFailure> failures;
  std::string lastError;
};

// Never destroyed, like all of the driver's state: a JVM's threads may still call while the process ends.
Calls& calls() {
  static Calls& calls = *new Calls;
  return calls;
}

struct ErrorEntry {
  CUresult code;
  const char* name;
  const char* text;
};

constexpr ErrorEntry ERRORS[] = {
    {CUDA_SUCCESS, "CUDA_SUCCESS", "no error"},
    {CUDA_ERROR_INVALID_VALUE, "CUDA_ERROR_INVALID_VALUE", "invalid argument"},
    {CUDA_ERROR_OUT_OF_MEMORY, "CUDA_ERROR_OUT_OF_MEMORY", "out of memory"},
    {CUDA_ERROR_NOT_INITIALIZED, "CUDA_ERROR_NOT_INITIALIZED", "initialization error"},
    {static_cast<CUresult>(4), "CUDA_ERROR_DEINITIALIZED", "driver shutting down"},
    {static_cast<CUresult>(35), "CUDA_ERROR_INSUFFICIENT_DRIVER", "CUDA driver version is insufficient for CUDA runtime version"},
    {CUDA_ERROR_NO_DEVICE, "CUDA_ERROR_NO_DEVICE", "no CUDA-capable device is detected"},
    {CUDA_ERROR_INVALID_DEVICE, "CUDA_ERROR_INVALID_DEVICE", "invalid device ordinal"},
    {static_cast<CUresult>(200), "CUDA_ERROR_INVALID_IMAGE", "device kernel image is invalid"},
    {CUDA_ERROR_INVALID_CONTEXT, "CUDA_ERROR_INVALID_CONTEXT", "invalid device context"},
    {CUDA_ERROR_NO_BINARY_FOR_GPU, "CUDA_ERROR_NO_BINARY_FOR_GPU", "no kernel image is available for execution on the device"},
    {static_cast<CUresult>(214), "CUDA_ERROR_ECC_UNCORRECTABLE", "uncorrectable ECC error encountered"},
    {CUDA_ERROR_INVALID_PTX, "CUDA_ERROR_INVALID_PTX", "a PTX JIT compilation failed"},
    {static_cast<CUresult>(221), "CUDA_ERROR_JIT_COMPILER_NOT_FOUND", "PTX JIT compiler library not found"},
    {CUDA_ERROR_UNSUPPORTED_PTX_VERSION, "CUDA_ERROR_UNSUPPORTED_PTX_VERSION",
     "the provided PTX was compiled with an unsupported toolchain."},
    {CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, "CUDA_ERROR_SHARED_OBJECT_INIT_FAILED", "shared object initialization failed"},
    {static_cast<CUresult>(304), "CUDA_ERROR_OPERATING_SYSTEM", "OS call failed or operation not supported on this OS"},
    {CUDA_ERROR_INVALID_HANDLE, "CUDA_ERROR_INVALID_HANDLE", "invalid resource handle"},
    {static_cast<CUresult>(401), "CUDA_ERROR_ILLEGAL_STATE", "the operation cannot be performed in the present state"},
    {CUDA_ERROR_NOT_FOUND, "CUDA_ERROR_NOT_FOUND", "named symbol not found"},
    {CUDA_ERROR_NOT_READY, "CUDA_ERROR_NOT_READY", "device not ready"},
    {CUDA_ERROR_ILLEGAL_ADDRESS, "CUDA_ERROR_ILLEGAL_ADDRESS", "an illegal memory access was encountered"},
    {CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES, "CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES", "too many resources requested for launch"},
    {static_cast<CUresult>(702), "CUDA_ERROR_LAUNCH_TIMEOUT", "the launch timed out and was terminated"},
    {static_cast<CUresult>(708), "CUDA_ERROR_PRIMARY_CONTEXT_ACTIVE", "cannot set while device is active in this process"},
    {static_cast<CUresult>(709), "CUDA_ERROR_CONTEXT_IS_DESTROYED", "context is destroyed"},
    {CUDA_ERROR_ASSERT, "CUDA_ERROR_ASSERT", "device-side assert triggered"},
    {static_cast<CUresult>(714), "CUDA_ERROR_HARDWARE_STACK_ERROR", "hardware stack error"},
    {static_cast<CUresult>(715), "CUDA_ERROR_ILLEGAL_INSTRUCTION", "an illegal instruction was encountered"},
    {CUDA_ERROR_MISALIGNED_ADDRESS, "CUDA_ERROR_MISALIGNED_ADDRESS", "misaligned address"},
    {CUDA_ERROR_LAUNCH_FAILED, "CUDA_ERROR_LAUNCH_FAILED", "unspecified launch failure"},
    {CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE", "too many blocks in cooperative launch"},
    {static_cast<CUresult>(800), "CUDA_ERROR_NOT_PERMITTED", "operation not permitted"},
    {CUDA_ERROR_NOT_SUPPORTED, "CUDA_ERROR_NOT_SUPPORTED", "operation not supported"},
    {static_cast<CUresult>(802), "CUDA_ERROR_SYSTEM_NOT_READY", "system not yet initialized"},
    {static_cast<CUresult>(803), "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH", "system has unsupported display driver / cuda driver combination"},
    {CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED",
     "operation not permitted when stream is capturing"},
    {CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "CUDA_ERROR_STREAM_CAPTURE_INVALIDATED",
     "operation failed due to a previous error during capture"},
    {CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "CUDA_ERROR_STREAM_CAPTURE_UNMATCHED",
     "the capture was not initiated in this stream"},
    {static_cast<CUresult>(999), "CUDA_ERROR_UNKNOWN", "unknown error"},
};

const ErrorEntry* errorEntry(CUresult code) {
  for (const ErrorEntry& entry : ERRORS) {
    if (entry.code == code) {
      return &entry;
    }
  }
  return nullptr;
}

}  // namespace

std::recursive_mutex& driverLock() {
  static std::recursive_mutex& lock = *new std::recursive_mutex;
  return lock;
}

CUresult enter(const char* name, Needs needs) {
  calls().counts[name]++;
  const auto planned = calls().failures.find(name);
  if (planned != calls().failures.end() && --planned->second.usesLeft == 0) {
    const CUresult code = planned->second.code;
    calls().failures.erase(planned);
    return fail(code, "%s fails because emulator_fail_call asked for it", name);
  }
  if (needs != Needs::Nothing && !calls().initialized) {
    return fail(CUDA_ERROR_NOT_INITIALIZED, "%s before cuInit", name);
  }
  if (needs == Needs::Context || needs == Needs::Release) {
    if (!contextIsCurrent()) {
      return fail(CUDA_ERROR_INVALID_CONTEXT, "%s on a thread that has no current context", name);
    }
    if (needs == Needs::Context && contextFault() != CUDA_SUCCESS) {
      return contextFault();  // the message stays that of the fault itself
    }
  }
  return CUDA_SUCCESS;
}

CUresult leave(Needs needs, CUresult result) {
  return needs == Needs::Release && result == CUDA_SUCCESS ? contextFault() : result;
}

CUresult fail(CUresult code, const char* format, ...) {
  char text[1024];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  const std::lock_guard<std::recursive_mutex> guard(driverLock());
  calls().lastError = std::string(errorName(code)) + ": " + text;
  if (std::getenv("GPUMF_EMULATOR_VERBOSE") != nullptr) {
    std::fprintf(stderr, "emulator: %s\n", calls().lastError.c_str());
  }
  return code;
}

const std::string& lastError() { return calls().lastError; }

const char* errorName(CUresult code) {
  const ErrorEntry* entry = errorEntry(code);
  return entry == nullptr ? "unrecognized error code" : entry->name;
}

const char* errorText(CUresult code) {
  const ErrorEntry* entry = errorEntry(code);
  return entry == nullptr ? "unrecognized error code" : entry->text;
}

void failCall(const std::string& name, int nth, CUresult code) { calls().failures[name] = {nth, code}; }

long long callsOf(const std::string& name) {
  const auto found = calls().counts.find(name);
  return found == calls().counts.end() ? 0 : found->second;
}

void forgetCalls() {
  calls().counts.clear();
  calls().failures.clear();
  calls().lastError.clear();
}

bool initialized() { return calls().initialized; }

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuInit(unsigned flags) {
  return call("cuInit", Needs::Nothing, [&] {
    if (flags != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuInit: flags are %u and must be 0", flags);
    }
    if (deviceCount() == 0) {
      return fail(CUDA_ERROR_NO_DEVICE, "cuInit: there is no device, or CUDA_VISIBLE_DEVICES shows none");
    }
    calls().initialized = true;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDriverGetVersion(int* version) {
  return call("cuDriverGetVersion", Needs::Nothing, [&] {
    *version = 12060;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuGetErrorName(CUresult code, const char** name) {
  const ErrorEntry* entry = errorEntry(code);
  *name = entry == nullptr ? nullptr : entry->name;
  return entry == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}

CUDA_CALL cuGetErrorString(CUresult code, const char** text) {
  const ErrorEntry* entry = errorEntry(code);
  *text = entry == nullptr ? nullptr : entry->text;
  return entry == nullptr ? CUDA_ERROR_INVALID_VALUE : CUDA_SUCCESS;
}
