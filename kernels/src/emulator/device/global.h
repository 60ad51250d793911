// Global<T>: a pointer into device memory that knows its bounds.
//
// A kernel argument arrives as the 8 bytes that the host passed. The driver looks its allocation up, and the pointer carries those bounds through
// all arithmetic. So an access is judged by where the pointer came from, not by where it points: a stray offset is caught in a neighbouring
// allocation too, where hardware and AddressSanitizer see nothing wrong.
//
// p[i], *p and p-> check and then give a true reference; what is done with its address afterwards is checked by guard pages alone.
#pragma once

#include <type_traits>

#include "runtime.h"

namespace emulator {
inline constexpr Provenance nowhere{};
}

template <class T>
class Global {
 public:
  Global() = default;
  Global(std::nullptr_t) {}
  Global(std::uintptr_t address, const emulator::Provenance* provenance) : address_(address), provenance_(provenance) {}

  template <class U, class = std::enable_if_t<std::is_same_v<T, const U>>>
  Global(const Global<U>& other) : address_(other.address()), provenance_(other.provenance()) {}

  template <class Index>
  T& operator[](Index index) const {
    static_assert(std::is_integral_v<Index>, "a pointer is indexed with an integer");
    const std::uintptr_t address = moved(index);
    check(address);
    return *reinterpret_cast<T*>(address);
  }

  T& operator*() const { return (*this)[0]; }
  T* operator->() const { return &(*this)[0]; }

  explicit operator bool() const { return address_ != 0; }

  template <class Index, class = std::enable_if_t<std::is_integral_v<Index>>>
  friend Global operator+(Global pointer, Index distance) {
    return Global(pointer.moved(distance), pointer.provenance_);
  }
  template <class Index, class = std::enable_if_t<std::is_integral_v<Index>>>
  friend Global operator+(Index distance, Global pointer) {
    return pointer + distance;
  }
  template <class Index, class = std::enable_if_t<std::is_integral_v<Index>>>
  friend Global operator-(Global pointer, Index distance) {
    return Global(pointer.moved(-static_cast<std::int64_t>(distance)), pointer.provenance_);
  }
  friend std::ptrdiff_t operator-(Global left, Global right) {
    return static_cast<std::ptrdiff_t>(left.address_ - right.address_) / static_cast<std::ptrdiff_t>(sizeof(T));
  }

  template <class Index>
  Global& operator+=(Index distance) {
    return *this = *this + distance;
  }
  template <class Index>
  Global& operator-=(Index distance) {
    return *this = *this - distance;
  }
  Global& operator++() { return *this += 1; }
  Global& operator--() { return *this -= 1; }
  Global operator++(int) {
    const Global before = *this;
    ++*this;
    return before;
  }
  Global operator--(int) {
    const Global before = *this;
    --*this;
    return before;
  }

  friend bool operator==(Global left, Global right) { return left.address_ == right.address_; }
  friend bool operator!=(Global left, Global right) { return left.address_ != right.address_; }
  friend bool operator<(Global left, Global right) { return left.address_ < right.address_; }
  friend bool operator<=(Global left, Global right) { return left.address_ <= right.address_; }
  friend bool operator>(Global left, Global right) { return left.address_ > right.address_; }
  friend bool operator>=(Global left, Global right) { return left.address_ >= right.address_; }

  std::uintptr_t address() const { return address_; }
  const emulator::Provenance* provenance() const { return provenance_; }

 private:
  // In whole numbers, since C++ leaves a pointer outside its array undefined before anyone could look at it.
  template <class Index>
  std::uintptr_t moved(Index distance) const {
    return address_ + static_cast<std::uintptr_t>(static_cast<std::int64_t>(distance)) * sizeof(T);
  }

  void check(std::uintptr_t address) const {
    const auto offset = static_cast<std::int64_t>(address - provenance_->begin);
    const auto last = static_cast<std::int64_t>(provenance_->bytes) - static_cast<std::int64_t>(sizeof(T));
    if (__builtin_expect(offset < 0 || offset > last || address % alignof(T) != 0, false)) {
      emulator_access_fault(provenance_, address, sizeof(T), alignof(T),
                            std::is_const_v<T> ? emulator::Access::Read : emulator::Access::ReadOrWrite);
    }
  }

  std::uintptr_t address_ = 0;
  const emulator::Provenance* provenance_ = &emulator::nowhere;
};

namespace emulator {

template <class From, class To>
using WithConstOf = std::conditional_t<std::is_const_v<From>, const To, To>;

}  // namespace emulator

template <class To, class From>
Global<emulator::WithConstOf<From, To>> as(Global<From> pointer) {
  if (pointer.address() % alignof(To) != 0) {
    emulator_access_fault(pointer.provenance(), pointer.address(), sizeof(To), alignof(To), emulator::Access::Read);
  }
  return {pointer.address(), pointer.provenance()};
}
