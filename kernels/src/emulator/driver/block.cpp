// Blocks: the threads of one as fibers of one worker. A thread gets a fiber when it begins and keeps it while it waits for others; one that ends
// leaves its fiber to the next, so that threads that wait for nobody all run on one stack, without a switch.
//
// A warp that was picked by chance runs until its threads wait, now and then it is interrupted for another. So one warp gets far ahead of the
// others wherever no barrier holds it: what should have been behind a __syncthreads shows.
#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <cstdio>
#include <cstring>
#include <deque>

#include "fiber.h"
#include "kernel.h"
#include "memory.h"
#include "random.h"
#include "warp.h"

__thread const emulator::ThreadView* emulator_thread __attribute__((tls_model("initial-exec"))) = nullptr;

namespace emulator {
namespace {

constexpr std::size_t PAGE = 4096;
constexpr std::size_t DYNAMIC_SHARED = 57 * PAGE;  // 228 KiB: all of a multiprocessor's
constexpr int POISON = 0xFF;

struct Thread : ThreadView {
  Fiber* fiber = nullptr;  // null before it begins and after it ended
  Warp* warp = nullptr;
};

// A worker's block. Each worker has one, and uses it for all blocks that it runs.
class BlockRunner {
 public:
  void run(Run& run);

  int barrier(BlockOperation operation, int predicate);
  std::uint64_t exchange(WarpOperation operation, unsigned mask, std::uint64_t value, unsigned source);
  void pause();
  [[noreturn]] void fault(CUresult code, const std::string& what);
  bool running() const { return self_ != nullptr; }
  Thread& self() { return *self_; }
  bool inDynamicShared(const void* address) const;

 private:
  void prepare(std::uint64_t linearBlock);
  void runThreads();
  void releaseBarrierIfComplete();
  Thread* nextOfWarp(Warp& warp);
  void suspend();
  void goOn(Thread& thread, Fiber& from, bool leaving = false);
  Fiber* freeFiber();
  [[noreturn]] void threadMain();
  static void threadEntry();
  std::string deadlock() const;

  Run* run_ = nullptr;
  Block block_{};
  std::vector<Thread> threads_;
  std::deque<Fiber> fibers_;
  std::vector<Fiber*> freeFibers_;
  Warp warps_[Warp::LANES];
  std::size_t warpCount_ = 0;
  std::size_t live_ = 0;
  Thread* self_ = nullptr;
  Fiber scheduler_;
  Random random_{0};
  char* dynamicSharedEnd_ = nullptr;
  void* staticShared_ = nullptr;
  std::size_t staticSharedBytes_ = 0;

  std::size_t atBarrier_ = 0;
  std::size_t barrierCount_ = 0;  // of those at the barrier whose predicate holds
  std::size_t barrierCounted_ = 0;
  std::size_t barrierThreads_ = 0;
};

thread_local BlockRunner* runner = nullptr;

// ---- Faults that the hardware finds: guard pages, null pointers, stacks that overflow.

struct sigaction previousSegv, previousBus, previousFpe;

void passOn(int signal, siginfo_t* info, void* context) {
  const struct sigaction& previous = signal == SIGSEGV ? previousSegv : signal == SIGBUS ? previousBus : previousFpe;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
    previous.sa_handler(signal);
  } else {
    sigaction(signal, &previous, nullptr);  // the instruction runs again and now ends the process
  }
}

// A handler cannot run on the stack whose overflow it reports.
constexpr std::size_t SIGNAL_STACK = 64 * 1024;
thread_local char* signalStack = nullptr;

void useSignalStack() {
  signalStack = new char[SIGNAL_STACK];
  stack_t stack{};
  stack.ss_sp = signalStack;
  stack.ss_size = SIGNAL_STACK;
  sigaltstack(&stack, nullptr);
}

void onSignal(int signal, siginfo_t* info, void* context) {
  if (runner == nullptr || !runner->running()) {
    passOn(signal, info, context);  // the JVM's, which uses these signals for its own ends
    return;
  }
  forgetFrames(signalStack, SIGNAL_STACK);
  // The handler is left for good without a return, which would have given these back.
  pthread_sigmask(SIG_SETMASK, &static_cast<ucontext_t*>(context)->uc_sigmask, nullptr);
  if (signal == SIGFPE) {
    runner->fault(CUDA_ERROR_LAUNCH_FAILED, "divides an integer by zero");
  }
  const auto address = reinterpret_cast<std::uintptr_t>(info->si_addr);
  std::string where = "of " + describe(address);
  if (runner->self().fiber->overflowed(info->si_addr)) {
    where = "beyond the thread's stack";
  } else if (runner->inDynamicShared(info->si_addr)) {
    where = "beyond the block's dynamic shared memory";
  }
  runner->fault(CUDA_ERROR_ILLEGAL_ADDRESS, "accesses memory through a plain pointer " + where);
}

void installSignals() {
  static const bool installed = [] {
    struct sigaction action {};
    action.sa_sigaction = onSignal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
    sigfillset(&action.sa_mask);
    sigaction(SIGSEGV, &action, &previousSegv);
    sigaction(SIGBUS, &action, &previousBus);
    sigaction(SIGFPE, &action, &previousFpe);
    return true;
  }();
  static_cast<void>(installed);
}

std::string position(const Dimensions& at) {
  return "(" + std::to_string(at.x) + ", " + std::to_string(at.y) + ", " + std::to_string(at.z) + ")";
}

// ---- Running

void BlockRunner::run(Run& run) {
  run_ = &run;
  if (dynamicSharedEnd_ == nullptr) {
    installSignals();
    useSignalStack();
    scheduler_.adoptThread();
    void* pages = mmap(nullptr, DYNAMIC_SHARED + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    dynamicSharedEnd_ = static_cast<char*>(pages) + DYNAMIC_SHARED;
    mprotect(dynamicSharedEnd_, PAGE, PROT_NONE);
  }
  threads_.resize(run.threads());
  staticShared_ = run.launch->entry->sharedMemory(&staticSharedBytes_);
  const Permutation order(run.blocks(), run.seed);
  for (std::uint64_t next = run.nextBlock++; next < run.blocks() && !run.failed; next = run.nextBlock++) {
    const std::uint64_t block = order(next);
    random_ = Random(run.seed ^ (block * 0x9E3779B97F4A7C15u));
    prepare(block);
    runThreads();
  }
}

void BlockRunner::prepare(std::uint64_t linear) {
  const Launch& launch = *run_->launch;
  const Dimensions grid = launch.grid, size = launch.block;
  const std::size_t shared = (launch.dynamicShared + 15) / 16 * 16;
  block_.index = {static_cast<unsigned>(linear % grid.x), static_cast<unsigned>(linear / grid.x % grid.y),
                  static_cast<unsigned>(linear / grid.x / grid.y)};
  block_.dimensions = size;
  block_.grid = grid;
  block_.dynamicShared = dynamicSharedEnd_ - shared;
  // Shared memory holds nothing that a block could use before it was written.
  std::memset(block_.dynamicShared, POISON, shared);
  if (staticShared_ != nullptr) {
    std::memset(staticShared_, POISON, staticSharedBytes_);
  }
  live_ = run_->threads();
  warpCount_ = (live_ + Warp::LANES - 1) / Warp::LANES;
  atBarrier_ = barrierCount_ = 0;
  for (std::size_t i = 0; i < warpCount_; i++) {
    warps_[i].begin(static_cast<unsigned>(std::min<std::size_t>(Warp::LANES, live_ - i * Warp::LANES)));
  }
  for (std::size_t i = 0; i < live_; i++) {
    Thread& thread = threads_[i];
    thread.index = {static_cast<unsigned>(i % size.x), static_cast<unsigned>(i / size.x % size.y),
                    static_cast<unsigned>(i / size.x / size.y)};
    thread.lane = static_cast<unsigned>(i % Warp::LANES);
    thread.block = &block_;
    thread.warp = &warps_[i / Warp::LANES];
    thread.fiber = nullptr;
  }
  if (freeFibers_.size() != fibers_.size()) {  // a fault has left threads behind
    freeFibers_.clear();
    for (Fiber& fiber : fibers_) {
      freeFibers_.push_back(&fiber);
    }
  }
}

void BlockRunner::runThreads() {
  while (live_ > 0 && !run_->failed) {
    const std::size_t start = random_.below(warpCount_);
    std::size_t picked = 0;
    while (picked < warpCount_ && !warps_[(start + picked) % warpCount_].anyReady()) {
      picked++;
    }
    if (picked == warpCount_) {
      run_->fault(CUDA_ERROR_LAUNCH_FAILED, deadlock());
      break;
    }
    const std::size_t warp = (start + picked) % warpCount_;
    goOn(threads_[warp * Warp::LANES + warps_[warp].takeReady(random_)], scheduler_);
  }
  self_ = nullptr;
  emulator_thread = nullptr;
}

Fiber* BlockRunner::freeFiber() {
  if (freeFibers_.empty()) {
    fibers_.emplace_back();
    freeFibers_.push_back(&fibers_.back());
  }
  Fiber* fiber = freeFibers_.back();
  freeFibers_.pop_back();
  return fiber;
}

void BlockRunner::goOn(Thread& thread, Fiber& from, bool leaving) {
  if (thread.fiber == nullptr) {
    thread.fiber = freeFiber();
    thread.fiber->begin(&BlockRunner::threadEntry);
  }
  self_ = &thread;
  emulator_thread = &thread;
  Fiber::change(from, *thread.fiber, leaving);
}

// Who goes on in a warp; null where it is another warp's turn.
Thread* BlockRunner::nextOfWarp(Warp& warp) {
  constexpr std::size_t INTERRUPTIONS = 32;  // one in so many goes to another warp
  if (!warp.anyReady() || random_.below(INTERRUPTIONS) == 0) {
    return nullptr;
  }
  const std::size_t first = static_cast<std::size_t>(&warp - warps_) * Warp::LANES;
  return &threads_[first + warp.takeReady(random_)];
}

// Lets another thread go on; comes back when this one was made ready and picked.
void BlockRunner::suspend() {
  Thread& thread = *self_;
  Thread* next = nextOfWarp(*thread.warp);
  if (next == nullptr) {
    Fiber::change(*thread.fiber, scheduler_);
  } else if (next != &thread) {
    goOn(*next, *thread.fiber);
  }
}

void BlockRunner::threadEntry() {
  Fiber::begun();
  runner->threadMain();
}

void BlockRunner::threadMain() {
  for (;;) {
    run_->launch->entry->run(run_->prepared.data());
    Thread& thread = *self_;
    Fiber& fiber = *thread.fiber;
    thread.fiber = nullptr;
    thread.warp->exit(thread.lane);
    live_--;
    releaseBarrierIfComplete();
    Thread* next = nextOfWarp(*thread.warp);
    if (next != nullptr && next->fiber == nullptr) {
      next->fiber = &fiber;
      self_ = next;
      emulator_thread = next;
      continue;
    }
    freeFibers_.push_back(&fiber);
    if (next != nullptr) {
      goOn(*next, fiber, true);
    }
    Fiber::change(fiber, scheduler_, true);
  }
}

int BlockRunner::barrier(BlockOperation operation, int predicate) {
  atBarrier_++;
  barrierCount_ += predicate != 0;
  releaseBarrierIfComplete();
  // Released or not: who came last has no right to go on first.
  suspend();
  switch (operation) {
    case BlockOperation::Count:
      return static_cast<int>(barrierCounted_);
    case BlockOperation::And:
      return barrierCounted_ == barrierThreads_;
    case BlockOperation::Or:
      return barrierCounted_ != 0;
    case BlockOperation::Synchronize:
      break;
  }
  return 0;
}

void BlockRunner::releaseBarrierIfComplete() {
  if (atBarrier_ == 0 || atBarrier_ != live_) {
    return;
  }
  barrierCounted_ = barrierCount_;
  barrierThreads_ = atBarrier_;
  atBarrier_ = barrierCount_ = 0;
  for (std::size_t i = 0; i < warpCount_; i++) {
    for (unsigned rest = warps_[i].notExited(); rest != 0; rest &= rest - 1) {
      warps_[i].makeReady(static_cast<unsigned>(__builtin_ctz(rest)));
    }
  }
}

std::uint64_t BlockRunner::exchange(WarpOperation operation, unsigned mask, std::uint64_t value, unsigned source) {
  Thread& thread = *self_;
  if ((mask >> thread.lane & 1u) == 0) {
    char text[128];
    std::snprintf(text, sizeof text, "takes part in a warp operation whose mask 0x%08x leaves it out", mask);
    fault(CUDA_ERROR_LAUNCH_FAILED, text);
  }
  if (!thread.warp->arrive(thread.lane, operation, mask, value, source)) {
    suspend();
  }
  return thread.warp->result(thread.lane);
}

void BlockRunner::pause() {
  if (run_->failed) {
    Fiber::change(*self_->fiber, scheduler_, true);  // what this thread waits for may never come
  }
  constexpr std::size_t PAUSES = 8;  // one in so many is a pause
  if (random_.below(PAUSES) == 0) {
    self_->warp->makeReady(self_->lane);
    Fiber::change(*self_->fiber, scheduler_);
  }
}

void BlockRunner::fault(CUresult code, const std::string& what) {
  Thread& thread = *self_;
  run_->fault(code, "kernel " + std::string(run_->launch->entry->name) + ", block " + position(block_.index) + ", thread " +
                        position(thread.index) + ": " + what);
  Fiber::change(*thread.fiber, scheduler_, true);  // and nobody ever comes back
  __builtin_unreachable();
}

bool BlockRunner::inDynamicShared(const void* address) const {
  const char* at = static_cast<const char*>(address);
  return at >= dynamicSharedEnd_ && at < dynamicSharedEnd_ + PAGE;
}

std::string BlockRunner::deadlock() const {
  std::string text = "kernel " + std::string(run_->launch->entry->name) + ", block " + position(block_.index) + ": deadlock: " +
                     std::to_string(atBarrier_) + " of " + std::to_string(live_) + " running threads wait at __syncthreads";
  for (std::size_t i = 0; i < warpCount_; i++) {
    for (const Warp::Group& group : warps_[i].waiting()) {
      char line[160];
      std::snprintf(line, sizeof line, "; lanes 0x%08x of warp %zu wait in a warp operation for lanes 0x%08x", group.arrived, i,
                    group.mask & ~group.arrived & warps_[i].notExited());
      text += line;
    }
  }
  return text;
}

}  // namespace

void runBlocks(Run& run) {
  if (runner == nullptr) {
    runner = new BlockRunner;
  }
  runner->run(run);
}

}  // namespace emulator

using namespace emulator;

int emulator_block_barrier(BlockOperation operation, int predicate) { return runner->barrier(operation, predicate); }

std::uint64_t emulator_warp_exchange(WarpOperation operation, unsigned mask, std::uint64_t value, unsigned source) {
  return runner->exchange(operation, mask, value, source);
}

unsigned emulator_active_mask() { return runner->self().warp->notExited(); }

void emulator_pause() { runner->pause(); }

void emulator_trap(const char* reason) { runner->fault(CUDA_ERROR_LAUNCH_FAILED, std::string("ends in ") + reason); }

void emulator_access_fault(const Provenance* provenance, std::uintptr_t address, std::size_t bytes, std::size_t alignment,
                           Access access) {
  const std::string what = std::string(access == Access::Read ? "reads " : "reads or writes ") + std::to_string(bytes) + " bytes ";
  const std::string argument =
      provenance->argument < 0 ? "a pointer that is no argument of the kernel" : "argument " + std::to_string(provenance->argument);
  if (provenance->bytes == 0) {
    runner->fault(CUDA_ERROR_ILLEGAL_ADDRESS, what + "through " + argument + ", which is " + describe(provenance->begin));
  }
  const auto offset = static_cast<long long>(address - provenance->begin);
  const std::string place = what + "at byte offset " + std::to_string(offset) + " of the allocation of " +
                            std::to_string(provenance->bytes) + " bytes of " + argument;
  if (offset >= 0 && offset + static_cast<long long>(bytes) <= static_cast<long long>(provenance->bytes)) {
    runner->fault(CUDA_ERROR_MISALIGNED_ADDRESS, place + ", no multiple of " + std::to_string(alignment));
  }
  const Allocation* hit = allocationAt(address);
  const bool stray = hit != nullptr && hit->begin != provenance->begin;
  runner->fault(CUDA_ERROR_ILLEGAL_ADDRESS, place + (stray ? ", which is " + describe(address) : ""));
}
