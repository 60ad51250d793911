// Who the devices of the machine are, and which of them a process sees.
#pragma once

#include <string>
#include <vector>

#include "cuda.h"

namespace emulator {

constexpr int MOST_DEVICES = 10;  // the last letter of a UUID is a digit

// By the device's number in the machine.
CUuuid uuidOf(int device);

// As nvidia-smi prints it: GPU-4770754d-...
std::string textOf(const CUuuid& uuid);

// The devices, by their numbers in the machine, that a value of CUDA_VISIBLE_DEVICES shows, in its order. All where there is no value, none
// where it is empty. What the first entry is, all are: numbers, or UUIDs or beginnings of them. An entry that is neither one device nor
// of that kind hides itself and all after it; one that comes twice hides everything.
std::vector<int> visibleDevices(const char* value, int devices);

}  // namespace emulator
