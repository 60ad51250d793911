#pragma once

namespace emulator {

long long graphsAlive();  // and instances of graphs
void destroyGraphs();

}  // namespace emulator
