#include "fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

// void emulator_change_stack(void** left, void* next): keeps what a called function must keep on the stack that is left, and no more. Five times
// faster than swapcontext, which asks the kernel for the signal mask; and no setjmp, which checked C libraries forbid to jump between stacks.
#if defined(__x86_64__)
asm(R"(
.text
.hidden emulator_change_stack
.globl emulator_change_stack
.type emulator_change_stack, @function
emulator_change_stack:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size emulator_change_stack, . - emulator_change_stack
)");
#elif defined(__aarch64__)
asm(R"(
.text
.hidden emulator_change_stack
.globl emulator_change_stack
.type emulator_change_stack, @function
emulator_change_stack:
  sub sp, sp, #160
  stp x19, x20, [sp, #0]
  stp x21, x22, [sp, #16]
  stp x23, x24, [sp, #32]
  stp x25, x26, [sp, #48]
  stp x27, x28, [sp, #64]
  stp x29, x30, [sp, #80]
  stp d8, d9, [sp, #96]
  stp d10, d11, [sp, #112]
  stp d12, d13, [sp, #128]
  stp d14, d15, [sp, #144]
  mov x9, sp
  str x9, [x0]
  mov sp, x1
  ldp x19, x20, [sp, #0]
  ldp x21, x22, [sp, #16]
  ldp x23, x24, [sp, #32]
  ldp x25, x26, [sp, #48]
  ldp x27, x28, [sp, #64]
  ldp x29, x30, [sp, #80]
  ldp d8, d9, [sp, #96]
  ldp d10, d11, [sp, #112]
  ldp d12, d13, [sp, #128]
  ldp d14, d15, [sp, #144]
  add sp, sp, #160
  ret
.size emulator_change_stack, . - emulator_change_stack
)");
#else
#error "the stand-in driver switches stacks on x86-64 and aarch64 only"
#endif

extern "C" void emulator_change_stack(void** left, void* next);

namespace emulator {
namespace {

constexpr std::size_t PAGE = 4096;
#ifdef __SANITIZE_ADDRESS__
constexpr std::size_t STACK = 256 * 1024;  // the sanitizer's frames are several times as large
#else
constexpr std::size_t STACK = 128 * 1024;  // kernels keep small arrays; a page that is never touched costs nothing
#endif

// Stacks begin at different lines of a page, or all of them would meet in the same few lines of the cache.
constexpr std::size_t COLORS = 16;
constexpr std::size_t COLOR = 256;

char* newStack() {
  void* pages = mmap(nullptr, STACK + PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (pages == MAP_FAILED) {
    std::perror("emulator: no memory for the stack of a kernel's thread");
    std::abort();
  }
  mprotect(pages, PAGE, PROT_NONE);
  return static_cast<char*>(pages) + PAGE;
}

}  // namespace

void forgetFrames(char* stack, std::size_t bytes) {
#ifdef __SANITIZE_ADDRESS__
  ASAN_UNPOISON_MEMORY_REGION(stack, bytes);
#else
  static_cast<void>(stack);
  static_cast<void>(bytes);
#endif
}

void Fiber::begin(void (*main)()) {
  if (stack_ == nullptr) {
    static std::atomic<std::size_t> stacks{0};
    stack_ = newStack();
    bytes_ = STACK;
    color_ = stacks++ % COLORS * COLOR;
  }
  forgetFrames(stack_, bytes_);
  sanitizer_ = nullptr;
  auto* top = reinterpret_cast<std::uintptr_t*>(stack_ + bytes_ - color_);
#if defined(__x86_64__)
  *--top = 0;  // where main's caller would be: the stack is aligned as after a call
  *--top = reinterpret_cast<std::uintptr_t>(main);
  pointer_ = top - 6;
#else
  top -= 160 / sizeof *top;
  top[11] = reinterpret_cast<std::uintptr_t>(main);
  pointer_ = top;
#endif
}

void Fiber::begun() {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(nullptr, nullptr, nullptr);
#endif
}

void Fiber::adoptThread() {
  pthread_attr_t attributes;
  void* stack = nullptr;
  pthread_getattr_np(pthread_self(), &attributes);
  pthread_attr_getstack(&attributes, &stack, &bytes_);
  pthread_attr_destroy(&attributes);
  stack_ = static_cast<char*>(stack);
}

void Fiber::change(Fiber& from, Fiber& to, bool leaving) {
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_start_switch_fiber(leaving ? nullptr : &from.sanitizer_, to.stack_, to.bytes_);
#else
  static_cast<void>(leaving);
#endif
  emulator_change_stack(&from.pointer_, to.pointer_);
#ifdef __SANITIZE_ADDRESS__
  __sanitizer_finish_switch_fiber(from.sanitizer_, nullptr, nullptr);
#endif
}

bool Fiber::overflowed(const void* address) const {
  const char* at = static_cast<const char*>(address);
  return stack_ != nullptr && at < stack_ && at >= stack_ - PAGE;
}

}  // namespace emulator
