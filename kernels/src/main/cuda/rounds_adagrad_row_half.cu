// Rounds of AdaGrad, a G a row, factors as halves: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(adagrad_row_half_round, AdaGradRowRule, __half)
