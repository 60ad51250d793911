#include "stream.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "call.h"
#include "context.h"
#include "handles.h"
#include "random.h"

namespace emulator {
namespace {

constexpr unsigned NON_BLOCKING = 1;                                      // CU_STREAM_NON_BLOCKING
const CUstream LEGACY = reinterpret_cast<CUstream>(std::uintptr_t(1));      // CU_STREAM_LEGACY
const CUstream PER_THREAD = reinterpret_cast<CUstream>(std::uintptr_t(2));  // CU_STREAM_PER_THREAD

struct Streams {
  Handles<CUstream, Stream> handles;
  std::vector<std::shared_ptr<Stream>> all;  // those destroyed but not finished too; the default stream first
  std::map<std::thread::id, std::shared_ptr<Stream>> perThread;
};

Streams& streams() {
  static Streams& streams = *[] {
    auto* created = new Streams;
    created->all.push_back(std::make_shared<Stream>());
    return created;
  }();
  return streams;
}

std::shared_ptr<Stream> addStream() {
  streams().all.push_back(std::make_shared<Stream>());
  return streams().all.back();
}

bool ready(const Operation& operation) {
  return std::all_of(operation.after.begin(), operation.after.end(), [](const auto& before) { return before->done; });
}

void dropFinishedStreams() {
  auto& all = streams().all;
  all.erase(std::remove_if(all.begin(), all.end(), [](const auto& stream) { return stream->destroyed && stream->pending.empty(); }),
            all.end());
}

void discardAllWork() {
  for (const auto& stream : streams().all) {
    for (const auto& operation : stream->pending) {
      operation->done = true;
    }
    stream->pending.clear();
  }
}

CUresult runFirst(Stream& stream) {
  const std::shared_ptr<Operation> operation = stream.pending.front();
  const CUresult result = operation->run();
  operation->done = true;
  operation->after.clear();
  operation->run = nullptr;
  if (result != CUDA_SUCCESS) {
    breakContext(result);
    discardAllWork();
    return result;
  }
  stream.pending.pop_front();
  return CUDA_SUCCESS;
}

// Everything that must run before and with the operation.
void collectNeeded(const Operation& operation, std::set<const Operation*>& needed) {
  std::vector<const Operation*> open = {&operation};
  while (!open.empty()) {
    const Operation* next = open.back();
    open.pop_back();
    if (next->done || needed.count(next) != 0) {
      continue;
    }
    for (const auto& earlier : next->stream->pending) {
      if (needed.insert(earlier.get()).second) {
        for (const auto& before : earlier->after) {
          open.push_back(before.get());
        }
      }
      if (earlier.get() == next) {
        break;
      }
    }
  }
}

// One step: the first work of a randomly chosen stream that may go on.
CUresult step(const std::set<const Operation*>& needed) {
  const bool anything = needed.empty() || driverRandom().below(4) == 0;
  std::vector<Stream*> candidates;
  for (const auto& stream : streams().all) {
    if (!stream->pending.empty() && ready(*stream->pending.front()) &&
        (anything || needed.count(stream->pending.front().get()) != 0)) {
      candidates.push_back(stream.get());
    }
  }
  if (candidates.empty()) {
    return CUDA_SUCCESS;
  }
  return runFirst(*candidates[driverRandom().below(candidates.size())]);
}

CUresult createStream(const char* call, CUstream* handle, unsigned flags, int priority) {
  if (flags > NON_BLOCKING) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: unknown flags %u", call, flags);
  }
  const std::shared_ptr<Stream> stream = addStream();
  stream->flags = flags;
  stream->priority = std::clamp(priority, -5, 0);
  *handle = streams().handles.add(stream);
  return CUDA_SUCCESS;
}

CUresult noStream(const char* call) { return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the stream does not exist or was destroyed", call); }

}  // namespace

bool Stream::ordersWithDefault() const { return (flags & NON_BLOCKING) == 0; }

const std::shared_ptr<Stream>& defaultStream() { return streams().all.front(); }

std::shared_ptr<Stream> findStream(CUstream handle) {
  if (handle == nullptr || handle == LEGACY) {
    return defaultStream();
  }
  if (handle == PER_THREAD) {
    auto& stream = streams().perThread[std::this_thread::get_id()];
    if (stream == nullptr) {
      stream = addStream();
    }
    return stream;
  }
  return streams().handles.find(handle);
}

std::shared_ptr<Operation> append(const std::shared_ptr<Stream>& stream, Work work,
                                  std::vector<std::shared_ptr<Operation>> after) {
  auto operation = std::make_shared<Operation>();
  operation->run = std::move(work);
  operation->stream = stream.get();
  operation->after = std::move(after);
  // The default stream waits for all others that were not created non-blocking, and they wait for it.
  if (stream == defaultStream()) {
    for (const auto& other : streams().all) {
      if (other != stream && other->ordersWithDefault() && !other->pending.empty()) {
        operation->after.push_back(other->pending.back());
      }
    }
  } else if (stream->ordersWithDefault() && !defaultStream()->pending.empty()) {
    operation->after.push_back(defaultStream()->pending.back());
  }
  stream->pending.push_back(operation);
  return operation;
}

CUresult enqueue(const char* call, CUstream handle, Work work) {
  const std::shared_ptr<Stream> stream = findStream(handle);
  if (stream == nullptr) {
    return noStream(call);
  }
  if (stream->capture) {
    stream->capture->work.push_back(std::move(work));
    return CUDA_SUCCESS;
  }
  append(stream, std::move(work));
  return CUDA_SUCCESS;
}

CUresult finish(std::shared_ptr<Operation> operation) {
  std::set<const Operation*> needed;
  collectNeeded(*operation, needed);
  while (!operation->done) {
    const CUresult result = step(needed);
    if (result != CUDA_SUCCESS) {
      return result;
    }
  }
  dropFinishedStreams();
  return CUDA_SUCCESS;
}

CUresult finishStream(const std::shared_ptr<Stream>& stream) {
  return stream->pending.empty() ? CUDA_SUCCESS : finish(stream->pending.back());
}

CUresult finishAllStreams() {
  const auto idle = [](const auto& stream) { return stream->pending.empty(); };
  while (!std::all_of(streams().all.begin(), streams().all.end(), idle)) {
    const CUresult result = step({});
    if (result != CUDA_SUCCESS) {
      return result;
    }
  }
  dropFinishedStreams();
  return CUDA_SUCCESS;
}

CUresult passTime() { return driverRandom().below(2) == 0 ? CUDA_SUCCESS : step({}); }

CUresult refuseWhileCapturing(const char* call, Stream& stream) {
  if (!stream.capture) {
    return CUDA_SUCCESS;
  }
  stream.capture->invalid = true;
  return fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "%s while a stream captures", call);
}

CUresult refuseWhileCapturing(const char* call) {
  for (const auto& stream : streams().all) {
    const auto& capture = stream->capture;
    if (capture && (capture->mode == Capture::GLOBAL ||
                    (capture->mode == Capture::THREAD_LOCAL && capture->thread == std::this_thread::get_id()))) {
      return refuseWhileCapturing(call, *stream);
    }
  }
  return CUDA_SUCCESS;
}

long long streamsAlive() { return streams().handles.size(); }

void destroyStreams() {
  discardAllWork();
  streams().handles.clear();
  streams().perThread.clear();
  streams().all.resize(1);
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuStreamCreate(CUstream* stream, unsigned flags) {
  return call("cuStreamCreate", Needs::Context, [&] { return createStream("cuStreamCreate", stream, flags, 0); });
}

CUDA_CALL cuStreamCreateWithPriority(CUstream* stream, unsigned flags, int priority) {
  return call("cuStreamCreateWithPriority", Needs::Context,
              [&] { return createStream("cuStreamCreateWithPriority", stream, flags, priority); });
}

CUDA_CALL cuStreamDestroy_v2(CUstream handle) {
  return call("cuStreamDestroy", Needs::Release, [&] {
    const std::shared_ptr<Stream> stream = streams().handles.remove(handle);
    if (stream == nullptr) {
      return noStream("cuStreamDestroy");
    }
    stream->destroyed = true;
    stream->capture.reset();
    dropFinishedStreams();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuStreamSynchronize(CUstream handle) {
  return call("cuStreamSynchronize", Needs::Context, [&] {
    const std::shared_ptr<Stream> stream = findStream(handle);
    if (stream == nullptr) {
      return noStream("cuStreamSynchronize");
    }
    const CUresult refused = refuseWhileCapturing("cuStreamSynchronize", *stream);
    if (refused != CUDA_SUCCESS) {
      return refused;
    }
    // Waiting for the default stream is waiting for those that it waits for.
    return stream == defaultStream() ? finish(append(stream, [] { return CUDA_SUCCESS; })) : finishStream(stream);
  });
}

CUDA_CALL cuStreamQuery(CUstream handle) {
  return call("cuStreamQuery", Needs::Context, [&] {
    const std::shared_ptr<Stream> stream = findStream(handle);
    if (stream == nullptr) {
      return noStream("cuStreamQuery");
    }
    CUresult result = refuseWhileCapturing("cuStreamQuery", *stream);
    if (result == CUDA_SUCCESS && !stream->pending.empty()) {
      result = passTime();
    }
    return result != CUDA_SUCCESS ? result : stream->pending.empty() ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
  });
}

CUDA_CALL cuStreamGetFlags(CUstream handle, unsigned* flags) {
  return call("cuStreamGetFlags", Needs::Context, [&] {
    const std::shared_ptr<Stream> stream = findStream(handle);
    if (stream == nullptr) {
      return noStream("cuStreamGetFlags");
    }
    *flags = stream->flags;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuStreamGetPriority(CUstream handle, int* priority) {
  return call("cuStreamGetPriority", Needs::Context, [&] {
    const std::shared_ptr<Stream> stream = findStream(handle);
    if (stream == nullptr) {
      return noStream("cuStreamGetPriority");
    }
    *priority = stream->priority;
    return CUDA_SUCCESS;
  });
}
