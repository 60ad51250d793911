// Rounds of lazy Adam: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(lazy_adam_round, LazyAdamRule, float)
