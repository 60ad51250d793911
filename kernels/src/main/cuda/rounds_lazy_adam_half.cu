// Rounds of lazy Adam, factors as halves: math, layout, launch, bytes and versions in rounds.cuh.
#include "rounds.cuh"

ROUNDS(lazy_adam_half_round, LazyAdamRule, __half)
