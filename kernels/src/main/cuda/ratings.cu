// An update a rating: factors read and written in place, for throughput. It is training in batches of one, many at a time.
//
//   e = y - r,  s = 2 a e
//   g_p = s q + 2 lambda p,   g_q = s p + 2 lambda q,   g_b = s + 2 mu b       all of the weights before the update
//   then the optimizer's rule on p, q, b_u, b_i (optimizers.cu); mean offset and biases only: a Dense head's two numbers are moved by every rating
//
// A group of lanes holds a rating's two rows in registers between the dot product and the update, so a row moves once each way. A group
// takes `perGroup` neighbouring positions one after the other and asks for the next one's indices before it needs them. Groups run at
// the same time and do not wait for each other: two that share a row may each miss the other's update (F. Niu et al., "Hogwild!", NIPS
// 2011; for GPUs X. Xie et al., "CuMF_SGD", HPDC 2017). So results depend on timing, unless the positions of a launch share no row. Rows are read and
// written through L2, since a multiprocessor's L1 does not see what another one writes.
//
// Layout: rows.cuh; columns in the order of the epoch (batches.cu). Launch: any grid, blocks of a multiple of 32 threads; the number in a
// kernel's name is the float4 that a lane holds of each row, at least vectors / group: 1, 2, 4 or 8 for k up to 128, 256, 512, 1024.
// `squaredErrors` gets a double a block.
// Bytes: sgd: two rows each way, 16 k, and 32 of index, value and biases: 1,056 at k = 64: 4.1 G ratings/s at 4.3 TB/s without any hit in L2;
// adagrad, one G a row: 16 more; adagrad an element: 32 k; lazy Adam: 48 k: 1.4 G/s.
// Versions: 1. this one.
#include "ratings.cuh"

template <class Rule>
__device__ __forceinline__ void moveBias(const SideTables<float>& side, int row, float bias, float slope, const Step& step) {
  float gradient = fmaf(step.biasShrink, bias, slope);
  float x = side.biasFirst ? loadShared(&side.biasFirst[row]) : 0;
  float y = side.biasSecond ? loadShared(&side.biasSecond[row]) : 0;
  Rule::move(bias, gradient, x, y, step);
  storeShared(&side.bias[row], bias);
  if (side.biasFirst) {
    storeShared(&side.biasFirst[row], x);
  }
  if (side.biasSecond) {
    storeShared(&side.biasSecond[row], y);
  }
}

/// Moves a row that is held in registers. `pace` is the row's own rate where it has one G, and not used otherwise.
template <class Rule, int PER_LANE>
__device__ __forceinline__ void moveRow(
    const SideTables<float>& side, long long row, const float4 (&own)[PER_LANE], const float4 (&other)[PER_LANE], float slope, float pace,
    int vectors, int group, int lane, const Step& step) {
#pragma unroll
  for (int held = 0; held < PER_LANE; held++) {
    int vector = lane + held * group;
    if (vector < vectors) {
      long long at = row * vectors + vector;
      float4 w = own[held];
      float4 g = addScaled(addScaled(make_float4(0, 0, 0, 0), step.shrink, w), slope, other[held]);
      if (Rule::BY_ROW) {
        w = addScaled(w, -pace, g);
      } else {
        float4 x = make_float4(0, 0, 0, 0);
        float4 y = x;
        if (Rule::SLOTS > 0) {
          x = loadShared(&as4(side.first)[at]);
        }
        if (Rule::SLOTS > 1) {
          y = loadShared(&as4(side.second)[at]);
        }
        Rule::move(w.x, g.x, x.x, y.x, step);
        Rule::move(w.y, g.y, x.y, y.y, step);
        Rule::move(w.z, g.z, x.z, y.z, step);
        Rule::move(w.w, g.w, x.w, y.w, step);
        if (Rule::SLOTS > 0) {
          storeShared(&as4(side.first)[at], x);
        }
        if (Rule::SLOTS > 1) {
          storeShared(&as4(side.second)[at], y);
        }
      }
      storeShared(&as4(side.factors)[at], w);
    }
  }
}

template <class Rule, int PER_LANE>
__device__ void trainRatings(
    const SideTables<float>& userSide, const SideTables<float>& itemSide, int vectors, int k, int group, float offset, Global<const int> users,
    Global<const int> items, Global<const float> values, Global<const float> weights, long long start, long long count, int perGroup,
    const Step& step, Global<double> squaredErrors) {
  Group groups(group);
  double sum = 0;
  long long stretch = groups.count() * perGroup;
  for (long long base = start + groups.first() * perGroup; base < start + count; base += stretch) {
    long long from = base + (long long)groups.inBlock * perGroup;
    long long end = start + count;
    int user = from < end ? users[from] : 0;
    int item = from < end ? items[from] : 0;
    for (int turn = 0; turn < perGroup; turn++) {
      long long at = from + turn;
      bool active = at < end;
      float4 p[PER_LANE] = {};
      float4 q[PER_LANE] = {};
      float part = 0;
      float partP = 0;
      float partQ = 0;
#pragma unroll
      for (int held = 0; held < PER_LANE; held++) {
        int vector = groups.lane + held * group;
        if (active && vector < vectors) {
          p[held] = loadShared(&as4(userSide.factors)[(long long)user * vectors + vector]);
          q[held] = loadShared(&as4(itemSide.factors)[(long long)item * vectors + vector]);
        }
      }
      bool more = turn + 1 < perGroup && at + 1 < end;
      int nextUser = more ? users[at + 1] : 0;
      int nextItem = more ? items[at + 1] : 0;
      float value = active ? values[at] : 0;
      float weight = active && weights ? weights[at] : 1;
      float userBias = active && userSide.bias ? loadShared(&userSide.bias[user]) : 0;
      float itemBias = active && itemSide.bias ? loadShared(&itemSide.bias[item]) : 0;
#pragma unroll
      for (int held = 0; held < PER_LANE; held++) {
        part = dot(p[held], q[held], part);
        if (Rule::BY_ROW) {
          partP = dot(p[held], p[held], partP);
          partQ = dot(q[held], q[held], partQ);
        }
      }
      float pq = sumOverGroup(part, group);
      float pp = Rule::BY_ROW ? sumOverGroup(partP, group) : 0;
      float qq = Rule::BY_ROW ? sumOverGroup(partQ, group) : 0;
      float error = pq + (offset + userBias + itemBias) - value;
      float slope = 2 * weight * error;
      float paceOfUser = 0;
      float paceOfItem = 0;
      if (Rule::BY_ROW) {
        // |s q + c p|^2 = s^2 |q|^2 + 2 s c p.q + c^2 |p|^2
        float c = step.shrink;
        float cross = 2 * slope * c * pq;
        float ofUser = fmaxf(fmaf(slope * slope, qq, fmaf(c * c, pp, cross)), 0);
        float ofItem = fmaxf(fmaf(slope * slope, pp, fmaf(c * c, qq, cross)), 0);
        if (active) {
          paceOfUser = loadShared(&userSide.first[user]) + ofUser / k;
          paceOfItem = loadShared(&itemSide.first[item]) + ofItem / k;
        }
        __syncwarp();  // every lane has read the two sums: one may write them
        if (active) {
          if (groups.lane == 0) {
            storeShared(&userSide.first[user], paceOfUser);
            storeShared(&itemSide.first[item], paceOfItem);
          }
          paceOfUser = step.rate / (sqrtf(paceOfUser) + step.epsilon);
          paceOfItem = step.rate / (sqrtf(paceOfItem) + step.epsilon);
        }
      }
      if (active) {
        moveRow<Rule, PER_LANE>(userSide, user, p, q, slope, paceOfUser, vectors, group, groups.lane, step);
        moveRow<Rule, PER_LANE>(itemSide, item, q, p, slope, paceOfItem, vectors, group, groups.lane, step);
        if (groups.lane == 0) {
          sum += (double)weight * error * error;
          if (userSide.bias) {
            moveBias<Rule>(userSide, user, userBias, slope, step);
            moveBias<Rule>(itemSide, item, itemBias, slope, step);
          }
        }
      }
      __syncwarp();  // the rating's numbers are written before the next one of this group reads them
      user = nextUser;
      item = nextItem;
    }
  }
  sum = sumOverBlock(sum);
  if (threadIdx.x == 0) {
    squaredErrors[blockIdx.x] = sum;
  }
}

#define RATINGS(name, Rule, perLane)                                                                                                        \
  extern "C" __global__ void name##_##perLane(                                                                                              \
      Global<float> userFactors, Global<float> userFirst, Global<float> userSecond, Global<float> userBias, Global<float> userBiasFirst,    \
      Global<float> userBiasSecond, Global<float> itemFactors, Global<float> itemFirst, Global<float> itemSecond, Global<float> itemBias,   \
      Global<float> itemBiasFirst, Global<float> itemBiasSecond, int vectors, int k, int group, float offset, Global<const int> users,      \
      Global<const int> items, Global<const float> values, Global<const float> weights, long long start, long long count, int perGroup,     \
      float rate, float a, float b, float epsilon, float shrink, float biasShrink, Global<double> squaredErrors) {                          \
    SideTables<float> userSide{userFactors, userFirst, userSecond, userBias, userBiasFirst, userBiasSecond};                                \
    SideTables<float> itemSide{itemFactors, itemFirst, itemSecond, itemBias, itemBiasFirst, itemBiasSecond};                                \
    Step step{rate, a, b, epsilon, shrink, biasShrink};                                                                                     \
    trainRatings<Rule, perLane>(                                                                                                            \
        userSide, itemSide, vectors, k, group, offset, users, items, values, weights, start, count, perGroup, step, squaredErrors);         \
  }

#define RATINGS_OF_ANY_LENGTH(name, Rule) \
  RATINGS(name, Rule, 1)                  \
  RATINGS(name, Rule, 2)                  \
  RATINGS(name, Rule, 4)                  \
  RATINGS(name, Rule, 8)

RATINGS_OF_ANY_LENGTH(sgd_ratings, SgdRule)
RATINGS_OF_ANY_LENGTH(adagrad_ratings, AdaGradRule)
RATINGS_OF_ANY_LENGTH(adagrad_row_ratings, AdaGradRowRule)
RATINGS_OF_ANY_LENGTH(lazy_adam_ratings, LazyAdamRule)
