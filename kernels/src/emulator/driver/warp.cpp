#include "warp.h"

#include <algorithm>

namespace emulator {
namespace {

// What a lane gets from one that takes no part: CUDA leaves it undefined, here it is never right.
constexpr std::uint64_t POISON = ~std::uint64_t(0);

template <class T, class Choose>
std::uint64_t folded(const std::uint64_t* values, unsigned lanes, Choose choose) {
  bool first = true;
  T result{};
  for (unsigned rest = lanes; rest != 0; rest &= rest - 1) {
    const T value = static_cast<T>(values[__builtin_ctz(rest)]);
    result = first ? value : choose(result, value);
    first = false;
  }
  return static_cast<std::uint64_t>(result);
}

}  // namespace

void Warp::begin(unsigned lanes) {
  ready_ = lanes == LANES ? ~0u : (1u << lanes) - 1;
  exited_ = ~ready_;
  groups_.clear();
}

unsigned Warp::takeReady(Random& random) {
  const unsigned start = static_cast<unsigned>(random.next() >> 59);
  const unsigned turned = (ready_ >> start) | (start == 0 ? 0 : ready_ << (LANES - start));
  const unsigned lane = (static_cast<unsigned>(__builtin_ctz(turned)) + start) % LANES;
  ready_ &= ~(1u << lane);
  return lane;
}

bool Warp::arrive(unsigned lane, WarpOperation operation, unsigned mask, std::uint64_t value, unsigned source) {
  value_[lane] = value;
  source_[lane] = source;
  std::size_t group = 0;
  while (group < groups_.size() && (groups_[group].mask != mask || groups_[group].operation != operation)) {
    group++;
  }
  if (group == groups_.size()) {
    groups_.push_back({operation, mask, 0});
  }
  groups_[group].arrived |= 1u << lane;
  if (!complete(group)) {
    return false;
  }
  ready_ &= ~(1u << lane);
  return true;
}

void Warp::exit(unsigned lane) {
  exited_ |= 1u << lane;
  for (std::size_t group = groups_.size(); group-- > 0;) {
    complete(group);
  }
}

bool Warp::complete(std::size_t index) {
  const Group group = groups_[index];
  if (((group.arrived | exited_) & group.mask) != group.mask) {
    return false;
  }
  groups_.erase(groups_.begin() + static_cast<std::ptrdiff_t>(index));
  exchange(group);
  ready_ |= group.arrived;
  return true;
}

void Warp::exchange(const Group& group) {
  if (group.operation == WarpOperation::Synchronize) {
    return;
  }
  const std::uint64_t all = reduced(group);
  for (unsigned rest = group.arrived; rest != 0; rest &= rest - 1) {
    const auto lane = static_cast<unsigned>(__builtin_ctz(rest));
    if (group.operation == WarpOperation::Shuffle) {
      const unsigned source = source_[lane] % LANES;
      result_[lane] = (group.arrived >> source & 1u) != 0 ? value_[source] : POISON;
    } else if (group.operation == WarpOperation::MatchAny) {
      result_[lane] = 0;
      for (unsigned others = group.arrived; others != 0; others &= others - 1) {
        const auto other = static_cast<unsigned>(__builtin_ctz(others));
        result_[lane] |= std::uint64_t(value_[other] == value_[lane]) << other;
      }
    } else {
      result_[lane] = all;
    }
  }
}

std::uint64_t Warp::reduced(const Group& group) const {
  switch (group.operation) {
    case WarpOperation::Ballot: {
      std::uint64_t ballot = 0;
      for (unsigned rest = group.arrived; rest != 0; rest &= rest - 1) {
        const auto lane = static_cast<unsigned>(__builtin_ctz(rest));
        ballot |= value_[lane] << lane;
      }
      return ballot;
    }
    case WarpOperation::Add:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return a + b; });
    case WarpOperation::MinimumSigned:
      return folded<std::int32_t>(value_, group.arrived, [](auto a, auto b) { return std::min(a, b); });
    case WarpOperation::MinimumUnsigned:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return std::min(a, b); });
    case WarpOperation::MaximumSigned:
      return folded<std::int32_t>(value_, group.arrived, [](auto a, auto b) { return std::max(a, b); });
    case WarpOperation::MaximumUnsigned:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return std::max(a, b); });
    case WarpOperation::And:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return a & b; });
    case WarpOperation::Or:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return a | b; });
    case WarpOperation::Xor:
      return folded<std::uint32_t>(value_, group.arrived, [](auto a, auto b) { return a ^ b; });
    case WarpOperation::Synchronize:
    case WarpOperation::Shuffle:
    case WarpOperation::MatchAny:
      break;
  }
  return 0;
}

}  // namespace emulator
