// Stream capture and graphs: the captured work as one line, played again as often as wanted.
#include "graph.h"

#include "call.h"
#include "context.h"
#include "handles.h"
#include "stream.h"

namespace emulator {
namespace {

using Line = std::vector<Work>;

struct Graphs {
  Handles<CUgraph, Line> graphs;
  Handles<CUgraphExec, Line> instances;
};

Graphs& graphs() {
  static Graphs& graphs = *new Graphs;
  return graphs;
}

CUresult instantiate(const char* call, CUgraphExec* instance, CUgraph handle) {
  const std::shared_ptr<Line> line = graphs().graphs.find(handle);
  if (line == nullptr) {
    return fail(CUDA_ERROR_INVALID_VALUE, "%s: the graph does not exist or was destroyed", call);
  }
  *instance = graphs().instances.add(std::make_shared<Line>(*line));
  return CUDA_SUCCESS;
}

template <class Body>
CUresult streamCall(const char* name, CUstream handle, Body body, Needs needs = Needs::Context) {
  return call(name, needs, [&] {
    const std::shared_ptr<Stream> stream = findStream(handle);
    if (stream == nullptr) {
      return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the stream does not exist or was destroyed", name);
    }
    return body(stream);
  });
}

}  // namespace

long long graphsAlive() { return graphs().graphs.size() + graphs().instances.size(); }

void destroyGraphs() {
  graphs().graphs.clear();
  graphs().instances.clear();
}

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuStreamBeginCapture_v2(CUstream handle, int mode) {
  return streamCall("cuStreamBeginCapture", handle, [&](const std::shared_ptr<Stream>& stream) {
    if (stream == defaultStream()) {
      return fail(CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, "cuStreamBeginCapture: the default stream cannot capture");
    }
    if (stream->capture || mode < Capture::GLOBAL || mode > Capture::RELAXED) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuStreamBeginCapture: the stream captures already, or %d is no mode", mode);
    }
    stream->capture = Capture{static_cast<Capture::Mode>(mode), std::this_thread::get_id(), {}};
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuStreamEndCapture(CUstream handle, CUgraph* graph) {
  const auto end = [&](const std::shared_ptr<Stream>& stream) {
    *graph = nullptr;
    if (contextFault() != CUDA_SUCCESS) {
      stream->capture.reset();  // a capture that went on would keep memory from being freed
      return contextFault();
    }
    if (!stream->capture) {
      return fail(CUDA_ERROR_STREAM_CAPTURE_UNMATCHED, "cuStreamEndCapture: the stream does not capture");
    }
    const Capture capture = std::move(*stream->capture);
    stream->capture.reset();
    if (capture.invalid) {
      return fail(CUDA_ERROR_STREAM_CAPTURE_INVALIDATED, "cuStreamEndCapture: a call that cannot be captured ended the capture");
    }
    *graph = graphs().graphs.add(std::make_shared<Line>(capture.work));
    return CUDA_SUCCESS;
  };
  return streamCall("cuStreamEndCapture", handle, end, Needs::Release);
}

CUDA_CALL cuStreamIsCapturing(CUstream handle, int* status) {
  return streamCall("cuStreamIsCapturing", handle, [&](const std::shared_ptr<Stream>& stream) {
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;  // NONE, INVALIDATED, ACTIVE
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuGraphInstantiateWithFlags(CUgraphExec* instance, CUgraph graph, unsigned long long) {
  return call("cuGraphInstantiateWithFlags", Needs::Context,
              [&] { return instantiate("cuGraphInstantiateWithFlags", instance, graph); });
}

CUDA_CALL cuGraphInstantiate_v2(CUgraphExec* instance, CUgraph graph, void*, char*, std::size_t) {
  return call("cuGraphInstantiate", Needs::Context, [&] { return instantiate("cuGraphInstantiate", instance, graph); });
}

CUDA_CALL cuGraphUpload(CUgraphExec, CUstream) {
  return call("cuGraphUpload", Needs::Context, [] { return CUDA_SUCCESS; });
}

CUDA_CALL cuGraphLaunch(CUgraphExec handle, CUstream streamHandle) {
  return streamCall("cuGraphLaunch", streamHandle, [&](const std::shared_ptr<Stream>&) {
    const std::shared_ptr<Line> line = graphs().instances.find(handle);
    if (line == nullptr) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuGraphLaunch: the instance does not exist or was destroyed");
    }
    for (const Work& work : *line) {
      enqueue("cuGraphLaunch", streamHandle, work);
    }
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuGraphExecDestroy(CUgraphExec instance) {
  return call("cuGraphExecDestroy", Needs::Release, [&] {
    return graphs().instances.remove(instance) != nullptr
               ? CUDA_SUCCESS
               : fail(CUDA_ERROR_INVALID_VALUE, "cuGraphExecDestroy: the instance does not exist or was destroyed");
  });
}

CUDA_CALL cuGraphDestroy(CUgraph graph) {
  return call("cuGraphDestroy", Needs::Release, [&] {
    return graphs().graphs.remove(graph) != nullptr
               ? CUDA_SUCCESS
               : fail(CUDA_ERROR_INVALID_VALUE, "cuGraphDestroy: the graph does not exist or was destroyed");
  });
}

CUDA_CALL cuGraphGetNodes(CUgraph graph, void** nodes, std::size_t* count) {
  return call("cuGraphGetNodes", Needs::Context, [&] {
    const std::shared_ptr<Line> line = graphs().graphs.find(graph);
    if (line == nullptr || nodes != nullptr) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "cuGraphGetNodes: the stand-in counts the nodes of a graph and names none");
    }
    *count = line->size();
    return CUDA_SUCCESS;
  });
}
