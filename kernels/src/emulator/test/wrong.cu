// Kernels that are wrong on purpose, each in one way.
#include "device.cuh"

// Reads x[i + offset], whatever lies there.
extern "C" __global__ void readAt(long long offset, Global<const float> x, Global<float> out) {
  out[threadIdx.x] = x[threadIdx.x + offset];
}

extern "C" __global__ void writeAt(long long offset, Global<float> x) { x[offset] = 1; }

// Forgets that n may not be a multiple of the block.
extern "C" __global__ void noGuard(Global<float> x) { x[blockIdx.x * blockDim.x + threadIdx.x] += 1; }

// A plain pointer has no bounds; unreadable pages around each allocation stop it.
extern "C" __global__ void plainPointer(long long offset, Global<float> x) {
  float* plain = &x[0];
  plain[offset] = 1;
}

extern "C" __global__ void pastDynamicShared(int at, Global<float> out) {
  DYNAMIC_SHARED(float, piece);
  piece[at] = 1;
  out[0] = piece[at];
}

extern "C" __global__ void misaligned(int offset, Global<float> x) { as4(x + offset)[0] = make_float4(1, 2, 3, 4); }

// Reads its neighbour's value before the block has written it.
extern "C" __global__ void missingSyncthreads(Global<int> out) {
  __shared__ int piece[128];
  piece[threadIdx.x] = threadIdx.x;
  out[threadIdx.x] = piece[(threadIdx.x + 64) % 128];
}

// Overwrites what other warps may still have to read.
extern "C" __global__ void missingSecondSyncthreads(Global<int> out) {
  __shared__ int piece[128];
  for (int round = 0; round < 2; round++) {
    piece[threadIdx.x] = 1000 * round + threadIdx.x;
    __syncthreads();
    out[128 * round + threadIdx.x] = piece[(threadIdx.x + 64) % 128];
  }
}

// Takes a warp's threads to move in lockstep.
extern "C" __global__ void missingSyncwarp(Global<int> out) {
  __shared__ int piece[32];
  piece[threadIdx.x] = threadIdx.x;
  out[threadIdx.x] = piece[31 - threadIdx.x];
}

// Each block uses what the block before it has written.
extern "C" __global__ void blocksInOrder(Global<int> x) {
  if (threadIdx.x == 0) {
    x[blockIdx.x + 1] = x[blockIdx.x] + 1;
  }
}

// Adds without an atomic, through a block's shared memory: threads of a block overwrite each other's sums.
extern "C" __global__ void lostUpdates(Global<int> sum) {
  __shared__ int total;
  if (threadIdx.x == 0) {
    total = 0;
  }
  __syncthreads();
  int seen = total;
  __syncwarp();
  total = seen + 1;
  __syncthreads();
  if (threadIdx.x == 0) {
    sum[0] = total;
  }
}

// Half of the warp waits for the block, the other half for the warp.
extern "C" __global__ void deadlock() {
  if (threadIdx.x < 16) {
    __syncthreads();
  } else {
    __syncwarp();
  }
}

extern "C" __global__ void notInMask(Global<int> out) { out[threadIdx.x] = __shfl_sync(0xffffu, (int)threadIdx.x, 0); }

// Shuffles from lanes that have left.
extern "C" __global__ void shuffleFromExited(Global<int> out) {
  if (threadIdx.x >= 16) {
    return;
  }
  out[threadIdx.x] = __shfl_down_sync(0xffffffffu, (int)threadIdx.x, 8);
}

extern "C" __global__ void uninitializedShared(Global<float> out) {
  __shared__ float never[32];
  out[threadIdx.x] = never[threadIdx.x];
}

extern "C" __global__ void copy(int n, Global<const float> x, Global<float> out) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    out[i] = x[i];
  }
}

extern "C" __global__ void divide(int by, Global<int> out) { out[0] = 7 / by; }

__device__ __noinline__ int deeper(int depth, Global<int> out) {
  volatile int large[1024];
  large[depth % 1024] = depth;
  return depth == 0 ? 0 : deeper(depth - 1, out) + large[depth % 1024];
}

extern "C" __global__ void deepStack(int depth, Global<int> out) { out[0] = deeper(depth, out); }

// One thread of the block spins until another has passed.
extern "C" __global__ void spin(Global<int> flag) {
  if (threadIdx.x == 0) {
    while (atomicCAS(&flag[0], 1, 2) != 1) {
    }
  } else if (threadIdx.x == 63) {
    atomicExch(&flag[0], 1);
  }
}

// The offset of a row of a large table, in 32 bits.
extern "C" __global__ void narrowOffset(int row, int k, Global<float> x) { x[row * k] = 1; }

extern "C" __global__ void pastStaticShared(int at, Global<float> out) {
  __shared__ float piece[32];
  piece[at] = 1;
  out[0] = piece[at];
}

extern "C" __global__ void trap() { __trap(); }
