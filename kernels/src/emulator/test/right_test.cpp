// Right kernels give right results, whatever the order.
#include "harness.h"

using namespace test;

namespace {

constexpr int SEEDS = 100;

TEST(saxpy_adds) {
  const std::size_t n = 1000;
  const CUdeviceptr x = upload(floats(n, [](std::size_t i) { return float(i); }));
  const CUdeviceptr y = upload(floats(n, [](std::size_t i) { return 10000 - float(i); }));
  OK(launch("saxpy", {4, 256}, int(n), 2.0f, x, y));
  const auto result = download<float>(y, n);
  for (std::size_t i = 0; i < n; i++) {
    CHECK_EQUAL(result[i], 10000 + float(i));
  }
}

TEST(shuffles_and_shared_memory_sum_blocks_under_every_seed) {
  const std::size_t n = 10000;
  const CUdeviceptr x = upload(floats(n, [](std::size_t i) { return float(i % 7); }));
  const CUdeviceptr sums = allocate(5 * sizeof(float));
  float expected = 0;
  for (std::size_t i = 0; i < n; i++) {
    expected += float(i % 7);
  }
  for (int seed = 0; seed < SEEDS; seed++) {
    emulator_seed(static_cast<unsigned long long>(seed));
    OK(launch("sumOfBlocks", {5, 256}, static_cast<long long>(n), x, sums));
    float sum = 0;
    for (float ofBlock : download<float>(sums, 5)) {
      sum += ofBlock;
    }
    CHECK_EQUAL(sum, expected);  // small whole numbers: exact in any order
  }
}

TEST(dynamic_shared_memory_reverses_under_every_seed) {
  const std::size_t n = 4 * 96;
  const CUdeviceptr x = upload(floats(n, [](std::size_t i) { return float(i); }));
  for (int seed = 0; seed < SEEDS; seed++) {
    emulator_seed(static_cast<unsigned long long>(seed));
    OK(launch("reverseBlocks", {4, 96, 96 * sizeof(float)}, x));
    OK(launch("reverseBlocks", {4, 96, 96 * sizeof(float)}, x));
  }
  const auto result = download<float>(x, n);
  for (std::size_t i = 0; i < n; i++) {
    CHECK_EQUAL(result[i], float(i));
  }
}

TEST(atomics_lose_nothing) {
  const int n = 20000, slots = 3;
  std::vector<int> slotOf(n);
  for (int i = 0; i < n; i++) {
    slotOf[static_cast<std::size_t>(i)] = i % slots;
  }
  const CUdeviceptr indices = upload(slotOf);
  const CUdeviceptr floatSums = upload(std::vector<float>(slots)), doubleSums = upload(std::vector<double>(slots)),
                    intSums = upload(std::vector<int>(slots)), longSums = upload(std::vector<unsigned long long>(slots)),
                    largest = upload(std::vector<int>(slots));
  OK(launch("atomics", {40, 128}, n, indices, floatSums, doubleSums, intSums, longSums, largest));
  for (std::size_t slot = 0; slot < slots; slot++) {
    const int count = (n - int(slot) + slots - 1) / slots;
    CHECK_EQUAL(download<float>(floatSums, slots)[slot], float(count));
    CHECK_EQUAL(download<double>(doubleSums, slots)[slot], 0.5 * count);
    CHECK_EQUAL(download<int>(intSums, slots)[slot], count);
    CHECK_EQUAL(download<unsigned long long>(longSums, slots)[slot], static_cast<unsigned long long>(count) << 40);
    CHECK_EQUAL(download<int>(largest, slots)[slot], int(slot) + (count - 1) * slots);
  }
}

TEST(four_floats_at_a_time) {
  const CUdeviceptr x = upload(floats(64, [](std::size_t i) { return float(i); }));
  OK(launch("scale4", {1, 32}, 16, 3.0f, x));
  CHECK_EQUAL(download<float>(x, 64)[63], 189.0f);
}

TEST(warp_operations_answer_as_on_the_device) {
  const CUdeviceptr out = allocate(10 * 32 * sizeof(int));
  OK(launch("warpOperations", {1, 32}, out));
  const auto result = download<int>(out, 10 * 32);
  for (int lane = 0; lane < 32; lane++) {
    const auto answer = [&](int operation) { return result[static_cast<std::size_t>(operation * 32 + lane)]; };
    CHECK_EQUAL(answer(0), lane * 5 % 32);
    CHECK_EQUAL(answer(1), lane ^ 3);
    CHECK_EQUAL(answer(2), lane % 8 >= 2 ? lane - 2 : lane);
    CHECK_EQUAL(answer(3), lane % 8 < 6 ? lane + 2 : lane);
    CHECK_EQUAL(answer(4), 0x49249249);
    CHECK_EQUAL(answer(5), 1 + 2);
    CHECK_EQUAL(answer(6), 31 * 16);
    CHECK_EQUAL(answer(7), int(0xfu << (lane / 4 * 4)));
    CHECK_EQUAL(answer(8), lane < 8 ? 7 : 8);
    CHECK_EQUAL(answer(9), __builtin_popcount(unsigned(lane)) + 100 * __builtin_ffs(lane) + 10000 * (lane == 0 ? 32 : __builtin_clz(unsigned(lane))));
  }
}

}  // namespace
