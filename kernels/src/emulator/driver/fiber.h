// Fibers: stacks that a thread of the processor switches between.
#pragma once

#include <cstddef>

namespace emulator {

// For AddressSanitizer: forgets the frames of a stack that was left and never returned from.
void forgetFrames(char* stack, std::size_t bytes);

class Fiber {
 public:
  Fiber() = default;
  Fiber(const Fiber&) = delete;

  // To begin with `main` at the next switch to it; forgets what it was doing. `main` never returns.
  void begin(void (*main)());

  // What `main` calls first.
  static void begun();

  // The stack that the thread came with.
  void adoptThread();

  // Leaves `from` where it stands and goes on where `to` was left; `leaving` where nobody will come back to `from`.
  static void change(Fiber& from, Fiber& to, bool leaving = false);

  bool overflowed(const void* address) const;

 private:
  void* pointer_ = nullptr;  // of the stack, while it is left
  char* stack_ = nullptr;
  std::size_t bytes_ = 0;
  std::size_t color_ = 0;
  void* sanitizer_ = nullptr;
};

}  // namespace emulator
