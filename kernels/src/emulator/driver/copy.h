#pragma once

namespace emulator {

struct CopiedBytes {
  long long toDevice = 0, toHost = 0, onDevice = 0;
};

CopiedBytes& copiedBytes();

}  // namespace emulator
