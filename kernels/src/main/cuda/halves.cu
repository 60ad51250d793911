// What looks at tables of halves (halves.cuh) between two rounds of a training: the counterparts of squared_errors in predictions.cu and of
// find_not_finite in optimizers.cu, with the same launches and half the bytes of the factors.
// Versions: 1. this one: on an H200 72 % of a copy for 4.2 M ratings at k = 64, 374 us; tables are in L2.
#include "errors.cuh"
#include "halves.cuh"

/// The sum of squared errors of ratings, predictions held within low..high: a double a block in `partials`.
extern "C" __global__ void squared_errors_of_halves(
    Global<const __half> userFactors,
    Global<const __half> itemFactors,
    int vectors,
    int group,
    Global<const float> userBias,
    Global<const float> itemBias,
    Global<const float> head,
    float offset,
    float low,
    float high,
    Global<const int> users,
    Global<const int> items,
    Global<const float> values,
    long long count,
    Global<double> partials) {
  Global<const uint2> userRows = as<uint2>(userFactors);
  Global<const uint2> itemRows = as<uint2>(itemFactors);
  const Model besideFactors{nullptr, nullptr, vectors, group, userBias, itemBias, head, offset};
  squaredErrors(besideFactors, low, high, users, items, values, count, partials, [&](int user, int item, int lane, bool active) {
    float part = 0;
    if (active) {
      Global<const uint2> p = rowOf(userRows, user, vectors);
      Global<const uint2> q = rowOf(itemRows, item, vectors);
      for (int vector = lane; vector < vectors; vector += group) {
        part = dot(floatsOf(p[vector]), floatsOf(q[vector]), part);
      }
    }
    return sumOverGroup(part, group);
  });
}

__device__ __forceinline__ bool isFinite(unsigned twoHalves) {
  return (twoHalves & 0x7c00u) != 0x7c00u && (twoHalves & 0x7c000000u) != 0x7c000000u;
}

/// Sets `found` to 1 if a half of the table is infinite or not a number; leaves it as it is otherwise. `vectors`: 16 bytes each.
extern "C" __global__ void find_halves_not_finite(Global<const __half> table, long long vectors, Global<int> found) {
  Global<const uint4> table8 = as<uint4>(table);
  long long threads = (long long)gridDim.x * blockDim.x;
  bool bad = false;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < vectors; at += threads) {
    uint4 x = table8[at];
    bad |= !(isFinite(x.x) && isFinite(x.y) && isFinite(x.z) && isFinite(x.w));
  }
  if (bad) {
    *found = 1;
  }
}
