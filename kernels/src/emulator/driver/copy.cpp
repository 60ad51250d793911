// Copies and fills.
//
// A copy from pageable host memory takes its bytes at the call, as the real driver stages them; one from pinned memory reads when it runs. A copy
// into pageable memory has happened when the call returns, one into pinned memory happens when it runs.
#include <cstring>
#include <memory>

#include "call.h"
#include "copy.h"
#include "memory.h"
#include "stream.h"

namespace emulator {
namespace {

CopiedBytes counted;

// A rectangle of bytes: `height` rows of `width`, each `pitch` after the one before.
struct Rows {
  char* begin;
  std::size_t pitch;

  char* row(std::size_t y) const { return begin + y * pitch; }
  bool pinned(std::size_t width, std::size_t height) const {
    return isPinned(begin, height == 0 ? 0 : (height - 1) * pitch + width);
  }
};

struct Shape {
  std::size_t width, height;
  long long bytes() const { return static_cast<long long>(width * height); }
};

enum class Direction { ToDevice, ToHost, OnDevice, OnHost };

CUresult copyNow(Rows from, Rows to, Shape shape, Direction direction) {
  for (std::size_t y = 0; y < shape.height; y++) {
    std::memmove(to.row(y), from.row(y), shape.width);
  }
  counted.toDevice += direction == Direction::ToDevice ? shape.bytes() : 0;
  counted.toHost += direction == Direction::ToHost ? shape.bytes() : 0;
  counted.onDevice += direction == Direction::OnDevice ? shape.bytes() : 0;
  return CUDA_SUCCESS;
}

bool capturing(CUstream stream) {
  const std::shared_ptr<Stream> found = findStream(stream);
  return found != nullptr && found->capture.has_value();
}

CUresult finishIfNotCaptured(CUstream stream) { return capturing(stream) ? CUDA_SUCCESS : finishStream(findStream(stream)); }

CUresult copy(const char* call, Rows from, Rows to, Shape shape, Direction direction, CUstream stream, bool wait) {
  if (shape.bytes() == 0) {
    return CUDA_SUCCESS;
  }
  if (wait) {
    const CUresult refused = refuseWhileCapturing(call);
    if (refused != CUDA_SUCCESS) {
      return refused;
    }
  }
  const bool stage = direction == Direction::ToDevice && !capturing(stream) && !from.pinned(shape.width, shape.height);
  CUresult result;
  if (stage) {
    const auto staged = std::make_shared<std::vector<char>>(shape.width * shape.height);
    for (std::size_t y = 0; y < shape.height; y++) {
      std::memcpy(staged->data() + y * shape.width, from.row(y), shape.width);
    }
    result = enqueue(call, stream, [=] { return copyNow({staged->data(), shape.width}, to, shape, direction); });
  } else {
    result = enqueue(call, stream, [=] { return copyNow(from, to, shape, direction); });
  }
  const bool arrived = direction == Direction::ToHost && !to.pinned(shape.width, shape.height);
  return result == CUDA_SUCCESS && (wait || arrived) ? finishIfNotCaptured(stream) : result;
}

Rows line(const void* begin) { return {static_cast<char*>(const_cast<void*>(begin)), 0}; }
Rows line(CUdeviceptr begin) { return {reinterpret_cast<char*>(begin), 0}; }

CUresult toDevice(const char* name, CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream, bool wait) {
  return call(name, Needs::Context, [&] {
    const CUresult refused = checkDeviceRange(name, "destination", to, bytes);
    return refused != CUDA_SUCCESS ? refused : copy(name, line(from), line(to), {bytes, 1}, Direction::ToDevice, stream, wait);
  });
}

CUresult toHost(const char* name, void* to, CUdeviceptr from, std::size_t bytes, CUstream stream, bool wait) {
  return call(name, Needs::Context, [&] {
    const CUresult refused = checkDeviceRange(name, "source", from, bytes);
    return refused != CUDA_SUCCESS ? refused : copy(name, line(from), line(to), {bytes, 1}, Direction::ToHost, stream, wait);
  });
}

CUresult onDevice(const char* name, CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return call(name, Needs::Context, [&] {
    CUresult refused = checkDeviceRange(name, "source", from, bytes);
    if (refused == CUDA_SUCCESS) {
      refused = checkDeviceRange(name, "destination", to, bytes);
    }
    // The host does not wait for a copy from device to device, not even in the form without Async.
    return refused != CUDA_SUCCESS ? refused : copy(name, line(from), line(to), {bytes, 1}, Direction::OnDevice, stream, false);
  });
}

// One side of a 2D copy.
struct Side {
  const char* name;
  CUmemorytype type;
  const void* host;
  CUdeviceptr device;
  std::size_t x, y, pitch;

  bool onDevice() const {
    return type == CU_MEMORYTYPE_DEVICE ||
           (type == CU_MEMORYTYPE_UNIFIED && allocationAt(device) != nullptr && !allocationAt(device)->host);
  }
  CUresult check(const char* call, Shape shape, Rows* rows) const {
    if (type != CU_MEMORYTYPE_HOST && type != CU_MEMORYTYPE_DEVICE && type != CU_MEMORYTYPE_UNIFIED) {
      return fail(CUDA_ERROR_NOT_SUPPORTED, "%s: the %s is of memory type %u; host, device and unified are supported", call, name, type);
    }
    const std::size_t step = pitch == 0 ? shape.width + x : pitch;
    if (step < shape.width + x) {
      return fail(CUDA_ERROR_INVALID_VALUE, "%s: the %s's pitch of %zu bytes is below x + width = %zu", call, name, pitch, shape.width + x);
    }
    const CUdeviceptr base = type == CU_MEMORYTYPE_HOST ? reinterpret_cast<CUdeviceptr>(host) : device;
    const CUdeviceptr begin = base + y * step + x;
    *rows = {reinterpret_cast<char*>(begin), step};
    return onDevice() && shape.bytes() != 0 ? checkDeviceRange(call, name, begin, (shape.height - 1) * step + shape.width) : CUDA_SUCCESS;
  }
};

CUresult copy2D(const char* name, const CUDA_MEMCPY2D* c, CUstream stream, bool wait) {
  return call(name, Needs::Context, [&] {
    const Shape shape = {c->WidthInBytes, c->Height};
    const Side source = {"source", c->srcMemoryType, c->srcHost, c->srcDevice, c->srcXInBytes, c->srcY, c->srcPitch};
    const Side destination = {"destination", c->dstMemoryType, c->dstHost, c->dstDevice, c->dstXInBytes, c->dstY, c->dstPitch};
    Rows from{}, to{};
    CUresult refused = source.check(name, shape, &from);
    if (refused == CUDA_SUCCESS) {
      refused = destination.check(name, shape, &to);
    }
    const Direction direction = source.onDevice() ? (destination.onDevice() ? Direction::OnDevice : Direction::ToHost)
                                                  : (destination.onDevice() ? Direction::ToDevice : Direction::OnHost);
    return refused != CUDA_SUCCESS ? refused
                                   : copy(name, from, to, shape, direction, stream, wait && direction != Direction::OnDevice);
  });
}

template <class T>
CUresult fill(const char* name, CUdeviceptr address, T value, std::size_t count, CUstream stream) {
  return call(name, Needs::Context, [&] {
    if (address % sizeof(T) != 0) {
      return fail(CUDA_ERROR_INVALID_VALUE, "%s: address 0x%llx is no multiple of %zu", name, address, sizeof(T));
    }
    if (count == 0) {
      return CUDA_SUCCESS;
    }
    const CUresult refused = checkDeviceRange(name, "destination", address, count * sizeof(T));
    return refused != CUDA_SUCCESS ? refused : enqueue(name, stream, [=] {
      T* begin = reinterpret_cast<T*>(address);
      for (std::size_t i = 0; i < count; i++) {
        begin[i] = value;
      }
      return CUDA_SUCCESS;
    });
  });
}

}  // namespace

CopiedBytes& copiedBytes() { return counted; }

}  // namespace emulator

using namespace emulator;

CUDA_CALL cuMemcpyHtoD_v2(CUdeviceptr to, const void* from, std::size_t bytes) {
  return toDevice("cuMemcpyHtoD", to, from, bytes, nullptr, true);
}
CUDA_CALL cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void* from, std::size_t bytes, CUstream stream) {
  return toDevice("cuMemcpyHtoDAsync", to, from, bytes, stream, false);
}
CUDA_CALL cuMemcpyDtoH_v2(void* to, CUdeviceptr from, std::size_t bytes) {
  return toHost("cuMemcpyDtoH", to, from, bytes, nullptr, true);
}
CUDA_CALL cuMemcpyDtoHAsync_v2(void* to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return toHost("cuMemcpyDtoHAsync", to, from, bytes, stream, false);
}
CUDA_CALL cuMemcpyDtoD_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes) {
  return onDevice("cuMemcpyDtoD", to, from, bytes, nullptr);
}
CUDA_CALL cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, std::size_t bytes, CUstream stream) {
  return onDevice("cuMemcpyDtoDAsync", to, from, bytes, stream);
}
CUDA_CALL cuMemcpy2D_v2(const CUDA_MEMCPY2D* copy) { return copy2D("cuMemcpy2D", copy, nullptr, true); }
CUDA_CALL cuMemcpy2DUnaligned_v2(const CUDA_MEMCPY2D* copy) { return copy2D("cuMemcpy2DUnaligned", copy, nullptr, true); }
CUDA_CALL cuMemcpy2DAsync_v2(const CUDA_MEMCPY2D* copy, CUstream stream) { return copy2D("cuMemcpy2DAsync", copy, stream, false); }

CUDA_CALL cuMemsetD8_v2(CUdeviceptr address, unsigned char value, std::size_t count) {
  return fill("cuMemsetD8", address, value, count, nullptr);
}
CUDA_CALL cuMemsetD8Async(CUdeviceptr address, unsigned char value, std::size_t count, CUstream stream) {
  return fill("cuMemsetD8Async", address, value, count, stream);
}
CUDA_CALL cuMemsetD32_v2(CUdeviceptr address, unsigned value, std::size_t count) {
  return fill("cuMemsetD32", address, value, count, nullptr);
}
CUDA_CALL cuMemsetD32Async(CUdeviceptr address, unsigned value, std::size_t count, CUstream stream) {
  return fill("cuMemsetD32Async", address, value, count, stream);
}
