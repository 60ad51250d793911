// The control functions of emulator.h.
#include "../emulator.h"

#include <functional>

#include "call.h"
#include "context.h"
#include "copy.h"
#include "event.h"
#include "graph.h"
#include "kernel.h"
#include "launch.h"
#include "memory.h"
#include "module.h"
#include "random.h"
#include "registry.h"
#include "stream.h"

namespace emulator {
namespace {

constexpr std::uint64_t DEFAULT_SEED = 1;

Random& generator() {
  static Random& generator = *[] {
    const char* seed = std::getenv("GPUMF_EMULATOR_SEED");
    return new Random(seed == nullptr ? DEFAULT_SEED : std::strtoull(seed, nullptr, 10));
  }();
  return generator;
}

const std::map<std::string, std::function<long long()>>& counts() {
  static const auto& counts = *new std::map<std::string, std::function<long long()>>{
      {"allocations", [] { return allocationsAlive(false); }},
      {"allocated_bytes", [] { return bytesAlive(false); }},
      {"host_allocations", [] { return allocationsAlive(true); }},
      {"host_bytes", [] { return bytesAlive(true); }},
      {"modules", modulesAlive},
      {"streams", streamsAlive},
      {"events", eventsAlive},
      {"graphs", graphsAlive},
      {"contexts", contextsRetained},
      {"launches", allLaunches},
      {"bytes_to_device", [] { return copiedBytes().toDevice; }},
      {"bytes_to_host", [] { return copiedBytes().toHost; }},
      {"bytes_on_device", [] { return copiedBytes().onDevice; }},
  };
  return counts;
}

using Guard = std::lock_guard<std::recursive_mutex>;

}  // namespace

Random& driverRandom() { return generator(); }

void seedDriver(std::uint64_t seed) { generator() = Random(seed); }

}  // namespace emulator

using namespace emulator;

#define CONTROL extern "C" EMULATOR_EXPORT

CONTROL void emulator_seed(unsigned long long seed) {
  const Guard guard(driverLock());
  seedDriver(seed);
}

CONTROL void emulator_workers(int count) {
  const Guard guard(driverLock());
  setWorkers(count);
}

CONTROL void emulator_fail_call(const char* call, int nth, int code) {
  const Guard guard(driverLock());
  failCall(call, nth, static_cast<CUresult>(code));
}

CONTROL void emulator_memory(unsigned long long bytes) {
  const Guard guard(driverLock());
  setTotalMemory(bytes);
}

CONTROL void emulator_devices(int count) {
  const Guard guard(driverLock());
  setDeviceCount(count);
}

CONTROL const char* emulator_last_error() {
  const Guard guard(driverLock());
  static thread_local std::string copy;
  copy = lastError();
  return copy.c_str();
}

CONTROL long long emulator_count(const char* name) {
  const Guard guard(driverLock());
  const auto found = counts().find(name);
  return found == counts().end() ? -1 : found->second();
}

CONTROL long long emulator_launches(const char* kernel) {
  const Guard guard(driverLock());
  return launchesOf(kernel);
}

CONTROL long long emulator_calls(const char* call) {
  const Guard guard(driverLock());
  return callsOf(call);
}

CONTROL void emulator_reset_counts() {
  const Guard guard(driverLock());
  forgetCalls();
  forgetLaunches();
  copiedBytes() = {};
}

CONTROL void emulator_reset() {
  const Guard guard(driverLock());
  resetContext();
  emulator_reset_counts();
}

CONTROL int emulator_load_kernels(const char* path) {
  const Guard guard(driverLock());
  return loadKernels(path);
}

CONTROL const char* emulator_ptx() {
  const Guard guard(driverLock());
  static thread_local std::string copy;
  copy = declarationsAsPtx();
  return copy.c_str();
}
