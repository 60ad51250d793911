// Rounds of Sgd: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(sgd_round, SgdRule, float)
