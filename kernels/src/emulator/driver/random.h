// All of the stand-in's chance comes from one seed.
#pragma once

#include <cstdint>

namespace emulator {

// SplitMix64 (Steele, Lea and Flood, 2014): any seed will do, and so will the next number.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    std::uint64_t z = (state_ += 0x9E3779B97F4A7C15u);
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
  }

  // Below a bound of up to 32 bits, without a division: the order of threads is drawn at every turn.
  std::size_t below(std::size_t bound) { return static_cast<std::size_t>((next() >> 32) * bound >> 32); }

 private:
  std::uint64_t state_;
};

// The driver's own generator, used under its lock.
Random& driverRandom();
void seedDriver(std::uint64_t seed);

// A random order of 0 .. size - 1 that needs no memory: a Feistel network over the next power of four, walked until the number is in range.
class Permutation {
 public:
  Permutation(std::uint64_t size, std::uint64_t seed) : size_(size), seed_(seed) {
    while ((std::uint64_t(1) << (2 * halfBits_)) < size) {
      halfBits_++;
    }
  }

  std::uint64_t operator()(std::uint64_t index) const {
    do {
      index = scrambled(index);
    } while (index >= size_);
    return index;
  }

 private:
  std::uint64_t scrambled(std::uint64_t index) const {
    const std::uint64_t mask = (std::uint64_t(1) << halfBits_) - 1;
    std::uint64_t left = index >> halfBits_;
    std::uint64_t right = index & mask;
    for (std::uint64_t round = 0; round < 4; round++) {
      const std::uint64_t mixed = Random(seed_ ^ (right * 4 + round)).next() & mask;
      const std::uint64_t next = left ^ mixed;
      left = right;
      right = next;
    }
    return (left << halfBits_) | right;
  }

  std::uint64_t size_, seed_;
  unsigned halfBits_ = 1;
};

}  // namespace emulator
