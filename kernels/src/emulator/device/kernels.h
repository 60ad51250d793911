// Registration of compiled kernels: the compiler itself says what a kernel's parameters are.
#pragma once

#include <link.h>

#include <new>

#include "global.h"

namespace emulator {

template <class P>
struct Argument {
  static_assert(std::is_arithmetic_v<P>, "kernel parameters are Global<T>, integers and floating-point numbers");
  static constexpr Parameter parameter{sizeof(P), alignof(P), false};
  static P of(const void* raw, const Provenance&) {
    P value;
    std::memcpy(&value, raw, sizeof value);
    return value;
  }
};

template <class T>
struct Argument<Global<T>> {
  static constexpr Parameter parameter{8, 8, true};
  static Global<T> of(const void* raw, const Provenance& provenance) {
    std::uintptr_t address;
    std::memcpy(&address, raw, sizeof address);
    return {address, &provenance};
  }
};

// The calling thread's block of this library's thread-local variables: they are the __shared__ ones and nothing else.
inline void* sharedMemory(std::size_t* bytes) {
  struct Search {
    std::size_t module, bytes;
  } found{0, 0};
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        bool here = false;
        std::size_t bytes = 0;
        const auto self = reinterpret_cast<std::uintptr_t>(&nowhere);
        for (int i = 0; i < info->dlpi_phnum; i++) {
          const ElfW(Phdr)& header = info->dlpi_phdr[i];
          const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          here |= header.p_type == PT_LOAD && self >= begin && self < begin + header.p_memsz;
          bytes = header.p_type == PT_TLS ? header.p_memsz : bytes;
        }
        if (here) {
          *static_cast<Search*>(data) = {info->dlpi_tls_modid, bytes};
        }
        return here ? 1 : 0;
      },
      &found);
  *bytes = found.bytes;
  if (found.bytes == 0) {
    return nullptr;
  }
  struct Index {
    unsigned long module, offset;
  } index{found.module, 0};
  extern void* tlsAddress(void*) __asm__("__tls_get_addr");
  return tlsAddress(&index);
}

template <auto kernel>
struct Compiled;

template <class... P, void (*kernel)(P...)>
struct Compiled<kernel> {
  using Arguments = std::tuple<P...>;
  static_assert(std::is_trivially_destructible_v<Arguments>);
  static constexpr Parameter parameters[sizeof...(P) + 1] = {Argument<P>::parameter..., {}};

  template <std::size_t... I>
  static void prepareAll(void* prepared, const void* const* raw, const Provenance* provenances, std::index_sequence<I...>) {
    new (prepared) Arguments(Argument<P>::of(raw[I], provenances[I])...);
  }
  static void prepare(void* prepared, const void* const* raw, const Provenance* provenances) {
    prepareAll(prepared, raw, provenances, std::index_sequence_for<P...>());
  }
  static void run(const void* prepared) { std::apply(kernel, *static_cast<const Arguments*>(prepared)); }

  static KernelEntry entry(const char* name) {
    return {name, parameters, static_cast<int>(sizeof...(P)), sizeof(Arguments), &prepare, &run, &sharedMemory};
  }
};

struct Registration {
  explicit Registration(const KernelEntry& compiled) : entry(compiled) { emulator_register_kernel(&entry); }
  KernelEntry entry;
};

}  // namespace emulator

#define EMULATOR_REGISTER_KERNEL(name) \
  static const emulator::Registration registration_##name(emulator::Compiled<&name>::entry(#name));
