#include "visible.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <cstring>
#include <sstream>

namespace emulator {
namespace {

constexpr CUuuid FIRST_UUID = {{'G', 'p', 'u', 'M', 'f', '-', 's', 't', 'a', 'n', 'd', '-', 'i', 'n', '-', '0'}};
constexpr const char* UUID_PREFIX = "GPU-";
constexpr int NONE = -1;

bool isUuid(const std::string& entry) { return entry.compare(0, std::strlen(UUID_PREFIX), UUID_PREFIX) == 0; }

int byUuid(std::string entry, int devices) {
  std::transform(entry.begin() + 4, entry.end(), entry.begin() + 4, [](unsigned char letter) { return std::tolower(letter); });
  int found = NONE;
  for (int device = 0; device < devices; device++) {
    if (textOf(uuidOf(device)).compare(0, entry.size(), entry) == 0) {
      if (found != NONE) {
        return NONE;
      }
      found = device;
    }
  }
  return found;
}

int byNumber(const std::string& entry, int devices) {
  char* end = nullptr;
  const long number = std::strtol(entry.c_str(), &end, 10);  // what follows a number is not looked at
  return end == entry.c_str() || number < 0 || number >= devices ? NONE : static_cast<int>(number);
}

}  // namespace

CUuuid uuidOf(int device) {
  CUuuid uuid = FIRST_UUID;
  uuid.bytes[sizeof uuid.bytes - 1] = static_cast<char>('0' + device);
  return uuid;
}

std::string textOf(const CUuuid& uuid) {
  constexpr const char* DIGITS = "0123456789abcdef";
  std::string text = UUID_PREFIX;
  for (std::size_t at = 0; at < sizeof uuid.bytes; at++) {
    if (at == 4 || at == 6 || at == 8 || at == 10) {
      text += '-';
    }
    const auto byte = static_cast<unsigned char>(uuid.bytes[at]);
    text += DIGITS[byte >> 4];
    text += DIGITS[byte & 15];
  }
  return text;
}

std::vector<int> visibleDevices(const char* value, int devices) {
  std::vector<int> visible;
  if (value == nullptr) {
    for (int device = 0; device < devices; device++) {
      visible.push_back(device);
    }
    return visible;
  }
  const bool uuids = isUuid(value);
  std::stringstream entries(value);
  for (std::string entry; std::getline(entries, entry, ',');) {
    const int device = isUuid(entry) != uuids ? NONE : uuids ? byUuid(entry, devices) : byNumber(entry, devices);
    if (device == NONE) {
      break;
    }
    if (std::find(visible.begin(), visible.end(), device) != visible.end()) {
      return {};
    }
    visible.push_back(device);
  }
  return visible;
}

}  // namespace emulator
