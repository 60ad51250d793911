// Streams that keep their promises and nothing more.
//
// Work runs when something waits for it, on the waiting thread, and only as much as that needs (at times, by chance, something more). Among the
// streams that could go on, chance picks one: two pieces of work that no event orders come out in either order. So a host that reads without
// waiting reads old bytes, and a stream that should have waited for another shows it under some seed.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include "cuda.h"

namespace emulator {

struct Stream;

using Work = std::function<CUresult()>;

struct Operation {
  Work run;
  Stream* stream = nullptr;
  std::vector<std::shared_ptr<Operation>> after;  // of other streams; its own stream's order is that of the queue
  bool done = false;
};

// A capture that is under way.
struct Capture {
  enum Mode { GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2 };

  Mode mode;
  std::thread::id thread;
  std::vector<Work> work;
  bool invalid = false;
};

struct Stream {
  unsigned flags = 0;
  int priority = 0;
  std::deque<std::shared_ptr<Operation>> pending;
  bool destroyed = false;  // goes when its last work is done
  std::optional<Capture> capture;

  bool ordersWithDefault() const;
};

// The stream of a handle; null for one that is no stream.
std::shared_ptr<Stream> findStream(CUstream handle);
const std::shared_ptr<Stream>& defaultStream();

// Adds work to the stream's queue, or to its capture.
CUresult enqueue(const char* call, CUstream handle, Work work);
std::shared_ptr<Operation> append(const std::shared_ptr<Stream>& stream, Work work, std::vector<std::shared_ptr<Operation>> after = {});

// Runs what the operation needs, and it.
CUresult finish(std::shared_ptr<Operation> operation);
CUresult finishStream(const std::shared_ptr<Stream>& stream);
CUresult finishAllStreams();

// Lets time pass: perhaps one piece of work runs.
CUresult passTime();

// Calls that touch the capturing stream other than with work are not allowed; they end the capture.
CUresult refuseWhileCapturing(const char* call, Stream& stream);

// Calls that allocate, release or wait for the default stream are not allowed to a thread while a capture forbids them: one in global mode to all
// threads, one in thread-local mode to its own.
CUresult refuseWhileCapturing(const char* call);

long long streamsAlive();
void destroyStreams();

}  // namespace emulator
