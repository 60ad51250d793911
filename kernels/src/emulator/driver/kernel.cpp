#include "kernel.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <thread>

#include "call.h"
#include "memory.h"
#include "random.h"

namespace emulator {
namespace {

constexpr int DEFAULT_WORKERS = 2;

// Threads that run blocks and nothing else: kernels leave strange stacks behind, which a JVM must not find on its own threads.
class Workers {
 public:
  void run(Run& run, int count) {
    std::unique_lock<std::mutex> guard(lock_);
    while (started_ < count) {
      std::thread(&Workers::work, this, started_++).detach();
    }
    run_ = &run;
    wanted_ = count;
    busy_ = count;
    round_++;
    begin_.notify_all();
    end_.wait(guard, [this] { return busy_ == 0; });
    run_ = nullptr;
  }

 private:
  void work(int number) {
    long long seen = 0;
    std::unique_lock<std::mutex> guard(lock_);
    for (;;) {
      begin_.wait(guard, [&] { return round_ != seen; });
      seen = round_;
      if (run_ == nullptr || number >= wanted_) {
        continue;
      }
      Run& run = *run_;
      guard.unlock();
      runBlocks(run);
      guard.lock();
      if (--busy_ == 0) {
        end_.notify_all();
      }
    }
  }

  std::mutex lock_;
  std::condition_variable begin_, end_;
  Run* run_ = nullptr;
  int started_ = 0, wanted_ = 0, busy_ = 0;
  long long round_ = 0;
};

Workers& workers() {
  static Workers& workers = *new Workers;
  return workers;
}

int& workerCount() {
  static int count = [] {
    const char* wanted = std::getenv("GPUMF_EMULATOR_WORKERS");
    const int count = wanted == nullptr ? DEFAULT_WORKERS : std::atoi(wanted);
    return count < 1 ? 1 : count > MOST_WORKERS ? MOST_WORKERS : count;
  }();
  return count;
}

// The bounds of each pointer that the host passed, as they are now that the kernel begins.
std::vector<Provenance> provenancesOf(const Launch& launch) {
  std::vector<Provenance> provenances(launch.arguments.size());
  for (std::size_t i = 0; i < launch.arguments.size(); i++) {
    provenances[i].argument = static_cast<int>(i);
    if (launch.entry->parameters[i].pointer) {
      const auto address = *reinterpret_cast<const std::uintptr_t*>(launch.arguments[i].data());
      const Allocation* allocation = allocationAt(address);
      const bool alive = allocation != nullptr && allocation->alive;
      provenances[i].begin = alive ? allocation->begin : address;
      provenances[i].bytes = alive ? allocation->bytes : 0;
    }
  }
  return provenances;
}

}  // namespace

void Run::fault(CUresult faultCode, const std::string& text) {
  const std::lock_guard<std::mutex> guard(lock);
  if (!failed) {
    code = faultCode;
    message = text;
    failed = true;
  }
}

void setWorkers(int count) { workerCount() = count < 1 ? 1 : count > MOST_WORKERS ? MOST_WORKERS : count; }

CUresult runKernel(const Launch& launch) {
  Run run;
  run.launch = &launch;
  run.seed = driverRandom().next();
  run.provenances = provenancesOf(launch);
  run.prepared.resize(launch.entry->preparedBytes);
  std::vector<const void*> raw;
  for (const auto& argument : launch.arguments) {
    raw.push_back(argument.data());
  }
  launch.entry->prepare(run.prepared.data(), raw.data(), run.provenances.data());
  const int blocks = static_cast<int>(std::min<std::uint64_t>(run.blocks(), MOST_WORKERS));
  workers().run(run, launch.cooperative ? blocks : std::min(blocks, workerCount()));
  return run.failed ? fail(run.code, "%s", run.message.c_str()) : CUDA_SUCCESS;
}

}  // namespace emulator
