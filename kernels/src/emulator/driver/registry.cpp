#include "registry.h"

#include <dlfcn.h>
#include <unistd.h>

#include <cstdlib>
#include <map>
#include <sstream>
#include <vector>

#include "call.h"

namespace emulator {
namespace {

using Entries = std::map<std::string, const KernelEntry*>;

struct Registry {
  std::map<std::string, Entries> libraries;  // by path
  Entries active;
  Entries* loading = nullptr;
  std::string failures;
  bool defaultsLoaded = false;
};

Registry& registry() {
  static Registry& registry = *new Registry;
  return registry;
}

std::string besideDriver() {
  Dl_info info;
  if (dladdr(reinterpret_cast<void*>(&besideDriver), &info) == 0) {
    return "";
  }
  const std::string driver = info.dli_fname;
  const std::size_t slash = driver.rfind('/');
  return (slash == std::string::npos ? "" : driver.substr(0, slash + 1)) + "libgpumf_kernels.so";
}

std::string defaultLibraries() {
  const char* named = std::getenv("GPUMF_EMULATOR_KERNELS");
  return named != nullptr ? named : besideDriver();
}

void loadDefaults() {
  if (registry().defaultsLoaded) {
    return;
  }
  registry().defaultsLoaded = true;
  std::istringstream paths(defaultLibraries());
  for (std::string path; std::getline(paths, path, ':');) {
    if (access(path.c_str(), R_OK) == 0 && loadKernels(path) != CUDA_SUCCESS) {
      registry().failures += "; " + lastError();
    }
  }
}

}  // namespace

const KernelEntry* findKernel(const std::string& name) {
  loadDefaults();
  const auto found = registry().active.find(name);
  return found == registry().active.end() ? nullptr : found->second;
}

CUresult loadKernels(const std::string& path) {
  loadDefaults();
  Entries& entries = registry().libraries[path];
  registry().loading = &entries;
  const void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  registry().loading = nullptr;
  if (library == nullptr) {
    return fail(CUDA_ERROR_SHARED_OBJECT_INIT_FAILED, "the kernels of %s do not load: %s", path.c_str(), dlerror());
  }
  for (const auto& [name, entry] : entries) {
    registry().active[name] = entry;
  }
  return CUDA_SUCCESS;
}

std::string kernelLibraries() {
  std::string paths;
  for (const auto& [path, entries] : registry().libraries) {
    paths += (paths.empty() ? "" : ", ") + path;
  }
  return (paths.empty() ? defaultLibraries() + " (does not exist)" : paths) + registry().failures;
}

std::string declarationsAsPtx() {
  loadDefaults();
  std::ostringstream ptx;
  ptx << ".version 7.0\n.target sm_75\n.address_size 64\n";
  for (const auto& [name, entry] : registry().active) {
    ptx << "\n.visible .entry " << name << "(";
    for (int i = 0; i < entry->parameterCount; i++) {
      ptx << (i == 0 ? "\n" : ",\n") << "  .param .b" << 8 * entry->parameters[i].bytes << " " << name << "_param_" << i;
    }
    ptx << "\n) { ret; }\n";
  }
  return ptx.str();
}

}  // namespace emulator

extern "C" void emulator_register_kernel(const emulator::KernelEntry* entry) {
  using namespace emulator;
  if (registry().loading != nullptr) {
    (*registry().loading)[entry->name] = entry;
  } else {
    registry().active[entry->name] = entry;  // linked into the program itself
  }
}
