// Rounds of Sgd, factors as halves: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(sgd_half_round, SgdRule, __half)
