#pragma once

#include <string>

namespace emulator {

// Launches that have run, of one kernel and of all.
long long launchesOf(const std::string& kernel);
long long allLaunches();
void forgetLaunches();

}  // namespace emulator
