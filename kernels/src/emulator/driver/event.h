#pragma once

namespace emulator {

long long eventsAlive();
void destroyEvents();

}  // namespace emulator
