// cuLaunchKernel: checks what CUDA checks, copies the arguments, and leaves the running to the stream.
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>

#include "call.h"
#include "kernel.h"
#include "launch.h"
#include "module.h"
#include "stream.h"

namespace emulator {
namespace {

std::map<std::string, long long>& launches() {
  static auto& launches = *new std::map<std::string, long long>;
  return launches;
}

// Copies bytes of this process that may not be there: a list of arguments that is too short ends in anything.
bool copyIfReadable(void* to, const void* from, std::size_t bytes) {
  const iovec local = {to, bytes};
  const iovec remote = {const_cast<void*>(from), bytes};
  const ssize_t copied = process_vm_readv(getpid(), &local, 1, &remote, 1, 0);
  if (copied < 0 && errno != EFAULT) {
    std::memcpy(to, from, bytes);  // a sandbox without the call
    return true;
  }
  return copied == static_cast<ssize_t>(bytes);
}

CUresult checkShape(const Function& function, Dimensions grid, Dimensions block, std::size_t shared) {
  const char* name = function.declared.name.c_str();
  if (grid.x == 0 || grid.y == 0 || grid.z == 0 || grid.x > 2147483647u || grid.y > 65535 || grid.z > 65535) {
    return fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: %s on a grid of %u x %u x %u blocks; 1 to 2147483647 x 65535 x 65535 are possible",
                name, grid.x, grid.y, grid.z);
  }
  const unsigned long long threads = 1ull * block.x * block.y * block.z;
  if (threads == 0 || block.x > 1024 || block.y > 1024 || block.z > 64 || threads > 1024) {
    return fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: %s with blocks of %u x %u x %u threads; 1 to 1024 are possible", name, block.x,
                block.y, block.z);
  }
  if (threads > static_cast<unsigned long long>(function.declared.maximumThreads)) {
    return fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: %s with blocks of %llu threads; it is compiled for up to %d", name, threads,
                function.declared.maximumThreads);
  }
  if (shared + function.declared.sharedBytes > function.dynamicSharedLimit) {
    return fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: %s with %zu bytes of dynamic and %zu bytes of static shared memory; %zu are allowed",
                name, shared, function.declared.sharedBytes, function.dynamicSharedLimit);
  }
  return CUDA_SUCCESS;
}

CUresult copyArguments(const KernelEntry& entry, void* const* parameters, std::vector<std::vector<char>>& arguments) {
  for (int i = 0; i < entry.parameterCount; i++) {
    const void* argument = nullptr;
    std::vector<char> bytes(entry.parameters[i].bytes);
    if (parameters == nullptr || !copyIfReadable(&argument, parameters + i, sizeof argument) || argument == nullptr ||
        !copyIfReadable(bytes.data(), argument, bytes.size())) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: %s takes %d parameters; number %d (the first is 0) points nowhere", entry.name,
                  entry.parameterCount, i);
    }
    arguments.push_back(std::move(bytes));
  }
  return CUDA_SUCCESS;
}

// The other way to pass arguments: one buffer, each argument at the next multiple of its alignment.
CUresult unpackArguments(const KernelEntry& entry, void* const* extra, std::vector<std::vector<char>>& arguments) {
  const auto POINTER = reinterpret_cast<void*>(std::uintptr_t(1));  // CU_LAUNCH_PARAM_BUFFER_POINTER
  const auto SIZE = reinterpret_cast<void*>(std::uintptr_t(2));     // CU_LAUNCH_PARAM_BUFFER_SIZE
  const char* buffer = nullptr;
  std::size_t bytes = 0;
  for (; *extra != nullptr; extra += 2) {
    buffer = extra[0] == POINTER ? static_cast<const char*>(extra[1]) : buffer;
    bytes = extra[0] == SIZE ? *static_cast<const std::size_t*>(extra[1]) : bytes;
  }
  std::size_t offset = 0;
  for (int i = 0; i < entry.parameterCount; i++) {
    const Parameter& parameter = entry.parameters[i];
    offset = (offset + parameter.alignment - 1) / parameter.alignment * parameter.alignment;
    if (offset + parameter.bytes <= bytes) {
      arguments.emplace_back(buffer + offset, buffer + offset + parameter.bytes);
    }
    offset += parameter.bytes;
  }
  return offset == bytes ? CUDA_SUCCESS
                         : fail(CUDA_ERROR_INVALID_VALUE, "cuLaunchKernel: the arguments of %s are %zu bytes and not %zu", entry.name, offset, bytes);
}

CUresult launchKernel(const char* call, CUfunction handle, Dimensions grid, Dimensions block, unsigned sharedBytes, CUstream stream,
                      void** parameters, void** extra, bool cooperative) {
  const std::shared_ptr<Function> function = findFunction(handle);
  if (function == nullptr) {
    return fail(CUDA_ERROR_INVALID_HANDLE, "%s: the function does not exist, or its module was unloaded", call);
  }
  const auto launch = std::make_shared<Launch>(Launch{function->compiled, grid, block, sharedBytes, cooperative, {}});
  CUresult refused = checkShape(*function, grid, block, sharedBytes);
  if (refused == CUDA_SUCCESS && cooperative && 1ull * grid.x * grid.y * grid.z > MOST_WORKERS) {
    refused = fail(CUDA_ERROR_COOPERATIVE_LAUNCH_TOO_LARGE, "%s: %s with more than %d blocks, which cannot all run at the same time", call,
                   function->declared.name.c_str(), MOST_WORKERS);
  }
  if (refused == CUDA_SUCCESS) {
    refused = extra != nullptr ? unpackArguments(*launch->entry, extra, launch->arguments)
                               : copyArguments(*launch->entry, parameters, launch->arguments);
  }
  return refused != CUDA_SUCCESS ? refused : enqueue(call, stream, [launch] {
    launches()[launch->entry->name]++;
    return runKernel(*launch);
  });
}

}  // namespace

long long launchesOf(const std::string& kernel) {
  const auto found = launches().find(kernel);
  return found == launches().end() ? 0 : found->second;
}

long long allLaunches() {
  long long sum = 0;
  for (const auto& [kernel, count] : launches()) {
    sum += count;
  }
  return sum;
}

void forgetLaunches() { launches().clear(); }

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuLaunchKernel(CUfunction handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                         unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters, void** extra) {
  return call("cuLaunchKernel", Needs::Context, [&] {
    return launchKernel("cuLaunchKernel", handle, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, stream, parameters, extra, false);
  });
}

CUDA_CALL cuLaunchCooperativeKernel(CUfunction handle, unsigned gridX, unsigned gridY, unsigned gridZ, unsigned blockX, unsigned blockY,
                                    unsigned blockZ, unsigned sharedBytes, CUstream stream, void** parameters) {
  return call("cuLaunchCooperativeKernel", Needs::Context, [&] {
    return launchKernel("cuLaunchCooperativeKernel", handle, {gridX, gridY, gridZ}, {blockX, blockY, blockZ}, sharedBytes, stream, parameters,
                        nullptr, true);
  });
}
