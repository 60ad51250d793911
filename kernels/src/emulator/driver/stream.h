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

struct Stream {
  unsigned flags = 0;
  int priority = 0;
  std::deque<std::shared_ptr<Operation>> pending;
  bool destroyed = false;                       // goes when its last work is done
  std::optional<std::vector<Work>> captured;    // the work recorded so far, while the stream captures
  bool captureInvalid = false;

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

// Calls that wait are not allowed while a stream captures; they end the capture.
CUresult refuseWhileCapturing(const char* call);
CUresult refuseWhileCapturing(const char* call, Stream& stream);

long long streamsAlive();
void destroyStreams();

}  // namespace emulator
