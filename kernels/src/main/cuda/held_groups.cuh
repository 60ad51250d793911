// Groups of ratings whose rows fit registers (held_rows.cuh); layout and math in groups.cuh.
//
// A warp works on a group at a time. A place has the group's ratings number, number + PLACES, and so on.
//
// So that a group waits for no memory, its rows are asked for while the group before is worked on, its ratings while the one before that is, and
// its head one more before. Rows that are also the group before's are asked for again when they have been written: they are late. An item that the
// next group has too stays in registers.
#pragma once

#include "held_rows.cuh"
#include "rows_ahead.cuh"

/// What the ratings of an item add up to. Of a rule with SQUARES gradients and their squares; of others scale x direction, to which they add the pull
/// of as many ratings.
template <class Rule, class At>
struct ItemSums {
  static constexpr int OF_FACTOR = Rule::SQUARES && !Rule::BY_ROW ? HELD : 1;

  float4 gradient[HELD];
  float4 squares[OF_FACTOR];
  float squaresOfRow;
  float ofBias;
  float squaresOfBias;

  __device__ __forceinline__ ItemSums() : squaresOfRow(0), ofBias(0), squaresOfBias(0) {
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      gradient[held] = zeroVector();
      squares[held % OF_FACTOR] = zeroVector();
    }
  }

  template <class Present>
  __device__ __forceinline__ void add(float slope, const Present& user, const Present& item, bool active, const Step& step) {
    float pull = active ? step.shrink : 0.0f;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      if (Rule::SQUARES) {
        float4 ofRating = addScaled(scaled(pull, item.factors[held]), slope, user.factors[held]);
        gradient[held] = sumOf(gradient[held], ofRating);
        if (Rule::BY_ROW) {
          squaresOfRow = dot(ofRating, ofRating, squaresOfRow);
        } else {
          squares[held % OF_FACTOR] = addSquares(squares[held % OF_FACTOR], ofRating);
        }
      } else {
        gradient[held] = addScaled(gradient[held], slope, user.factors[held]);
      }
    }
    if (Rule::SQUARES) {
      slope = fmaf(active ? step.biasShrink : 0.0f, item.bias.weight, slope);
      squaresOfBias = fmaf(slope, slope, squaresOfBias);
    }
    ofBias += slope;
  }

  __device__ __forceinline__ static void addOther(float4& x, int offset) {
    x.x += __shfl_xor_sync(ALL_LANES, x.x, offset);
    x.y += __shfl_xor_sync(ALL_LANES, x.y, offset);
    x.z += __shfl_xor_sync(ALL_LANES, x.z, offset);
    x.w += __shfl_xor_sync(ALL_LANES, x.w, offset);
  }

  /// Adds those of all places up.
  __device__ __forceinline__ void addPlaces() {
#pragma unroll
    for (int offset = At::LANES; offset < WARP; offset *= 2) {
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        addOther(gradient[held], offset);
        if (Rule::SQUARES && !Rule::BY_ROW) {
          addOther(squares[held % OF_FACTOR], offset);
        }
      }
      ofBias += __shfl_xor_sync(ALL_LANES, ofBias, offset);
      if (Rule::SQUARES) {
        squaresOfBias += __shfl_xor_sync(ALL_LANES, squaresOfBias, offset);
      }
    }
    if (Rule::BY_ROW) {
      squaresOfRow = sumOverGroup(squaresOfRow, WARP);
    }
  }

  /// Moves the item's row of so many ratings.
  template <class Present>
  __device__ __forceinline__ void move(Present& item, float ratings, const Shape& shape, const Step& step) const {
    if (!Rule::SQUARES) {
      item.move(ratings * step.shrink, 1, gradient, shape, step);
      item.bias.move(fmaf(ratings * step.biasShrink, item.bias.weight, ofBias), step);
      return;
    }
    float pace = Rule::BY_ROW ? paceOf(item.sum, squaresOfRow, shape, step) : 0;
#pragma unroll
    for (int held = 0; held < HELD; held++) {
      moveVectorTogether<Rule>(
          item.factors[held], gradient[held], squares[held % OF_FACTOR], item.first[Rule::SLOTS > 0 ? held : 0], item.second[0], pace, step);
    }
    item.bias.moveTogether(ofBias, squaresOfBias, step);
  }
};

/// Goes through the groups of a block that share their item, or through those that share no row. AHEAD: whether the optimizer's numbers are
/// asked for with the factors; else when their group comes, which takes fewer registers.
template <class Rule, class Factor, class At, bool AHEAD, bool ONE_ITEM>
struct HeldGroups {
  static constexpr int USERS = (ONE_ITEM ? TOGETHER : APART) / At::PLACES;
  static constexpr int ITEMS = ONE_ITEM ? 1 : USERS;
  using Coming = Row<Rule, At, typename Stored<Factor>::Vector, AHEAD>;
  using ComingItem = Row<Rule, At, typename Stored<Factor>::Vector, AHEAD && !ONE_ITEM>;
  using Present = Row<Rule, At, float4, true>;

  /// A group whose rows are on their way.
  struct Flight {
    GroupHead head;
    RatingRows rows[USERS];
    RatingValue ofLane;
    Coming users[USERS];
  };

  const Block<Factor>& block;
  Global<const long long> groups;
  At at;

  /// The group at hand and the next one, in turns: so nothing has to move from registers to registers.
  Flight flights[2];

  /// Their items; one that groups share is on its way while the one before it is at hand.
  ComingItem items[ONE_ITEM ? 1 : 2][ITEMS];

  /// The group after them: its ratings are on their way.
  GroupHead headAfter;
  RatingRows rowsAfter[USERS];
  RatingValue ofLaneAfter;

  /// The one after that: its head is on its way.
  GroupHead headInThree;

  /// The items at hand; one that the next group has too stays.
  Present item[ITEMS];

  /// The rows of the groups after those.
  RowsAhead<Rule, Factor, At::LANES * HELD, (ONE_ITEM ? TOGETHER : APART)> ahead;

  /// Of a e^2. A float: a lane adds up a fraction of a block, and it is some instructions in each group less than a double.
  float sum;

  __device__ __forceinline__ HeldGroups(const Block<Factor>& block, Global<const long long> groups, int lane)
      : block(block), groups(groups), at(lane), ahead(block), sum(0) {
#pragma unroll
    for (int turn = 0; turn < 2; turn++) {
#pragma unroll
      for (int user = 0; user < USERS; user++) {
        flights[turn].users[user].clear();
      }
#pragma unroll
      for (int its = 0; its < ITEMS; its++) {
        comingItems(turn)[its].clear();
      }
    }
#pragma unroll
    for (int its = 0; its < ITEMS; its++) {
      item[its].clear();
    }
  }

  __device__ __forceinline__ bool has(int place, int size) const { return at.number + place * At::PLACES < size; }

  /// Asks for the ratings of a group: for the rows of each place's, and for the values of all, which lanes have in turn until they are needed.
  __device__ __forceinline__ void askForRatings(RatingRows (&rows)[USERS], RatingValue& ofLane, const GroupHead& group) {
#pragma unroll
    for (int user = 0; user < USERS; user++) {
      rows[user] = readRows(block.ratings, group, at.number + user * At::PLACES);
    }
    ofLane = readValue(block.ratings, group, threadIdx.x & (TOGETHER - 1));
  }

  __device__ __forceinline__ ComingItem (&comingItems(int turn))[ITEMS] { return items[ONE_ITEM ? 0 : turn]; }

  __device__ __forceinline__ void askForUsers(int turn, unsigned after = 0) {
#pragma unroll
    for (int user = 0; user < USERS; user++) {
      flights[turn].users[user].load(block.users, flights[turn].rows[user].user | after, block.shape, at);
    }
  }

  __device__ __forceinline__ void askForItems(int turn, unsigned after = 0) {
#pragma unroll
    for (int its = 0; its < ITEMS; its++) {
      comingItems(turn)[its].load(block.items, flights[turn].rows[its].item | after, block.shape, at);
    }
  }

  /// Asks for the optimizer's numbers that have not come with the rows: of a place, or of the item that the group shares after the last place.
  __device__ __forceinline__ void askForSlots(const Flight& group, int place, Present (&user)[USERS]) {
    if (!AHEAD && place < USERS) {
      user[place].clearSlots();
      user[place].loadSlots(block.users, group.rows[place].user, block.shape, at);
    }
    if (ONE_ITEM ? place == USERS : !AHEAD && place < USERS) {
      int its = ONE_ITEM ? 0 : place;
      item[its].loadSlots(block.items, group.rows[its].item, block.shape, at);
    }
  }

  /// Works on a group, while the rows of the next one come. afterThat: the number of a group whose head is then asked for.
  template <int TURN>
  __device__ __forceinline__ void work(int afterThat) {
    Flight& group = flights[TURN];
    Flight& next = flights[1 - TURN];
    const Shape& shape = block.shape;
    const Step& step = block.step;
    __syncwarp();  // what other lanes have written is read from here on
    if (group.head.isLate()) {
      // As other numbers to a compiler: it would keep the addresses since it was asked for them first, in registers that there are not.
#pragma unroll
      for (int place = 0; place < USERS; place++) {
        group.rows[place].user = opaque(group.rows[place].user);
        group.rows[place].item = opaque(group.rows[place].item);
      }
      askForUsers(TURN);
      if (!ONE_ITEM) {
        askForItems(TURN);
      }
    }
    Present user[USERS];
#pragma unroll
    for (int place = 0; place < USERS; place++) {
      user[place].template take<Factor>(group.users[place]);
    }
    if (!ONE_ITEM || !group.head.isKept()) {
#pragma unroll
      for (int place = 0; place < ITEMS; place++) {
        item[place].template take<Factor>(comingItems(TURN)[place]);
      }
    }

    // 0, once the rows are there: what is asked for next is asked for after them. A warp counts what is on its way with few counters, and the compiler
    // lets all rows share one. Asked for earlier, the next group's rows would be waited for together with this one's.
    unsigned after = __float_as_uint(user[0].bias.weight) & shape.nothing;
    next.head = headAfter;
#pragma unroll
    for (int place = 0; place < USERS; place++) {
      next.rows[place] = rowsAfter[place];
    }
    next.ofLane = ofLaneAfter;
    askForUsers(1 - TURN, after);
    if (!ONE_ITEM || !next.head.isKept()) {
      askForItems(1 - TURN, after);
    }
    headAfter.word = headInThree.word | after;
    askForRatings(rowsAfter, ofLaneAfter, headAfter);
    headInThree.word = groups[afterThat | (int)after];
    ahead.bring(!ONE_ITEM || !headAfter.isKept());
    ahead.askAfter(headAfter);

    float slopes[USERS];
#pragma unroll
    for (int place = 0; place < USERS; place++) {
      slopes[place] = user[place].partOfDot(item[ONE_ITEM ? 0 : place]);
    }
    askForSlots(group, 0, user);
#pragma unroll
    for (int offset = At::LANES / 2; offset > 0; offset /= 2) {
#pragma unroll
      for (int place = 0; place < USERS; place++) {
        slopes[place] += __shfl_xor_sync(ALL_LANES, slopes[place], offset);
      }
    }
    int size = group.head.size();
    ItemSums<Rule, At> sums;
#pragma unroll
    for (int place = 0; place < USERS; place++) {
      const Present& its = item[ONE_ITEM ? 0 : place];
      int lane = at.number + place * At::PLACES;
      float value = __shfl_sync(ALL_LANES, group.ofLane.value, lane);
      float error = slopes[place] + (block.offset + user[place].bias.weight + its.bias.weight - value);
      float weighted = __shfl_sync(ALL_LANES, group.ofLane.weight, lane) * error;
      sum = fmaf(weighted, error, sum);
      slopes[place] = 2 * weighted;
      if (ONE_ITEM) {
        sums.add(slopes[place], user[place], its, has(place, size), step);
      }
    }
    if (ONE_ITEM) {
      sums.addPlaces();
    }
    __syncwarp();  // every lane has what it asked for again of rows that are written now
#pragma unroll
    for (int place = 0; place < USERS; place++) {
      Present& own = user[place];
      Present& its = item[ONE_ITEM ? 0 : place];
      askForSlots(group, place + 1, user);
      float slope = slopes[place];
      float4 before[HELD];
#pragma unroll
      for (int held = 0; held < HELD; held++) {
        before[held] = own.factors[held];
      }
      own.move(step.shrink, slope, its.factors, shape, step);
      own.bias.move(fmaf(step.biasShrink, own.bias.weight, slope), step);
      own.store(block.users, group.rows[place].user, has(place, size), shape, at);
      if (!ONE_ITEM) {
        its.move(step.shrink, slope, before, shape, step);
        its.bias.move(fmaf(step.biasShrink, its.bias.weight, slope), step);
        its.store(block.items, group.rows[place].item, has(place, size), shape, at);
      }
    }
    if (ONE_ITEM) {
      __syncwarp();  // every place has read the numbers of the item's row
      sums.move(item[0], size, shape, step);
      item[0].store(block.items, group.rows[0].item, at.number == 0, shape, at);
      item[0].template round<Factor>();
    }
  }

  /// Returns this lane's sum of a e^2. wait: until items may be read.
  template <class Wait>
  __device__ __forceinline__ double run(int count, Wait wait) {
    int last = count - 1;
    if (last < 0) {
      wait();
      return 0;
    }
    // A group after the last one is the last one again.
    flights[0].head.word = groups[0];
    headAfter.word = groups[min(1, last)];
    headInThree.word = groups[min(2, last)];
    askForRatings(flights[0].rows, flights[0].ofLane, flights[0].head);
    askForRatings(rowsAfter, ofLaneAfter, headAfter);
    if (!block.ownUsers) {
      wait();
    }
    __syncwarp();  // what was written before
    askForUsers(0);
    if (block.ownUsers) {
      wait();
    }
    askForItems(0);
    for (int group = 0;; group += 2) {
      work<0>(min(group + 3, last));
      if (group == last) {
        break;
      }
      work<1>(min(group + 4, last));
      if (group + 1 == last) {
        break;
      }
    }
    return at.lane == 0 ? sum : 0;
  }
};

/// Goes through a block.
template <class Rule, class Factor, class At, bool AHEAD>
struct VisitHeld {
  const Block<Factor>& block;
  int lane;

  __device__ __forceinline__ VisitHeld(const Block<Factor>& block, int lane) : block(block), lane(lane) {}

  /// Returns this lane's sum of a e^2. wait: until items may be read.
  template <class Wait>
  __device__ __forceinline__ double run(Wait wait) {
    block.bringToL2(lane);
    HeldGroups<Rule, Factor, At, AHEAD, true> together(block, block.groups(), lane);
    double sum = together.run(block.together(), wait);
    HeldGroups<Rule, Factor, At, AHEAD, false> apart(block, block.groups() + block.together(), lane);
    return sum + apart.run(block.apart(), []() {});
  }
};
