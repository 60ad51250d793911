// What the stand-in's tests are written with: a few checks, and short words for driver calls.
//
// The program runs each test on a fresh context: emulator_test [PART OF A NAME]...
#pragma once

#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "../driver/cuda.h"
#include "../emulator.h"
#include "calls.h"

namespace test {

struct Failure : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct Case {
  const char* name;
  void (*body)();
};

std::vector<Case>& cases();

struct Registered {
  Registered(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

#define TEST(name)                                          \
  static void name();                                       \
  static const test::Registered registered_##name(#name, &name); \
  static void name()

template <class A, class B>
void checkEqual(const char* file, int line, const char* text, const A& actual, const B& expected) {
  if (!(actual == expected)) {
    std::ostringstream message;
    message << file << ":" << line << ": " << text << " is " << actual << ", expected " << expected;
    const std::string error = emulator_last_error();
    throw Failure(message.str() + (error.empty() ? "" : "\n    last error: " + error));
  }
}

#define CHECK_EQUAL(actual, expected) test::checkEqual(__FILE__, __LINE__, #actual, (actual), (expected))
#define CHECK(condition) test::checkEqual(__FILE__, __LINE__, #condition, static_cast<bool>(condition), true)

// The last error's message holds each of the texts.
void checkError(const char* file, int line, const std::vector<std::string>& texts);
#define CHECK_ERROR(...) test::checkError(__FILE__, __LINE__, {__VA_ARGS__})

// A call that must succeed.
void succeed(const char* file, int line, const char* text, CUresult result);
#define OK(call) test::succeed(__FILE__, __LINE__, #call, (call))

// Starts over: a new context, current on this thread, with all test kernels in `module()`.
void freshContext();
CUmodule module();
CUfunction kernel(const char* name);

struct Shape {
  unsigned blocks = 1, threads = 1, sharedBytes = 0;
};

// Launches a kernel on a stream.
template <class... Arguments>
CUresult launchOn(CUstream stream, const char* name, Shape shape, Arguments... arguments) {
  void* pointers[sizeof...(Arguments) + 1] = {&arguments..., nullptr};
  return cuLaunchKernel(kernel(name), shape.blocks, 1, 1, shape.threads, 1, 1, shape.sharedBytes, stream, pointers, nullptr);
}
template <class... Arguments>
CUresult launch(const char* name, Shape shape, Arguments... arguments) {
  return launchOn(nullptr, name, shape, arguments...);
}

// Launches and waits.
template <class... Arguments>
CUresult run(const char* name, Shape shape, Arguments... arguments) {
  const CUresult result = launch(name, shape, arguments...);
  return result != CUDA_SUCCESS ? result : cuCtxSynchronize();
}

// Device memory that holds the values.
template <class T>
CUdeviceptr upload(const std::vector<T>& values) {
  CUdeviceptr address = 0;
  OK(cuMemAlloc_v2(&address, values.size() * sizeof(T)));
  OK(cuMemcpyHtoD_v2(address, values.data(), values.size() * sizeof(T)));
  return address;
}

CUdeviceptr allocate(std::size_t bytes);

template <class T>
std::vector<T> download(CUdeviceptr address, std::size_t count) {
  std::vector<T> values(count);
  OK(cuMemcpyDtoH_v2(values.data(), address, count * sizeof(T)));
  return values;
}

std::vector<float> floats(std::size_t count, const std::function<float(std::size_t)>& value);

}  // namespace test
