// Rounds of AdaGrad, a G for every weight, factors as halves: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(adagrad_half_round, AdaGradRule, __half)
