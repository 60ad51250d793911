// Rounds of AdaGrad, a G a row: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(adagrad_row_round, AdaGradRowRule, float)
