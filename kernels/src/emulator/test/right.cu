// Kernels as they should be.
#include "device.cuh"

#include "halves.cuh"

extern "C" __global__ void saxpy(int n, float a, Global<const float> x, Global<float> y) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    y[i] = a * x[i] + y[i];
  }
}

extern "C" __global__ void nothing() {}

__device__ float sumOfWarp(float value) {
  for (int distance = 16; distance > 0; distance /= 2) {
    value += __shfl_down_sync(0xffffffffu, value, distance);
  }
  return value;
}

// Sums of blocks by shuffles, and those of warps through static shared memory.
extern "C" __global__ void __launch_bounds__(256) sumOfBlocks(long long n, Global<const float> x, Global<float> sums) {
  __shared__ float ofWarps[8];
  float sum = 0;
  for (long long i = blockIdx.x * (long long)blockDim.x + threadIdx.x; i < n; i += (long long)gridDim.x * blockDim.x) {
    sum += __ldg(&x[i]);
  }
  sum = sumOfWarp(sum);
  if (threadIdx.x % 32 == 0) {
    ofWarps[threadIdx.x / 32] = sum;
  }
  __syncthreads();
  if (threadIdx.x < 32) {
    sum = threadIdx.x < blockDim.x / 32 ? ofWarps[threadIdx.x] : 0;
    sum = sumOfWarp(sum);
    if (threadIdx.x == 0) {
      sums[blockIdx.x] = sum;
    }
  }
}

// Reverses each block's piece through dynamic shared memory.
extern "C" __global__ void reverseBlocks(Global<float> x) {
  DYNAMIC_SHARED(float, piece);
  Global<float> mine = x + (long long)blockIdx.x * blockDim.x;
  piece[threadIdx.x] = mine[threadIdx.x];
  __syncthreads();
  mine[threadIdx.x] = piece[blockDim.x - 1 - threadIdx.x];
}

extern "C" __global__ void atomics(int n, Global<const int> slots, Global<float> floats, Global<double> doubles, Global<int> ints,
                                   Global<unsigned long long> longs, Global<int> largest) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < n; i += gridDim.x * blockDim.x) {
    const int slot = slots[i];
    atomicAdd(&floats[slot], 1.0f);
    atomicAdd(&doubles[slot], 0.5);
    atomicAdd(&ints[slot], 1);
    atomicAdd(longs + slot, 1ull << 40);
    atomicMax(&largest[slot], i);
  }
}

// Four floats at a time.
extern "C" __global__ void scale4(int n, float factor, Global<float> x) {
  Global<float4> rows = as4(x);
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) {
    float4 row = rows[i];
    row.x *= factor;
    row.y *= factor;
    row.z *= factor;
    row.w *= factor;
    rows[i] = row;
  }
}

// Each warp operation once, on lane numbers.
extern "C" __global__ void warpOperations(Global<int> out) {
  const unsigned all = 0xffffffffu;
  const int lane = threadIdx.x;
  int at = 0;
  const auto write = [&](int value) { out[(at++) * 32 + lane] = value; };
  write(__shfl_sync(all, lane, lane * 5));
  write(__shfl_xor_sync(all, lane, 3));
  write(__shfl_up_sync(all, lane, 2, 8));
  write(__shfl_down_sync(all, lane, 2, 8));
  write((int)__ballot_sync(all, lane % 3 == 0));
  write(__any_sync(all, lane == 31) + 2 * __all_sync(all, lane < 32) + 4 * __all_sync(all, lane > 0));
  write(__reduce_add_sync(all, lane));
  write((int)__match_any_sync(all, lane / 4));
  if (lane < 8) {
    write(__shfl_sync(0xffu, lane, 7));
  } else {
    write(__shfl_sync(0xffffff00u, lane, 8));
  }
  write(__popc(lane) + 100 * __ffs(lane) + 10000 * __clz(lane));
}

// Halves widened, one by one and by twos, and floats rounded.
extern "C" __global__ void widenHalves(int pairs, Global<const __half> halves, Global<float> floats, Global<float2> byTwos) {
  Global<const __half2> twos = as<__half2>(halves);
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < pairs; i += gridDim.x * blockDim.x) {
    floats[2 * i] = __half2float(halves[2 * i]);
    floats[2 * i + 1] = __half2float(halves[2 * i + 1]);
    byTwos[i] = __half22float2(twos[i]);
  }
}

extern "C" __global__ void roundToHalves(int pairs, Global<const float2> floats, Global<__half> halves, Global<__half2> byTwos) {
  for (int i = blockIdx.x * blockDim.x + threadIdx.x; i < pairs; i += gridDim.x * blockDim.x) {
    halves[2 * i] = __float2half_rn(floats[i].x);
    halves[2 * i + 1] = __float2half_rn(floats[i].y);
    byTwos[i] = __floats2half2_rn(floats[i].x, floats[i].y);
  }
}
