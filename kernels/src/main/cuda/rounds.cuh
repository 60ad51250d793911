// An update a rating, in the order of a RatingGrid: a warp goes through its blocks of one round after the other, group by group (groups.cuh).
//
// The math of a rating is that of ratings.cu, which lets groups of lanes run into each other's rows. Here blocks of a round share no row, so
// nothing is atomic but flags, and the bits do not depend on the launch.
//
// Layout: tables of rows.cuh; ratings and groups as in groups.cuh, in the grid's order, and eight more ratings after the last, which are looked at
// ahead. `blocks` says where each block is, round after round, `blocksOfRound` blocks a round. held_groups.cuh has the rows of up to 128 factors in
// registers, long_groups.cuh reads rows of any length as often as it needs them.
//
// Factors may be halves (halves.cuh; kernels named `half`): widened when their group comes, rounded when it has moved them. All else is in floats.
// Roots and quotients of the rules are the device's approximate ones, 2 units in the last place or so: IEEE's cost as much as all the rest.
//
// Rows are read and written through L1: nobody else has them in a round, and who had them before has released a flag that the reader has acquired.
//
// Launch: blocks of a multiple of 32 threads, up to 256. A launch goes through the rounds first .. last - 1 of `rounds`, which lists rounds in
// the order of the epoch, with a rate for each. If these are several the launch must be cooperative: a stripe of the shorter side stays with its
// warp, which waits for who had its stripe of the longer side before, by flags in `done`, FLAG ints apart, which count a block's finished rounds and
// are cleared before first = 0. Squared errors: a double for each block of each round, in the order of `rounds`; add_rounds adds them up.
//
// Versions, on an H200 (132 multiprocessors, 1.75 GHz; a copy moves 4.3 TB/s), an epoch of 25 M ratings of 162,000 users and 59,000 items with
// MovieLens' skew, whose hottest item has 87,000 ratings, k = 64 where nothing else is said. Memory alone would take 3 to 6 ms for sgd, 9 to
// 18 ms for lazy Adam.
//   1. A warp a rating, a launch a round, 512 stripes. Predicted 9 ms for the chain of the hottest item's ratings, 100 ns each, and 12 ms in all
//      for sgd, 20 ms for lazy Adam. Measured: 41 ms and 95 ms; 46 ms for sgd on halves at k = 128. A rating of the chain
//      takes 440 ns, or 1,000 ns with roots and quotients: 430 instructions a rating, of which a warp alone on its scheduler issues
//      one in 4.6 cycles. Latencies of shuffles had been counted, instructions had not. No memory was near its limit: 335 GB/s.
//   2. Flags in place of launches, everything else the same: 34 and 80 ms. Two or four times the stripes, or rows asked for 8 ratings ahead: slower.
//      By tickets that any warp may draw, 41 and 86 ms: warps wait that could work.
//   3. Four ratings at once, hot items' in groups of four, approximate roots and quotients: by launches 18 and 38 ms, by flags 13.8 and 29.6 ms,
//      with 384 stripes 13.1 and 28.6 ms; lazy Adam with its rows two groups ahead 23.8 ms, sgd no faster by that. With all groups of
//      eight 18 and 69 ms: most of their places are empty. 14.6 ms for sgd on halves at k = 128.
//   4. Items' ratings in groups of up to eight, others in groups of four. Predicted: the chain is half as long and 1.4 times as
//      slow a group, so 9 ms for sgd, 17 ms for lazy Adam, and 11 ms on halves at k = 128. Measured: 18.1, 39.9 and 31.5 ms (26.1 ms for AdaGrad
//      a row). With eight ratings shared or none at all, and an item's leftovers one by one, it was 21.4, 45.9 and 42.6 ms. Halves that were
//      rounded one by one cost 30 % of the last.
//   5. The same groups. ptxas' code for sm_90 told why version 4 was slow: for sgd some 500 instructions for a group of eight and 285 for
//      one of four. Ratings were packed in records of their own lengths, so where the next one began was known only when one had come; marks
//      went from lane to lane by shuffles; addresses took five instructions each and, kept until a row was written, a fifth of the registers; rows
//      were copied from those that come to those that are there; kinds of groups shared a loop. Now a group has a word, addresses one
//      instruction, two groups take turns in the same registers, and each kind has its loop: 278 and 140 instructions (lazy Adam 641 and 377;
//      sgd on halves at k = 128 474 and 292), and nothing spills. Predicted: 6.6 to 9.7 ms for sgd, 16 to 23 ms for lazy Adam, and 13 to 20 ms for
//      halves at k = 128, where the hottest item's chain is the longest way. Measured: 12.2, 21.3 and 12.1 ms; the chain by itself 7.1, 14.5 and
//      7.9 ms. It is the longest way no more: all warps wait, half of the time for memory (ncu), though they ask for rows a group ahead.
//   6. Rows of users and of new items are brought to L2 two groups ahead, a block's groups and ratings when it begins, and padding stays zero
//      instead of being zeroed for each row. Predicted: waits for rows, 36 to 38 % of the time, become a third: 9 and 16 ms. Measured: 9.1 ms for
//      sgd, 18.2 ms for lazy Adam; 9.7 to 12.6 ms for halves at k = 128, as the compiler orders instructions. Waits had become shorter, not
//      gone, not even in the chain by itself, whose rows L2 has.
//   7. The machine code tells why: a warp counts what is on its way with six counters, and the compiler lets all rows count with one.
//      It had moved the questions for the next group's rows before the wait for this one's, which so was a wait for both. Now they come after
//      it (held_groups.cuh). Predicted: no waits in the chain, 37 % of its time. Measured: 7.3 ms for sgd, 6.4 ms on halves, 9.2 ms for
//      AdaGrad a row, 11.9 ms for AdaGrad, 16.4 ms for lazy Adam, and 8.1 ms for sgd on halves at k = 128, 3.1 G ratings a second; the chain by
//      itself 5.0, 12.5 (lazy Adam) and 6.7 ms (halves at k = 128). What is brought to L2 counts: without it 8.7, 19.0 and 10.0 ms. 528 stripes in place
//      of 384: 17.2 ms for lazy Adam, no gain. Sectors by twos: 7.7, 16.5 and 8.6 ms.
//   8. This one: the same for rows of up to 128 factors. Longer ones took 41.7 ms for sgd, 122 ms for AdaGrad and 146 ms for lazy Adam with k = 256: the
//      compiler does not know that rows differ, so each user's numbers waited for memory after the one before had been written, 16 times a group.
//      Now all of a group's are asked for before any is written, and rows are brought to L2 a group ahead. Predicted: 35, 45 and 55 ms. Not measured.
// What to try: a block begins and ends in 5 of its 19 us: a fence, a flag, and then addresses, ratings and rows, one after the other. Warps of a
// multiprocessor could pass stripes on among themselves and by flags only every third time. An item's sums, which now are in every place, and so
// its move four times, could be a part in each: some 100 of lazy Adam's instructions.
// Each optimizer has a file of its own, and another for halves, since a driver compiles a file as a whole.
#pragma once

#include "held_groups.cuh"
#include "long_groups.cuh"

/// Ints from a flag to the next: each has a sector of L2 to itself.
constexpr int FLAG = 8;

#ifdef GPUMF_EMULATOR

// A swap lets other threads run.
inline int peek(Global<int> flag) { return atomicCAS(flag, -1, -1); }

inline int acquire(Global<int> flag) { return atomicCAS(flag, -1, -1); }

inline void release(Global<int> flag, int value) {
  __threadfence();
  atomicExch(flag, value);
}

#else

/// A look at a flag that says nothing of other memory: an acquisition empties L1, which a warp that waits must not do again and again.
__device__ __forceinline__ int peek(int* flag) {
  int value;
  asm volatile("ld.relaxed.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(flag) : "memory");
  return value;
}

__device__ __forceinline__ int acquire(int* flag) {
  int value;
  asm volatile("ld.acquire.gpu.global.s32 %0, [%1];" : "=r"(value) : "l"(flag) : "memory");
  return value;
}

__device__ __forceinline__ void release(int* flag, int value) {
  asm volatile("st.release.gpu.global.s32 [%0], %1;" : : "l"(flag), "r"(value) : "memory");
}

#endif

/// Waits until the stripe of the longer side that a block has is free: who had it last before round `at` of the launch has finished.
__device__ __forceinline__ void awaitStripe(
    Global<const int> rounds, int first, int at, int number, int blocksOfRound, int stripes, Global<int> done, int lane) {
  if (lane == 0) {
    for (int before = at - 1; before >= first; before--) {
      int other = (number + rounds[at] - rounds[before] + stripes) % stripes;
      if (other < blocksOfRound) {
        while (peek(done + other * FLAG) <= before) {
        }
        acquire(done + other * FLAG);
        break;
      }
    }
  }
  __syncwarp();
}

/// In two reads; by its members it would be five.
__device__ __forceinline__ BlockHead readHead(Global<const BlockHead> at) {
  int4 first = as<const int4>(at)[0];
  int4 second = as<const int4>(at)[1];
  int4 words[] = {first, second};
  BlockHead head;
  memcpy(&head, words, sizeof(head));
  return head;
}

/// Visits the blocks of some rounds.
template <class Visit>
__device__ __forceinline__ void runRounds(
    Global<const int> stop, Global<const int> rounds, int first, int last, int blocksOfRound, int stripes, Global<int> done,
    Global<double> squaredErrors, Global<const BlockHead> blocks, Visit visit) {
  if (*stop) {
    return;
  }
  int lane = threadIdx.x & (WARP - 1);
  int warps = blockDim.x / WARP;
  for (int at = first; at < last; at++) {
    for (int number = blockIdx.x * warps + threadIdx.x / WARP; number < blocksOfRound; number += gridDim.x * warps) {
      if (lane == 0 && at + 1 < last) {
        bringToL2(as<const char>(blocks + ((long long)rounds[at + 1] * blocksOfRound + number)));
      }
      double sum = visit(at, (long long)rounds[at] * blocksOfRound + number, lane, [&]() {
        awaitStripe(rounds, first, at, number, blocksOfRound, stripes, done, lane);
      });
      sum = sumOverGroup(sum, WARP);
      __syncwarp();  // all lanes have written
      if (lane == 0) {
        squaredErrors[(long long)at * blocksOfRound + number] = sum;
        if (last - first > 1) {
          release(done + number * FLAG, at + 1);
        }
      }
    }
  }
}

#define ROUND(name, Factor, ...)                                                                                                             \
  extern "C" __global__ void __launch_bounds__(256, 1) name(                                                                                 \
      Global<const int> stop, Global<const int> rounds, Global<const float> rates, int first, int last, Global<const int4> ratings,          \
      Global<const long long> groups, Global<const BlockHead> blocks, int blocksOfRound, int stripes, int ownUsers, Global<int> done,        \
      Global<Factor> userFactors, Global<float> userFirst, Global<float> userSecond, Global<float> userBias, Global<float> userBiasFirst,    \
      Global<float> userBiasSecond, Global<Factor> itemFactors, Global<float> itemFirst, Global<float> itemSecond, Global<float> itemBias,   \
      Global<float> itemBiasFirst, Global<float> itemBiasSecond, int vectors, int k, float offset, float a, float b, float epsilon,          \
      float shrink, float biasShrink, Global<double> squaredErrors) {                                                                        \
    SideTables<Factor> users{userFactors, userFirst, userSecond, userBias, userBiasFirst, userBiasSecond};                                   \
    SideTables<Factor> items{itemFactors, itemFirst, itemSecond, itemBias, itemBiasFirst, itemBiasSecond};                                   \
    Shape shape(vectors, k);                                                                                                                 \
    runRounds(                                                                                                                               \
        stop, rounds, first, last, blocksOfRound, stripes, done, squaredErrors, blocks, [&](int at, long long number, int lane, auto wait) { \
          Step step{rates[at], a, b, epsilon, shrink, biasShrink};                                                                           \
          Block<Factor> block{users, items, shape, step, offset, ratings, groups, readHead(blocks + number), ownUsers != 0};                 \
          return __VA_ARGS__(block, lane).run(wait);                                                                                         \
        });                                                                                                                                  \
  }

// k up to 64 and up to 128, for which a row has 8 or 16 lanes, and any k. Of rows of up to 128 the optimizer's numbers of factors come when their
// group is worked on: with those that are asked for before they would not fit registers.
#define ROUNDS(name, Rule, Factor)                                                     \
  ROUND(name##_1, Factor, VisitHeld<Rule, Factor, Place<8>, true>)                     \
  ROUND(name##_2, Factor, VisitHeld<Rule, Factor, Place<16>, (Rule::SLOTS == 0)>)      \
  ROUND(name##_long, Factor, VisitLong<Rule, Factor>)
