#include "harness.h"

#include <dlfcn.h>

namespace test {
namespace {

CUmodule loaded = nullptr;

std::string testKernels() {
  Dl_info info;
  dladdr(reinterpret_cast<void*>(&emulator_seed), &info);
  const std::string driver = info.dli_fname;
  return driver.substr(0, driver.rfind('/') + 1) + "libtest_kernels.so";
}

// Those that end the process run when their whole name is given.
bool fatal(const char* name) { return std::strncmp(name, "fatal_", 6) == 0; }

bool wanted(const char* name, int count, char** parts) {
  if (fatal(name)) {
    return count == 2 && std::strcmp(name, parts[1]) == 0;
  }
  for (int i = 1; i < count; i++) {
    if (std::strstr(name, parts[i]) != nullptr) {
      return true;
    }
  }
  return count <= 1;
}

}  // namespace

std::vector<Case>& cases() {
  static std::vector<Case> cases;
  return cases;
}

void checkError(const char* file, int line, const std::vector<std::string>& texts) {
  const std::string error = emulator_last_error();
  for (const std::string& text : texts) {
    if (error.find(text) == std::string::npos) {
      throw Failure(std::string(file) + ":" + std::to_string(line) + ": the message lacks '" + text + "': " + error);
    }
  }
}

void succeed(const char* file, int line, const char* text, CUresult result) {
  if (result != CUDA_SUCCESS) {
    throw Failure(std::string(file) + ":" + std::to_string(line) + ": " + text + " fails with " + std::to_string(result) + ": " +
                  emulator_last_error());
  }
}

void freshContext() {
  emulator_reset();
  emulator_seed(1);
  OK(cuInit(0));
  CUcontext context = nullptr;
  OK(cuDevicePrimaryCtxRetain(&context, 0));
  OK(cuCtxSetCurrent(context));
  OK(cuModuleLoadData(&loaded, emulator_ptx()));
}

CUmodule module() { return loaded; }

CUfunction kernel(const char* name) {
  CUfunction function = nullptr;
  OK(cuModuleGetFunction(&function, loaded, name));
  return function;
}

CUdeviceptr allocate(std::size_t bytes) {
  CUdeviceptr address = 0;
  OK(cuMemAlloc_v2(&address, bytes));
  return address;
}

std::vector<float> floats(std::size_t count, const std::function<float(std::size_t)>& value) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; i++) {
    values[i] = value(i);
  }
  return values;
}

}  // namespace test

int main(int count, char** parts) {
  if (emulator_load_kernels(test::testKernels().c_str()) != CUDA_SUCCESS) {
    std::printf("%s\n", emulator_last_error());
    return 1;
  }
  int run = 0, failed = 0;
  for (const test::Case& each : test::cases()) {
    if (!test::wanted(each.name, count, parts)) {
      continue;
    }
    run++;
    try {
      test::freshContext();
      each.body();
    } catch (const test::Failure& failure) {
      failed++;
      std::printf("FAILED %s\n  %s\n", each.name, failure.what());
    }
    std::fflush(stdout);
  }
  std::printf("stand-in driver: %d tests, %d failed\n", run, failed);
  return failed == 0 && run > 0 ? 0 : 1;
}
