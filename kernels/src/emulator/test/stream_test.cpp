// Streams keep their promises and nothing more.
#include <thread>

#include "harness.h"

using namespace test;

namespace {

constexpr int SEEDS = 100;
constexpr unsigned NON_BLOCKING = 1;

CUstream stream(unsigned flags = NON_BLOCKING) {
  CUstream stream = nullptr;
  OK(cuStreamCreate(&stream, flags));
  return stream;
}

CUevent event() {
  CUevent event = nullptr;
  OK(cuEventCreate(&event, 0));
  return event;
}

float* pinned(std::size_t count) {
  void* address = nullptr;
  OK(cuMemHostAlloc(&address, count * sizeof(float), 0));
  return static_cast<float*>(address);
}

// Writes ones in one stream and copies them in another, which waits for the first or does not. Whether the copy holds ones.
bool copySeesOnes(bool wait, unsigned long long seed) {
  freshContext();
  emulator_seed(seed);
  const CUdeviceptr x = upload(std::vector<float>(64)), y = upload(std::vector<float>(64));
  const CUstream first = stream(), second = stream();
  OK(cuMemsetD32Async(x, 0x3f800000, 64, first));
  if (wait) {
    const CUevent written = event();
    OK(cuEventRecord(written, first));
    OK(cuStreamWaitEvent(second, written, 0));
    OK(cuEventDestroy_v2(written));
  }
  OK(launchOn(second, "copy", {2, 32}, 64, x, y));
  OK(cuCtxSynchronize());
  return download<float>(y, 64) == std::vector<float>(64, 1.0f);
}

TEST(a_stream_that_waits_is_right_under_every_seed) {
  for (unsigned long long seed = 0; seed < SEEDS; seed++) {
    CHECK(copySeesOnes(true, seed));
  }
}

TEST(a_missing_stream_wait_shows) {
  int wrong = 0;
  for (unsigned long long seed = 0; seed < SEEDS; seed++) {
    wrong += !copySeesOnes(false, seed);
  }
  CHECK(wrong > SEEDS / 4);
  CHECK(wrong < SEEDS);  // either order may come out
}

TEST(a_missing_synchronize_shows) {
  const CUdeviceptr x = upload(std::vector<float>(8, 5.0f));
  float* host = pinned(8);
  const CUstream s = stream();
  host[0] = 0;
  OK(cuMemcpyDtoHAsync_v2(host, x, 32, s));
  CHECK_EQUAL(host[0], 0.0f);
  OK(cuStreamSynchronize(s));
  CHECK_EQUAL(host[0], 5.0f);
}

TEST(a_pinned_buffer_that_changes_too_early_shows) {
  const CUdeviceptr x = allocate(4);
  float* host = pinned(1);
  const CUstream s = stream();
  host[0] = 1;
  OK(cuMemcpyHtoDAsync_v2(x, host, 4, s));
  host[0] = 2;
  OK(cuStreamSynchronize(s));
  CHECK_EQUAL(download<float>(x, 1)[0], 2.0f);
}

TEST(a_pageable_buffer_is_taken_at_the_call) {
  const CUdeviceptr x = allocate(4);
  const CUstream s = stream();
  float host = 1;
  OK(cuMemcpyHtoDAsync_v2(x, &host, 4, s));
  host = 2;
  OK(cuStreamSynchronize(s));
  CHECK_EQUAL(download<float>(x, 1)[0], 1.0f);
  OK(cuMemcpyDtoHAsync_v2(&host, x, 4, s));
  CHECK_EQUAL(host, 1.0f);
}

TEST(the_default_stream_orders_with_blocking_streams) {
  for (unsigned long long seed = 0; seed < SEEDS; seed++) {
    emulator_seed(seed);
    const CUdeviceptr x = upload(std::vector<float>(1));
    const CUstream s = stream(0);
    OK(cuMemsetD32Async(x, 1, 1, s));
    OK(cuMemsetD32Async(x, 2, 1, nullptr));
    OK(cuMemsetD32Async(x, 3, 1, s));
    CHECK_EQUAL(download<int>(x, 1)[0], 3);
    OK(cuStreamDestroy_v2(s));
    OK(cuMemFree_v2(x));
  }
}

TEST(the_default_stream_does_not_wait_for_non_blocking_ones) {
  const CUdeviceptr x = upload(std::vector<int>(1));
  const CUstream s = stream();
  int old = 0;
  for (unsigned long long seed = 0; seed < SEEDS; seed++) {
    emulator_seed(seed);
    OK(cuMemsetD32Async(x, 1, 1, s));
    old += download<int>(x, 1)[0] == 0;
    OK(cuStreamSynchronize(s));
    OK(cuMemsetD32Async(x, 0, 1, s));
    OK(cuStreamSynchronize(s));
  }
  CHECK(old > SEEDS / 4);
}

TEST(work_of_a_destroyed_stream_is_still_done) {
  const CUdeviceptr x = upload(std::vector<int>(1));
  const CUstream s = stream();
  OK(cuMemsetD32Async(x, 7, 1, s));
  OK(cuStreamDestroy_v2(s));
  CHECK_EQUAL(cuStreamSynchronize(s), CUDA_ERROR_INVALID_HANDLE);
  CHECK_EQUAL(cuStreamDestroy_v2(s), CUDA_ERROR_INVALID_HANDLE);
  OK(cuCtxSynchronize());
  CHECK_EQUAL(download<int>(x, 1)[0], 7);
}

TEST(queries_come_true_in_the_end) {
  const CUdeviceptr x = upload(std::vector<int>(1));
  const CUstream s = stream();
  const CUevent done = event();
  CHECK_EQUAL(cuStreamQuery(s), CUDA_SUCCESS);
  CHECK_EQUAL(cuEventQuery(done), CUDA_SUCCESS);
  int notReady = 0;
  for (int i = 0; i < SEEDS; i++) {
    OK(cuMemsetD32Async(x, 1, 1, s));
    OK(cuEventRecord(done, s));
    CUresult result = cuEventQuery(done);
    for (; result == CUDA_ERROR_NOT_READY; result = cuEventQuery(done)) {
      notReady++;
    }
    OK(result);
  }
  CHECK(notReady > SEEDS);
}

TEST(events_wait_and_tell_the_time) {
  const CUdeviceptr x = upload(std::vector<float>(64)), y = allocate(256);
  const CUstream s = stream();
  const CUevent start = event(), end = event();
  float milliseconds = -1;
  CHECK_EQUAL(cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_INVALID_HANDLE);
  OK(cuEventRecord(start, s));
  OK(launchOn(s, "copy", {1, 32}, 64, x, y));
  OK(cuEventRecord(end, s));
  CHECK_EQUAL(cuEventElapsedTime(&milliseconds, start, end), CUDA_ERROR_NOT_READY);
  OK(cuEventSynchronize(end));
  OK(cuEventElapsedTime(&milliseconds, start, end));
  CHECK(milliseconds > 0);
  OK(cuEventDestroy_v2(end));
  CHECK_EQUAL(cuEventSynchronize(end), CUDA_ERROR_INVALID_HANDLE);
  CHECK_EQUAL(emulator_count("events"), 1);
}

TEST(a_fault_comes_out_where_something_waits) {
  const CUstream s = stream();
  OK(launchOn(s, "writeAt", {}, 100LL, allocate(400)));
  OK(launchOn(s, "nothing", {}));
  CHECK_EQUAL(cuStreamSynchronize(s), CUDA_ERROR_ILLEGAL_ADDRESS);
}

TEST(captured_work_runs_as_often_as_it_is_launched) {
  const CUdeviceptr x = upload(std::vector<float>(10));
  const CUstream s = stream();
  OK(cuStreamBeginCapture_v2(s, 0));
  OK(launchOn(s, "noGuard", {1, 10}, x));
  OK(launchOn(s, "noGuard", {1, 10}, x));
  CUgraph graph = nullptr;
  OK(cuStreamEndCapture(s, &graph));
  CHECK_EQUAL(emulator_count("launches"), 0);
  CUgraphExec instance = nullptr;
  OK(cuGraphInstantiateWithFlags(&instance, graph, 0));
  OK(cuGraphDestroy(graph));
  for (int i = 0; i < 3; i++) {
    OK(cuGraphLaunch(instance, s));
  }
  OK(cuStreamSynchronize(s));
  CHECK_EQUAL(download<float>(x, 10)[9], 6.0f);
  CHECK_EQUAL(emulator_launches("noGuard"), 6);
  OK(cuGraphExecDestroy(instance));
  CHECK_EQUAL(cuGraphLaunch(instance, s), CUDA_ERROR_INVALID_VALUE);
  CHECK_EQUAL(emulator_count("graphs"), 0);
}

TEST(waiting_ends_a_capture) {
  const CUstream s = stream();
  CUgraph graph = nullptr;
  CHECK_EQUAL(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_UNMATCHED);
  OK(cuStreamBeginCapture_v2(s, 0));
  CHECK_EQUAL(cuStreamSynchronize(s), CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
  CHECK_EQUAL(cuStreamEndCapture(s, &graph), CUDA_ERROR_STREAM_CAPTURE_INVALIDATED);
  CHECK(graph == nullptr);
  OK(cuStreamSynchronize(s));
}

TEST(a_capture_ends_in_a_broken_context_too) {
  const CUdeviceptr x = allocate(400);
  const CUstream s = stream(), other = stream();
  CUgraph graph = nullptr;
  OK(cuStreamBeginCapture_v2(s, 0));
  OK(launchOn(s, "writeAt", {}, 0LL, x));
  OK(launchOn(other, "writeAt", {}, 100LL, x));
  CHECK_EQUAL(cuStreamSynchronize(other), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_EQUAL(cuStreamEndCapture(s, &graph), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK(graph == nullptr);
  CHECK_EQUAL(emulator_count("graphs"), 0);
  CHECK_EQUAL(cuMemFree_v2(x), CUDA_ERROR_ILLEGAL_ADDRESS);
  CHECK_EQUAL(emulator_count("allocations"), 0);
  CHECK_ERROR("writeAt");
}

TEST(memory_is_not_allocated_while_this_thread_captures) {
  constexpr int GLOBAL = 0, THREAD_LOCAL = 1, RELAXED = 2;
  const CUdeviceptr x = allocate(4);
  for (int mode : {GLOBAL, THREAD_LOCAL, RELAXED}) {
    const CUstream s = stream();
    CUresult here = CUDA_SUCCESS, elsewhere = CUDA_SUCCESS;
    CUdeviceptr y = 0;
    CUgraph graph = nullptr;
    OK(cuStreamBeginCapture_v2(s, mode));
    std::thread([&] {
      CUcontext context = nullptr;
      cuDevicePrimaryCtxRetain(&context, 0);
      cuCtxSetCurrent(context);
      elsewhere = cuMemAlloc_v2(&y, 4);
      cuDevicePrimaryCtxRelease_v2(0);
    }).join();
    here = cuMemAlloc_v2(&y, 4);
    CHECK_EQUAL(here, mode == RELAXED ? CUDA_SUCCESS : CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED);
    CHECK_EQUAL(elsewhere, mode == GLOBAL ? CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED : CUDA_SUCCESS);
    CHECK_EQUAL(cuMemFree_v2(x) == CUDA_SUCCESS, mode == RELAXED);
    CHECK_EQUAL(cuStreamEndCapture(s, &graph) == CUDA_SUCCESS, mode == RELAXED);
  }
}

}  // namespace
