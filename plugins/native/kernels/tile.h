// The inner loops of the matrix product. The sums of a tile, up to MOST_ROWS rows of one or two vectors, stay in
// registers.
#pragma once
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Rows of the next tile, so that `left` rows are cut into tiles of nearly the same height. */
INLINE int tileRows(int left, int limit) { return divideUp(left, divideUp(left, limit)); }

/**
 * Rows whose numbers lie side by side along the depth are addressed by a pointer each, of which there are registers for
 * so many.
 */
constexpr int MOST_POINTERS = LANES == 16 ? 12 : MOST_ROWS;

template <int ROWS, int VECTORS>
INLINE void begin(V (&sums)[ROWS][VECTORS]) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++)
    for (int v = 0; v < VECTORS; v++) sums[r][v] = V{};
}

template <int ROWS, int VECTORS>
INLINE void finish(V (&sums)[ROWS][VECTORS], float* c, ptrdiff_t cRow, bool add) {
#pragma GCC unroll 16
  for (int r = 0; r < ROWS; r++)
#pragma GCC unroll 2
    for (int v = 0; v < VECTORS; v++) {
      float* to = c + r * cRow + v * LANES;
      store(to, add ? load(to) + sums[r][v] : sums[r][v]);
    }
}

/** c[r, j] (+)= the sum over the depth d of a[r + d * aDepth] * b[j + d * bDepth]. */
template <int ROWS, int VECTORS>
__attribute__((noinline)) void acrossTile(int depths, const float* a, ptrdiff_t aDepth, const float* b,
                                          ptrdiff_t bDepth, float* c, ptrdiff_t cRow, bool add) {
  V sums[ROWS][VECTORS];
  begin(sums);
  for (; depths > 0; depths--, a += aDepth, b += bDepth) {
    V right[VECTORS];
    for (int v = 0; v < VECTORS; v++) right[v] = load(b + v * LANES);
#pragma GCC unroll 16
    for (int r = 0; r < ROWS; r++) {
      const V left = splat(a[r]);
      for (int v = 0; v < VECTORS; v++) sums[r][v] = madd(left, right[v], sums[r][v]);
    }
  }
  finish(sums, c, cRow, add);
}

/** A stretch of the depth in which the numbers of each row lie side by side, from its pointer on. */
struct Run {
  int depths;
  const float* const* rows;
};

/**
 * c[r, j] (+)= the sum over the runs and their depths of run.rows[first + r][d] * b[d, j]. b is a panel that holds the
 * columns of the tile, depth after depth: [depths][VECTORS * LANES].
 * @param ahead floats from the panel to the one that is needed next, which is asked for meanwhile
 */
template <int ROWS, int VECTORS>
__attribute__((noinline)) void alongTile(const Run* runs, int count, int first, const float* b, ptrdiff_t ahead, float* c,
                                         ptrdiff_t cRow, bool add) {
  V sums[ROWS][VECTORS];
  begin(sums);
  for (const Run* end = runs + count; runs < end; runs++) {
    const float* a[ROWS];
    for (int r = 0; r < ROWS; r++) a[r] = runs->rows[first + r];
    for (ptrdiff_t d = 0, depths = runs->depths; d < depths; d++, b += VECTORS * LANES) {
      V right[VECTORS];
      for (int v = 0; v < VECTORS; v++) right[v] = load(b + v * LANES);
      for (int v = 0; v < VECTORS; v += 16 / LANES) __builtin_prefetch(b + ahead + v * LANES);  // cache lines
#pragma GCC unroll 16
      for (int r = 0; r < ROWS; r++) {
        const V left = splat(a[r][d]);
        for (int v = 0; v < VECTORS; v++) sums[r][v] = madd(left, right[v], sums[r][v]);
      }
    }
  }
  finish(sums, c, cRow, add);
}

/** The tile of `rows` rows, of at most ROWS. */
template <int VECTORS, int ROWS = MOST_ROWS, class... Rest>
INLINE void across(int rows, Rest... rest) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return across<VECTORS, ROWS - 1>(rows, rest...);
  }
  acrossTile<ROWS, VECTORS>(rest...);
}
template <int VECTORS, int ROWS = MOST_POINTERS, class... Rest>
INLINE void along(int rows, Rest... rest) {
  if constexpr (ROWS > 1) {
    if (rows < ROWS) return along<VECTORS, ROWS - 1>(rows, rest...);
  }
  alongTile<ROWS, VECTORS>(rest...);
}

/**
 * Any number of rows, which are neighbours, and whose depths are `aDepth` apart.
 */
__attribute__((noinline)) void multiplyAcross(int vectors, int rows, int depths, const float* a, ptrdiff_t aDepth, const float* b,
                           ptrdiff_t bDepth, float* c, ptrdiff_t cRow, bool add) {
  for (int high; rows > 0; rows -= high, a += high, c += high * cRow) {
    high = tileRows(rows, MOST_ROWS);
    if (vectors == 2) across<2>(high, depths, a, aDepth, b, bDepth, c, cRow, add);
    else across<1>(high, depths, a, aDepth, b, bDepth, c, cRow, add);
  }
}

/** One tile whose rows are those of the runs from `first` on. */
__attribute__((noinline)) void multiplyRuns(int vectors, int rows, const Run* runs, int count, int first, const float* b,
                                            ptrdiff_t ahead, float* c, ptrdiff_t cRow, bool add) {
  if (vectors == 2) along<2>(rows, runs, count, first, b, ahead, c, cRow, add);
  else along<1>(rows, runs, count, first, b, ahead, c, cRow, add);
}

/** Any number of rows, `aRow` apart, whose numbers are neighbours along the depth. */
__attribute__((noinline)) void multiplyAlong(int vectors, int rows, int depths, const float* a, ptrdiff_t aRow,
                                             const float* b, ptrdiff_t ahead, float* c, ptrdiff_t cRow, bool add) {
  for (int high; rows > 0; rows -= high, c += high * cRow, ahead = 0) {
    high = tileRows(rows, MOST_POINTERS);
    const float* pointers[MOST_ROWS];
    for (int r = 0; r < high; r++, a += aRow) pointers[r] = a;
    const Run run{depths, pointers};
    multiplyRuns(vectors, high, &run, 1, 0, b, ahead, c, cRow, add);
  }
}

}  // namespace
}  // namespace GAN_ISA
