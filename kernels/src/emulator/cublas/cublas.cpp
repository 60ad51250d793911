// A stand-in libcublas.so.12: the few calls that GpuMf makes of cuBLAS, on the stand-in driver. Products run late, in the handle's stream, and are
// summed in an order of their own: four sums side by side, products rounded. A result that needs the order of our own kernels comes out wrong.
//
// emulator_fail_call and emulator_calls know these calls by their names without a suffix; a planned code is a cublasStatus_t.
#include <algorithm>
#include <cstring>
#include <memory>
#include <mutex>
#include <set>

#include "../driver/library.h"

namespace {

enum cublasStatus_t : int {
  CUBLAS_STATUS_SUCCESS = 0,
  CUBLAS_STATUS_NOT_INITIALIZED = 1,
  CUBLAS_STATUS_ALLOC_FAILED = 3,
  CUBLAS_STATUS_INVALID_VALUE = 7,
  CUBLAS_STATUS_EXECUTION_FAILED = 13,
};

constexpr int VERSION[] = {12, 6, 0};
constexpr int TRANSPOSED = 1;
constexpr int DEFAULT_MATH = 0;
constexpr int PEDANTIC_MATH = 2;
constexpr std::size_t WORKSPACE_BYTES = 4096;

// A handle has memory on the device, as the real one: one that is not destroyed is a leak that the driver's counts show.
struct Handle {
  CUdeviceptr workspace = 0;
  CUstream stream = nullptr;
  int math = DEFAULT_MATH;
};

std::mutex& handlesLock() {
  static std::mutex& lock = *new std::mutex;
  return lock;
}

std::set<Handle*>& handles() {
  static std::set<Handle*>& handles = *new std::set<Handle*>;
  return handles;
}

bool known(Handle* handle) {
  const std::lock_guard<std::mutex> guard(handlesLock());
  return handles().count(handle) != 0;
}

bool tensorCores = false;

// TF32: a float with 10 bits of fraction.
float rounded(float x) {
  std::uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  bits = (bits + 0x1000u) & ~0x1fffu;
  std::memcpy(&x, &bits, sizeof bits);
  return x;
}

// C (m x n) = alpha op(A) op(B) + beta C, all column-major.
struct Product {
  bool transposeA, transposeB, tensorCores;
  int m, n, k;
  float alpha, beta;
  CUdeviceptr a, b, c;
  int rowsOfA, rowsOfB, rowsOfC;  // from one column to the next

  static std::size_t bytes(int rows, int columns, int pitch) {
    return rows == 0 || columns == 0 ? 0 : (std::size_t(columns - 1) * pitch + rows) * sizeof(float);
  }

  CUresult run() const {
    CUresult result = emulator_library_range("cublasSgemm", "matrix A", a, transposeA ? bytes(k, m, rowsOfA) : bytes(m, k, rowsOfA));
    if (result == CUDA_SUCCESS) {
      result = emulator_library_range("cublasSgemm", "matrix B", b, transposeB ? bytes(n, k, rowsOfB) : bytes(k, n, rowsOfB));
    }
    if (result == CUDA_SUCCESS) {
      result = emulator_library_range("cublasSgemm", "matrix C", c, bytes(m, n, rowsOfC));
    }
    if (result != CUDA_SUCCESS) {
      return result;
    }
    const auto* as = reinterpret_cast<const float*>(a);
    const auto* bs = reinterpret_cast<const float*>(b);
    auto* cs = reinterpret_cast<float*>(c);
    for (int column = 0; column < n; column++) {
      for (int row = 0; row < m; row++) {
        float sums[4] = {};
        for (int at = 0; at < k; at++) {
          float x = transposeA ? as[std::size_t(row) * rowsOfA + at] : as[std::size_t(at) * rowsOfA + row];
          float y = transposeB ? bs[std::size_t(at) * rowsOfB + column] : bs[std::size_t(column) * rowsOfB + at];
          sums[at % 4] += tensorCores ? rounded(x) * rounded(y) : x * y;
        }
        float& result = cs[std::size_t(column) * rowsOfC + row];
        const float product = alpha * ((sums[0] + sums[1]) + (sums[2] + sums[3]));
        result = beta == 0 ? product : product + beta * result;
      }
    }
    return CUDA_SUCCESS;
  }
};

cublasStatus_t enter(const char* call, Handle* handle) {
  const int planned = emulator_library_call(call);
  if (planned != 0) {
    return static_cast<cublasStatus_t>(planned);
  }
  if (!known(handle)) {
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  return emulator_library_context(call) == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

}  // namespace

extern "C" {
CUresult cuMemAlloc_v2(CUdeviceptr* address, std::size_t bytes);
CUresult cuMemFree_v2(CUdeviceptr address);
}

#define CUBLAS_CALL extern "C" EMULATOR_EXPORT cublasStatus_t

CUBLAS_CALL cublasGetProperty(int type, int* value) {
  const int planned = emulator_library_call("cublasGetProperty");
  if (planned != 0) {
    return static_cast<cublasStatus_t>(planned);
  }
  if (type < 0 || type > 2) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  *value = VERSION[type];
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_CALL cublasCreate_v2(Handle** handle) {
  const int planned = emulator_library_call("cublasCreate");
  if (planned != 0) {
    return static_cast<cublasStatus_t>(planned);
  }
  if (emulator_library_context("cublasCreate") != CUDA_SUCCESS) {
    return CUBLAS_STATUS_NOT_INITIALIZED;
  }
  auto made = std::make_unique<Handle>();
  if (cuMemAlloc_v2(&made->workspace, WORKSPACE_BYTES) != CUDA_SUCCESS) {
    return CUBLAS_STATUS_ALLOC_FAILED;
  }
  *handle = made.release();
  const std::lock_guard<std::mutex> guard(handlesLock());
  handles().insert(*handle);
  return CUBLAS_STATUS_SUCCESS;
}

CUBLAS_CALL cublasDestroy_v2(Handle* handle) {
  const cublasStatus_t refused = enter("cublasDestroy", handle);
  if (!known(handle)) {
    return refused;
  }
  if (refused == CUBLAS_STATUS_SUCCESS) {
    cuMemFree_v2(handle->workspace);
  }
  const std::lock_guard<std::mutex> guard(handlesLock());
  handles().erase(handle);
  delete handle;
  return refused;
}

CUBLAS_CALL cublasSetStream_v2(Handle* handle, CUstream stream) {
  const cublasStatus_t refused = enter("cublasSetStream", handle);
  if (refused == CUBLAS_STATUS_SUCCESS) {
    handle->stream = stream;
  }
  return refused;
}

CUBLAS_CALL cublasSetMathMode(Handle* handle, int mode) {
  const cublasStatus_t refused = enter("cublasSetMathMode", handle);
  if (refused == CUBLAS_STATUS_SUCCESS) {
    handle->math = mode;
  }
  return refused;
}

CUBLAS_CALL cublasSgemm_v2(Handle* handle, int transposeA, int transposeB, int m, int n, int k, const float* alpha, CUdeviceptr a, int lda,
                           CUdeviceptr b, int ldb, const float* beta, CUdeviceptr c, int ldc) {
  const cublasStatus_t refused = enter("cublasSgemm", handle);
  if (refused != CUBLAS_STATUS_SUCCESS) {
    return refused;
  }
  const bool turnA = transposeA == TRANSPOSED;
  const bool turnB = transposeB == TRANSPOSED;
  if (m < 0 || n < 0 || k < 0 || lda < std::max(1, turnA ? k : m) || ldb < std::max(1, turnB ? n : k) || ldc < std::max(1, m) ||
      alpha == nullptr || beta == nullptr) {
    return CUBLAS_STATUS_INVALID_VALUE;
  }
  // Outside the pedantic mode cuBLAS may be told, by a variable of the environment, to compute with less; here it always does.
  const bool less = tensorCores || handle->math != PEDANTIC_MATH;
  auto* product = new Product{turnA, turnB, less, m, n, k, *alpha, *beta, a, b, c, lda, ldb, ldc};
  const CUresult queued = emulator_library_enqueue(
      "cublasSgemm", handle->stream, [](void* data) { return static_cast<Product*>(data)->run(); },
      [](void* data) { delete static_cast<Product*>(data); }, product);
  return queued == CUDA_SUCCESS ? CUBLAS_STATUS_SUCCESS : CUBLAS_STATUS_EXECUTION_FAILED;
}

// Control, for tests: from now on products of factors rounded to TF32, whatever the mode.
extern "C" EMULATOR_EXPORT void cublasEmulatorTensorCores(int on) { tensorCores = on != 0; }
