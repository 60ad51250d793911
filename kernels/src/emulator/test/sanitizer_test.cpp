// What AddressSanitizer and UBSan add. They end the process, so each wrong kernel runs in one of its own.
#include "harness.h"

#ifdef __SANITIZE_ADDRESS__

#include <unistd.h>

using namespace test;

namespace {

TEST(fatal_narrow_offset) { run("narrowOffset", {}, 1 << 20, 1 << 12, allocate(4)); }

TEST(fatal_past_static_shared) { run("pastStaticShared", {}, 32, allocate(4)); }

TEST(fatal_plain_pointer_just_past_the_end) { run("plainPointer", {}, 100LL, allocate(400)); }

std::string outputOf(const std::string& testName) {
  char self[4096] = "";
  if (readlink("/proc/self/exe", self, sizeof self - 1) < 0) {
    throw Failure("this program does not know its own name");
  }
  std::FILE* pipe = popen((std::string(self) + " " + testName + " 2>&1").c_str(), "r");
  std::string output;
  char part[1024];
  while (std::fgets(part, sizeof part, pipe) != nullptr) {
    output += part;
  }
  CHECK(pclose(pipe) != 0);
  return output;
}

TEST(an_offset_that_overflows_32_bits) {
  CHECK(outputOf("fatal_narrow_offset").find("signed integer overflow") != std::string::npos);
}

TEST(past_the_end_of_static_shared_memory) {
  CHECK(outputOf("fatal_past_static_shared").find("index 32 out of bounds") != std::string::npos);
}

TEST(a_plain_pointer_just_past_the_end) {
  CHECK(outputOf("fatal_plain_pointer_just_past_the_end").find("use-after-poison") != std::string::npos);
}

}  // namespace

#endif
