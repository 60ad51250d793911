// Device queries: devices that look like an H200, but for their memory, which is small so that tests can fill it. They differ by UUID alone.
#include <cstring>

#include "call.h"
#include "context.h"
#include "memory.h"
#include "visible.h"

namespace {

using namespace emulator;

constexpr const char* DEVICE_NAME = "GpuMf stand-in GPU (sm_90 on the CPU)";

struct Attribute {
  int id;
  int value;
};

constexpr Attribute ATTRIBUTES[] = {
    {1, 1024},         // MAX_THREADS_PER_BLOCK
    {2, 1024},         // MAX_BLOCK_DIM_X
    {3, 1024},         // MAX_BLOCK_DIM_Y
    {4, 64},           // MAX_BLOCK_DIM_Z
    {5, 2147483647},   // MAX_GRID_DIM_X
    {6, 65535},        // MAX_GRID_DIM_Y
    {7, 65535},        // MAX_GRID_DIM_Z
    {8, 49152},        // MAX_SHARED_MEMORY_PER_BLOCK
    {9, 65536},        // TOTAL_CONSTANT_MEMORY
    {10, 32},          // WARP_SIZE
    {11, 2147483647},  // MAX_PITCH
    {12, 65536},       // MAX_REGISTERS_PER_BLOCK
    {13, 1980000},     // CLOCK_RATE, kHz
    {14, 512},         // TEXTURE_ALIGNMENT
    {15, 1},           // GPU_OVERLAP
    {16, 132},         // MULTIPROCESSOR_COUNT
    {19, 1},           // CAN_MAP_HOST_MEMORY
    {31, 1},           // CONCURRENT_KERNELS
    {32, 1},           // ECC_ENABLED
    {33, 1},           // PCI_BUS_ID
    {36, 3201000},     // MEMORY_CLOCK_RATE, kHz
    {37, 6144},        // GLOBAL_MEMORY_BUS_WIDTH, bits
    {38, 52428800},    // L2_CACHE_SIZE
    {39, 2048},        // MAX_THREADS_PER_MULTIPROCESSOR
    {40, 3},           // ASYNC_ENGINE_COUNT
    {41, 1},           // UNIFIED_ADDRESSING
    {51, 32},          // TEXTURE_PITCH_ALIGNMENT
    {75, 9},           // COMPUTE_CAPABILITY_MAJOR
    {76, 0},           // COMPUTE_CAPABILITY_MINOR
    {78, 1},           // STREAM_PRIORITIES_SUPPORTED
    {79, 1},           // GLOBAL_L1_CACHE_SUPPORTED
    {80, 1},           // LOCAL_L1_CACHE_SUPPORTED
    {81, 233472},      // MAX_SHARED_MEMORY_PER_MULTIPROCESSOR
    {82, 65536},       // MAX_REGISTERS_PER_MULTIPROCESSOR
    {97, 232448},      // MAX_SHARED_MEMORY_PER_BLOCK_OPTIN
    {106, 32},         // MAX_BLOCKS_PER_MULTIPROCESSOR
    {111, 1024},       // RESERVED_SHARED_MEMORY_PER_BLOCK
};
constexpr int LAST_ATTRIBUTE = 150;  // those between that are not listed are features the stand-in lacks: 0

template <class Body>
CUresult deviceCall(const char* name, CUdevice device, Body body) {
  return call(name, Needs::Initialization, [&] {
    if (device < 0 || device >= deviceCount()) {
      return fail(CUDA_ERROR_INVALID_DEVICE, "%s: device %d of %d", name, device, deviceCount());
    }
    return body();
  });
}

}  // namespace

CUDA_CALL cuDeviceGetCount(int* count) {
  return call("cuDeviceGetCount", Needs::Initialization, [&] {
    *count = deviceCount();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGet(CUdevice* device, int ordinal) {
  return deviceCall("cuDeviceGet", ordinal, [&] {
    *device = ordinal;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGetName(char* name, int length, CUdevice device) {
  return deviceCall("cuDeviceGetName", device, [&] {
    if (length < 1) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuDeviceGetName: room for %d bytes", length);
    }
    std::strncpy(name, DEVICE_NAME, static_cast<std::size_t>(length));
    name[length - 1] = 0;
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGetUuid(CUuuid* uuid, CUdevice device) {
  return deviceCall("cuDeviceGetUuid", device, [&] {
    *uuid = uuidOf(inMachine(device));
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGetUuid_v2(CUuuid* uuid, CUdevice device) { return cuDeviceGetUuid(uuid, device); }

CUDA_CALL cuDeviceTotalMem_v2(std::size_t* bytes, CUdevice device) {
  return deviceCall("cuDeviceTotalMem", device, [&] {
    *bytes = totalMemory();
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGetAttribute(int* value, int attribute, CUdevice device) {
  return deviceCall("cuDeviceGetAttribute", device, [&] {
    if (attribute < 1 || attribute > LAST_ATTRIBUTE) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuDeviceGetAttribute: unknown attribute %d", attribute);
    }
    *value = 0;
    for (const Attribute& known : ATTRIBUTES) {
      if (known.id == attribute) {
        *value = known.value;
      }
    }
    return CUDA_SUCCESS;
  });
}

CUDA_CALL cuDeviceGetPCIBusId(char* text, int length, CUdevice device) {
  return deviceCall("cuDeviceGetPCIBusId", device, [&] {
    if (length < 13) {
      return fail(CUDA_ERROR_INVALID_VALUE, "cuDeviceGetPCIBusId: room for %d bytes, 13 are needed", length);
    }
    std::strcpy(text, "0000:01:00.0");
    return CUDA_SUCCESS;
  });
}
