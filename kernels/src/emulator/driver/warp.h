// The 32 threads of a warp: who may run, and what they exchange.
//
// They run one after another in a random order, each until it waits for the others. Kernels that rely on lockstep, without saying __syncwarp, so
// come out wrong.
#pragma once

#include <vector>

#include "../device/runtime.h"
#include "random.h"

namespace emulator {

class Warp {
 public:
  static constexpr unsigned LANES = 32;

  void begin(unsigned lanes);

  bool anyReady() const { return ready_ != 0; }
  unsigned takeReady(Random& random);
  void makeReady(unsigned lane) { ready_ |= 1u << lane; }
  unsigned notExited() const { return ~exited_; }

  // Both may let others go on. True: the exchange is complete and the lane itself goes on at once, too.
  bool arrive(unsigned lane, WarpOperation operation, unsigned mask, std::uint64_t value, unsigned source);
  void exit(unsigned lane);

  std::uint64_t result(unsigned lane) const { return result_[lane]; }

  // Threads that wait for one another, for the message about a deadlock.
  struct Group {
    WarpOperation operation;
    unsigned mask;
    unsigned arrived;
  };
  const std::vector<Group>& waiting() const { return groups_; }

 private:
  bool complete(std::size_t group);
  void exchange(const Group& group);
  std::uint64_t reduced(const Group& group) const;

  unsigned ready_ = 0;
  unsigned exited_ = 0;  // and those that never were
  std::vector<Group> groups_;
  std::uint64_t value_[LANES];
  unsigned source_[LANES];
  std::uint64_t result_[LANES];
};

}  // namespace emulator
