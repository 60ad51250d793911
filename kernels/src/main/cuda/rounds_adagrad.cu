// Rounds of AdaGrad, a G for every weight: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(adagrad_round, AdaGradRule, float)
