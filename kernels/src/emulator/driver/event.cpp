#include "event.h"

#include <chrono>

#include "call.h"
#include "handles.h"
#include "stream.h"

namespace emulator {
namespace {

constexpr unsigned DISABLE_TIMING = 2;  // CU_EVENT_DISABLE_TIMING
constexpr unsigned ALL_FLAGS = 7;

using Clock = std::chrono::steady_clock;

struct Event {
  unsigned flags;
  std::shared_ptr<Operation> recorded;     // the newest recording; null before the first
  std::shared_ptr<Clock::time_point> time;  // when it came about
};

Handles<CUevent, Event>& events() {
  static Handles<CUevent, Event>& events = *new Handles<CUevent, Event>;
  return events;
}

bool happened(const Event& event) { return event.recorded == nullptr || event.recorded->done; }

template <class Body>
CUresult eventCall(const char* name, CUevent handle, Body body) {
  return call(name, Needs::Context, [&] {
    const std::shared_ptr<Event> event = events().find(handle);
    if (event == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the event does not exist or was destroyed", name);
    }
    return body(*event);
  });
}

CUresult record(const char* name, CUevent handle, CUstream streamHandle) {
  return eventCall(name, handle, [&](Event& event) {
    const std::shared_ptr<Stream> stream = findStream(streamHandle);
    if (stream == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the stream does not exist or was destroyed", name);
    }
    const CUresult refused = refuseWhileCapturing(name, *stream);
    if (refused != CUDA_SUCCESS) {
      return refused;  // graphs here are one line of work: there is nothing an event could order
    }
    auto time = std::make_shared<Clock::time_point>();
    event.time = time;
    event.recorded = append(stream, [time] {
      *time = Clock::now();
      return CUDA_SUCCESS;
    });
    return CUDA_SUCCESS;
  });
}

}  // namespace

long long eventsAlive() { return events().size(); }

void destroyEvents() { events().clear(); }

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuEventCreate(CUevent* event, unsigned flags) {
  return call("cuEventCreate", Needs::Context, [&] {
    if (flags > ALL_FLAGS) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuEventCreate: unknown flags %u", flags);
    }
    *event = events().add(std::make_shared<Event>(Event{flags, nullptr, nullptr}));
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuEventDestroy_v2(CUevent event) {
  return call("cuEventDestroy", Needs::Release, [&] {
    return events().remove(event) != nullptr
               ? CUDA_SUCCESS
               : fail(CUDA_ERROR_INVALID_HANDLE, "cuEventDestroy: the event does not exist or was destroyed");
  });
}

CUDA_CALL cuEventRecord(CUevent event, CUstream stream) { return record("cuEventRecord", event, stream); }

CUDA_CALL cuEventRecordWithFlags(CUevent event, CUstream stream, unsigned) {
  return record("cuEventRecordWithFlags", event, stream);
}

CUDA_CALL cuEventSynchronize(CUevent handle) {
  return eventCall("cuEventSynchronize", handle,
                   [&](Event& event) { return happened(event) ? CUDA_SUCCESS : finish(event.recorded); });
}

CUDA_CALL cuEventQuery(CUevent handle) {
  return eventCall("cuEventQuery", handle, [&](Event& event) {
    const CUresult result = happened(event) ? CUDA_SUCCESS : passTime();
    return result != CUDA_SUCCESS ? result : happened(event) ? CUDA_SUCCESS : CUDA_ERROR_NOT_READY;
  });
}

CUDA_CALL cuEventElapsedTime(float* milliseconds, CUevent startHandle, CUevent endHandle) {
  return eventCall("cuEventElapsedTime", startHandle, [&](Event& start) {
    const std::shared_ptr<Event> end = events().find(endHandle);
    if (end == nullptr || start.recorded == nullptr || end->recorded == nullptr ||
        ((start.flags | end->flags) & DISABLE_TIMING) != 0) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "cuEventElapsedTime: an event was not recorded, or created without timing");
    }
    if (!happened(start) || !happened(*end)) {
      return CUDA_ERROR_NOT_READY;
    }
    *milliseconds = std::chrono::duration<float, std::milli>(*end->time - *start.time).count();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuEventElapsedTime_v2(float* milliseconds, CUevent start, CUevent end) {
  return cuEventElapsedTime(milliseconds, start, end);
}

CUDA_CALL cuStreamWaitEvent(CUstream streamHandle, CUevent handle, unsigned) {
  return eventCall("cuStreamWaitEvent", handle, [&](Event& event) {
    const std::shared_ptr<Stream> stream = findStream(streamHandle);
    if (stream == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "cuStreamWaitEvent: the stream does not exist or was destroyed");
    }
    const CUresult refused = refuseWhileCapturing("cuStreamWaitEvent", *stream);
    if (refused != CUDA_SUCCESS) {
      return refused;
    }
    if (!happened(event)) {
      append(stream, [] { return CUDA_SUCCESS; }, {event.recorded});
    }
    return CUDA_SUCCESS;
  });
}
