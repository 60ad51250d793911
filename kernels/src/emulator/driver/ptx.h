// What a PTX text declares; its instructions are not looked at.
#pragma once

#include <string>
#include <vector>

namespace emulator {

struct PtxEntry {
  std::string name;
  std::vector<std::size_t> parameterBytes;
  int maximumThreads = 1024;      // .maxntid
  std::size_t sharedBytes = 0;  // static __shared__
};

struct PtxModule {
  int version = 0;  // 70 for 7.0
  int target = 0;   // 75 for sm_75
  std::vector<PtxEntry> entries;
};

// Throws std::runtime_error saying what is not PTX about the text.
PtxModule parsePtx(const std::string& text);

}  // namespace emulator
