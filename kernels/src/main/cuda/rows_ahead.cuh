// Rows that are brought to L2 before they are asked for. A row comes from memory in about the time that a group of ratings takes, and from L2 in a third of
// it; and a question for L2 alone takes no register, and nobody waits for it.
#pragma once

#include "groups.cuh"
#include "halves.cuh"

/// Brings the rows of the ratings after a group, of RATINGS: as many as the next group can have. Each lane brings a part of one rating's rows. VECTORS: of
/// a row, at most, so that the compiler can unroll; 0 for rows of any length.
template <class Rule, class Factor, int VECTORS, int RATINGS>
struct RowsAhead {
  using Vector = typename Stored<Factor>::Vector;
  static constexpr int LANES = WARP / RATINGS;

  const Block<Factor>& block;
  /// Of this lane's rating.
  RatingRows rows;

  __device__ __forceinline__ explicit RowsAhead(const Block<Factor>& block) : block(block), rows{0, 0} {}

  /// Asks which rows those are. After the last rating of all there are RATINGS more, that may be read.
  __device__ __forceinline__ void askAfter(const GroupHead& group) {
    int rating = (threadIdx.x & (WARP - 1)) / LANES;
    int2 words = as<const int2>(block.ratings + rating)[2 * (group.position() + group.size())];
    rows = RatingRows{words.x, words.y};
  }

  /// Brings a row of a table, which has so many bytes.
  template <class Of, class T>
  __device__ __forceinline__ void bring(Global<T> table, int row, unsigned bytes) const {
    constexpr unsigned MOST = VECTORS > 0 ? VECTORS * sizeof(Of) : ~0u;
    unsigned part = (threadIdx.x & (LANES - 1)) * SECTOR;
    Global<const char> at = as<const char>(table) + (unsigned long long)(unsigned)row * bytes + part;
#pragma unroll
    for (unsigned from = 0; from < (VECTORS > 0 ? MOST : bytes); from += LANES * SECTOR) {
      if (part + from < bytes) {
        bringToL2(at + from);
      }
    }
  }

  __device__ __forceinline__ void bring(const SideTables<Factor>& side, int row) const {
    bring<Vector>(side.factors, row, block.shape.template bytesOf<Vector>());
    if (Rule::SLOTS > 0) {
      bring<float4>(side.first, row, block.shape.bytesOfFloats);
    }
    if (Rule::SLOTS > 1) {
      bring<float4>(side.second, row, block.shape.bytesOfFloats);
    }
  }

  /// Brings the rows that it has asked for. newItems: whether those of items, too.
  __device__ __forceinline__ void bring(bool newItems) const {
    bring(block.users, rows.user);
    if (newItems) {
      bring(block.items, rows.item);
    }
  }
};
