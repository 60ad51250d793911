// The door of every driver call: one lock, the counters, failures made on purpose, and the state that CUDA checks first.
#pragma once

#include <cstdarg>
#include <map>
#include <mutex>
#include <string>
#include <type_traits>

#include "cuda.h"

namespace emulator {

enum class Needs {
  Nothing,         // may be called before cuInit
  Initialization,  // cuInit
  Context,         // a current context, not broken by an earlier fault
  Release,         // the same, but the work is done in a broken context too: what is given back is gone
};

// Counts the call; anything but CUDA_SUCCESS is its answer.
CUresult enter(const char* name, Needs needs);
CUresult leave(Needs needs, CUresult result);

std::recursive_mutex& driverLock();

template <class Body>
CUresult call(const char* name, Needs needs, Body body) {
  const std::lock_guard<std::recursive_mutex> guard(driverLock());
  const CUresult refused = enter(name, needs);
  return refused != CUDA_SUCCESS ? refused : leave(needs, body());
}

// Keeps the message for emulator_last_error() and returns the code.
__attribute__((format(printf, 2, 3))) CUresult fail(CUresult code, const char* format, ...);
const std::string& lastError();

const char* errorName(CUresult code);
const char* errorText(CUresult code);

// The use of a call, counted from the next one, that fails, and how.
void failCall(const std::string& name, int nth, CUresult code);
long long callsOf(const std::string& name);
void forgetCalls();
bool initialized();

}  // namespace emulator
