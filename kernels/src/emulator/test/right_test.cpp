// Right kernels give right results, whatever the order.
#include "harness.h"

#include <cmath>
#include <limits>

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

unsigned bitsOf(float x) {
  unsigned bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits;
}

// By the definition: a significand of 11 bits times a power of two, or fewer bits below 2^-14.
float valueOfHalf(unsigned half) {
  const int exponent = int(half >> 10 & 31);
  const int fraction = int(half & 1023);
  const double magnitude = exponent == 31 ? (fraction == 0 ? INFINITY : NAN)
                           : exponent == 0 ? std::ldexp(fraction, -24)
                                           : std::ldexp(1024 + fraction, exponent - 25);
  return float(half >> 15 ? -magnitude : magnitude);
}

std::vector<unsigned short> rounded(const std::vector<float>& floats) {
  const CUdeviceptr x = upload(floats), one = allocate(2 * floats.size()), two = allocate(2 * floats.size());
  OK(launch("roundToHalves", {40, 128}, int(floats.size() / 2), x, one, two));
  const auto halves = download<unsigned short>(one, floats.size());
  const auto byTwos = download<unsigned short>(two, floats.size());
  for (std::size_t i = 0; i < floats.size(); i++) {
    CHECK_EQUAL(halves[i], byTwos[i]);
  }
  return halves;
}

TEST(every_half_is_widened_exactly_and_rounded_to_itself) {
  const std::size_t all = 65536;
  std::vector<unsigned short> halves(all);
  for (std::size_t half = 0; half < all; half++) {
    halves[half] = static_cast<unsigned short>(half);
  }
  const CUdeviceptr from = upload(halves), one = allocate(4 * all), two = allocate(4 * all);
  OK(launch("widenHalves", {40, 128}, int(all / 2), from, one, two));
  const auto floats = download<float>(one, all), byTwos = download<float>(two, all);
  const auto back = rounded(floats);
  for (std::size_t half = 0; half < all; half++) {
    const float expected = valueOfHalf(unsigned(half));
    CHECK_EQUAL(bitsOf(byTwos[half]), bitsOf(floats[half]));
    if (std::isnan(expected)) {
      CHECK_EQUAL(bitsOf(floats[half]), 0x7fffffffu);
      CHECK_EQUAL(back[half], 0x7fff);
    } else {
      CHECK_EQUAL(bitsOf(floats[half]), bitsOf(expected));
      CHECK_EQUAL(back[half], half);
    }
  }
}

TEST(floats_are_rounded_to_the_nearest_half_and_ties_to_the_even_one) {
  std::vector<float> floats;
  std::vector<unsigned> expected;
  const auto add = [&](float x, unsigned half) {
    floats.insert(floats.end(), {x, -x});
    expected.insert(expected.end(), {half, half | 0x8000u});
  };
  for (unsigned half = 0; half < 0x7c00; half++) {
    const float low = valueOfHalf(half);
    const float high = half == 0x7bff ? 65536 : valueOfHalf(half + 1);
    const float middle = (low + high) / 2;  // exact: a float has bits to spare
    add(middle, half + half % 2);
    add(std::nextafter(middle, 0.0f), half);
    add(std::nextafter(middle, 1e9f), half + 1);
    add(std::nextafter(high, 0.0f), half + 1);
    add(std::nextafter(low, 1e9f), half);
  }
  for (float large : {65536.0f, 1e6f, std::numeric_limits<float>::max(), INFINITY}) {
    add(large, 0x7c00);
  }
  for (float little : {0x1p-26f, std::numeric_limits<float>::min(), std::numeric_limits<float>::denorm_min()}) {
    add(little, 0);
  }
  const auto halves = rounded(floats);
  for (std::size_t i = 0; i < floats.size(); i++) {
    CHECK_EQUAL(unsigned(halves[i]), expected[i]);
  }
  const auto notNumbers = rounded({NAN, -NAN});
  CHECK_EQUAL(notNumbers[0], 0x7fff);
  CHECK_EQUAL(notNumbers[1], 0x7fff);
}

}  // namespace
