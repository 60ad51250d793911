// Handles are numbers that are never given out twice, so that one used after its end is recognised.
#pragma once

#include <map>
#include <memory>

namespace emulator {

std::uintptr_t nextHandle();

template <class Handle, class T>
class Handles {
 public:
  Handle add(std::shared_ptr<T> object) {
    const auto handle = reinterpret_cast<Handle>(nextHandle());
    objects_[handle] = std::move(object);
    return handle;
  }
  std::shared_ptr<T> find(Handle handle) const {
    const auto found = objects_.find(handle);
    return found == objects_.end() ? nullptr : found->second;
  }
  std::shared_ptr<T> remove(Handle handle) {
    std::shared_ptr<T> object = find(handle);
    objects_.erase(handle);
    return object;
  }
  long long size() const { return static_cast<long long>(objects_.size()); }
  void clear() { objects_.clear(); }

 private:
  std::map<Handle, std::shared_ptr<T>> objects_;
};

}  // namespace emulator
