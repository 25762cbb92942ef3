// Products whose factors are rounded to bfloat16 and whose sums are float32, in tiles. The left operand is [rows, depths];
// the right one is packed in panels whose pairs of depths lie side by side. That is what AMX and AVX512-BF16 want; the loops
// for other processors read the same.
//
// Rounding is to the nearest, ties to even; a NaN stays one. AMX and AVX512-BF16 take denormal factors and sums as 0, the
// loops for other processors do not.
#pragma once
#include "gemm.h"

namespace GAN_ISA {
namespace {

/** The bits of a bfloat16: the upper half of a float32. */
typedef uint16_t Half;

/** Depths of a tile, and the multiple to which depths are filled up with zeros. */
constexpr int STEP = 32;
/** Rows and columns of a tile. */
constexpr int SIDE = 16;

INLINE int stepsUp(int depths) { return divideUp(depths, STEP) * STEP; }
INLINE int sidesUp(int columns) { return divideUp(columns, SIDE) * SIDE; }

INLINE Half rounded(float value) {
  uint32_t bits;
  __builtin_memcpy(&bits, &value, sizeof(bits));
  const uint32_t nearest = (bits + 0x7fff + (bits >> 16 & 1)) >> 16;
  return (bits & 0x7fffffff) > 0x7f800000 ? (bits >> 16 | 0x40) : nearest;
}

/** Rounds numbers that lie side by side. */
INLINE void roundAll(Half* to, const float* from, int count) {
  int i = 0;
#if defined(__AVX512BF16__)
  for (; i + 32 <= count; i += 32) {
    const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_loadu_ps(from + i + 16), _mm512_loadu_ps(from + i));
    __builtin_memcpy(to + i, &both, sizeof(both));
  }
  if (i < count) {
    const uint32_t left = count - i;
    const uint32_t mask = (uint32_t)((1ull << left) - 1);
    const __m512bh both = _mm512_cvtne2ps_pbh(_mm512_maskz_loadu_ps(mask >> 16, from + i + 16),
                                              _mm512_maskz_loadu_ps(mask & 0xffff, from + i));
    _mm512_mask_storeu_epi16(to + i, mask, (__m512i)both);
  }
#else
  for (; i < count; i++) to[i] = rounded(from[i]);
#endif
}

/** Copies numbers; may write up to 31 more. */
INLINE void copyHalves(Half* to, const Half* from, int count) {
#if defined(__AVX512BW__)
  for (int i = 0; i < count; i += 32) {
    const int left = count - i;
    const uint32_t mask = left >= 32 ? ~0u : (1u << left) - 1;
    _mm512_storeu_si512(to + i, _mm512_maskz_loadu_epi16(mask, from + i));
  }
#else
  __builtin_memcpy(to, from, count * sizeof(Half));
#endif
}

/** Writes a[0], b[0], a[1], b[1], ... */
INLINE void interleave(Half* to, const Half* a, const Half* b, int count) {
  int i = 0;
#if defined(__AVX512BW__)
  for (; i < count; i += 16) {
    const int left = count - i;
    const __mmask16 mask = left >= 16 ? 0xffff : (1u << left) - 1;
    const __m512i even = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, a + i));
    const __m512i odd = _mm512_cvtepu16_epi32(_mm256_maskz_loadu_epi16(mask, b + i));
    _mm512_mask_storeu_epi32(to + 2 * i, mask, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
  }
#else
  for (; i < count; i++) {
    to[2 * i] = a[i];
    to[2 * i + 1] = b[i];
  }
#endif
}

/** A thread's tiles, from its beginning to its end. */
struct Tiles {
#if defined(__AMX_BF16__)
  Tiles() {
    struct {
      uint8_t palette = 1;
      uint8_t start = 0;
      uint8_t reserved[14] = {};
      uint16_t bytes[16] = {64, 64, 64, 64, 64, 64, 64, 64};
      uint8_t rows[16] = {16, 16, 16, 16, 16, 16, 16, 16};
    } config;
    _tile_loadconfig(&config);
  }
  ~Tiles() { _tile_release(); }
#else
  Tiles() {}
  ~Tiles() {}
#endif
  Tiles(const Tiles&) = delete;
};

/**
 * The left operand of one or two tiles, one below the other: 16 rows from `upper` and 16 from `lower` on, `row` apart. Its
 * depths lie in `runs` stretches of `depths`, a multiple of STEP, which are `step` apart.
 */
struct Left {
  const Half* upper;
  const Half* lower;
  ptrdiff_t row;
  int depths;
  int runs;
  ptrdiff_t step;
};

/**
 * c (+)= a b for DOWN x ACROSS tiles of 16 x 16.
 * @param b pairs of depths, `width` columns each
 */
template <int DOWN, int ACROSS>
INLINE void tiles(const Left& a, const Half* b, int width, float* c, ptrdiff_t cRow, bool add) {
#if defined(__AMX_BF16__)
  const ptrdiff_t line = cRow * sizeof(float), aLine = a.row * sizeof(Half), bLine = width * 2 * sizeof(Half);
  if (add) {
    _tile_loadd(0, c, line);
    if constexpr (ACROSS > 1) _tile_loadd(1, c + SIDE, line);
    if constexpr (DOWN > 1) _tile_loadd(2, c + SIDE * cRow, line);
    if constexpr (DOWN > 1 && ACROSS > 1) _tile_loadd(3, c + SIDE * cRow + SIDE, line);
  } else {
    _tile_zero(0);
    if constexpr (ACROSS > 1) _tile_zero(1);
    if constexpr (DOWN > 1) _tile_zero(2);
    if constexpr (DOWN > 1 && ACROSS > 1) _tile_zero(3);
  }
  for (int run = 0; run < a.runs; run++) {
    const Half* upper = a.upper + run * a.step;
    const Half* lower = a.lower + run * a.step;
    for (int d = 0; d < a.depths; d += STEP, b += STEP * width) {
      _tile_loadd(4, upper + d, aLine);
      _tile_loadd(6, b, bLine);
      _tile_dpbf16ps(0, 4, 6);
      if constexpr (ACROSS > 1) {
        _tile_loadd(7, b + 2 * SIDE, bLine);
        _tile_dpbf16ps(1, 4, 7);
      }
      if constexpr (DOWN > 1) {
        _tile_loadd(5, lower + d, aLine);
        _tile_dpbf16ps(2, 5, 6);
      }
      if constexpr (DOWN > 1 && ACROSS > 1) _tile_dpbf16ps(3, 5, 7);
    }
  }
  _tile_stored(0, c, line);
  if constexpr (ACROSS > 1) _tile_stored(1, c + SIDE, line);
  if constexpr (DOWN > 1) _tile_stored(2, c + SIDE * cRow, line);
  if constexpr (DOWN > 1 && ACROSS > 1) _tile_stored(3, c + SIDE * cRow + SIDE, line);
#elif defined(__AVX512BF16__)
  constexpr int ROWS = 8;
  for (int first = 0; first < DOWN * SIDE; first += ROWS) {
    float* to = c + first * cRow;
    const Half* start = first < SIDE ? a.upper + first * a.row : a.lower + (first - SIDE) * a.row;
    const Half* right = b;
    __m512 sums[ROWS][ACROSS];
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < ACROSS; v++) sums[r][v] = add ? _mm512_loadu_ps(to + r * cRow + v * SIDE) : _mm512_setzero_ps();
    for (int run = 0; run < a.runs; run++) {
      const Half* left = start + run * a.step;
      for (int d = 0; d < a.depths; d += 2, right += 2 * width) {
        __m512bh pairs[ACROSS];
        for (int v = 0; v < ACROSS; v++) __builtin_memcpy(&pairs[v], right + v * 2 * SIDE, 64);
#pragma GCC unroll 8
        for (int r = 0; r < ROWS; r++) {
          int pair;
          __builtin_memcpy(&pair, left + r * a.row + d, 4);
          const __m512bh factor = (__m512bh)_mm512_set1_epi32(pair);
          for (int v = 0; v < ACROSS; v++) sums[r][v] = _mm512_dpbf16_ps(sums[r][v], factor, pairs[v]);
        }
      }
    }
#pragma GCC unroll 8
    for (int r = 0; r < ROWS; r++)
      for (int v = 0; v < ACROSS; v++) _mm512_storeu_ps(to + r * cRow + v * SIDE, sums[r][v]);
  }
#else
  constexpr int ROWS = 4;
  typedef uint32_t Bits __attribute__((vector_size(sizeof(V))));
  for (int first = 0; first < DOWN * SIDE; first += ROWS) {
    const Half* start = first < SIDE ? a.upper + first * a.row : a.lower + (first - SIDE) * a.row;
    for (int column = 0; column < ACROSS * SIDE; column += LANES) {
      float* to = c + first * cRow + column;
      const Half* right = b + 2 * column;
      V sums[ROWS];
      for (int r = 0; r < ROWS; r++) sums[r] = add ? load(to + r * cRow) : V{};
      for (int run = 0; run < a.runs; run++) {
        const Half* left = start + run * a.step;
        for (int d = 0; d < a.depths; d += 2, right += 2 * width) {
          Bits pairs;
          __builtin_memcpy(&pairs, right, sizeof(pairs));
          const V even = (V)(pairs << 16), odd = (V)(pairs & 0xffff0000u);
#pragma GCC unroll 4
          for (int r = 0; r < ROWS; r++) {
            uint32_t pair;
            __builtin_memcpy(&pair, left + r * a.row + d, 4);
            const uint32_t low = pair << 16, high = pair & 0xffff0000u;
            float lower, upper;
            __builtin_memcpy(&lower, &low, 4);
            __builtin_memcpy(&upper, &high, 4);
            sums[r] = madd(splat(upper), odd, madd(splat(lower), even, sums[r]));
          }
        }
      }
      for (int r = 0; r < ROWS; r++) store(to + r * cRow, sums[r]);
    }
  }
#endif
}

/** As `tiles`, for 1 or 2 tiles each way. */
__attribute__((noinline)) void multiplyTiles(int down, int across, const Left& a, const Half* b, int width, float* c,
                                             ptrdiff_t cRow, bool add) {
  if (down == 2 && across == 2) tiles<2, 2>(a, b, width, c, cRow, add);
  else if (down == 2) tiles<2, 1>(a, b, width, c, cRow, add);
  else if (across == 2) tiles<1, 2>(a, b, width, c, cRow, add);
  else tiles<1, 1>(a, b, width, c, cRow, add);
}

/** Rows that are neighbours, `row` apart, and depths that lie side by side. */
INLINE Left along(const Half* data, ptrdiff_t row, int depths) { return {data, data + SIDE * row, row, depths, 1, 0}; }

/** Columns packed in panels of 2 x 16 columns, [pairs of depths][columns][2]; the last one has 16 where they suffice. */
struct HalfPanels {
  Half* data;
  int columns;
  /** A multiple of STEP. */
  int depths;

  int width(int column) const { return least(2 * SIDE, sidesUp(columns - column)); }
  Half* at(int column, int depth) const { return data + (size_t)column * depths + (size_t)depth * width(column); }
  /** In floats, which memory is counted in. */
  static size_t floats(int columns, int depths) { return (size_t)sidesUp(columns) * stepsUp(depths) / 2; }
};

/** A stretch of the depth of a right operand: number (d, j) is data[d * depthStep + j * columnStep]. */
struct Factor {
  const float* data;
  ptrdiff_t depthStep;
  ptrdiff_t columnStep;
  int depths;
};

/** Transposes 16 x 16 numbers of 32 bits, whose rows are `fromRow` and `toRow` apart. */
INLINE void transposeWords(const uint32_t* from, ptrdiff_t fromRow, uint32_t* to, ptrdiff_t toRow) {
#if defined(__AVX512F__)
  __m512i r[16], t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i++) r[i] = _mm512_loadu_si512(from + i * fromRow);
#pragma GCC unroll 8
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_epi32(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_epi32(r[i], r[i + 1]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) {
    r[i] = _mm512_unpacklo_epi64(t[i], t[i + 2]);
    r[i + 1] = _mm512_unpackhi_epi64(t[i], t[i + 2]);
    r[i + 2] = _mm512_unpacklo_epi64(t[i + 1], t[i + 3]);
    r[i + 3] = _mm512_unpackhi_epi64(t[i + 1], t[i + 3]);
  }
#pragma GCC unroll 4
  for (int i = 0; i < 4; i++) {
    t[i] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0x88);
    t[i + 4] = _mm512_shuffle_i32x4(r[i], r[i + 4], 0xdd);
    t[i + 8] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0x88);
    t[i + 12] = _mm512_shuffle_i32x4(r[i + 8], r[i + 12], 0xdd);
  }
#pragma GCC unroll 8
  for (int i = 0; i < 8; i++) {
    _mm512_storeu_si512(to + i * toRow, _mm512_shuffle_i32x4(t[i], t[i + 8], 0x88));
    _mm512_storeu_si512(to + (i + 8) * toRow, _mm512_shuffle_i32x4(t[i], t[i + 8], 0xdd));
  }
#else
  for (int i = 0; i < 16; i++)
    for (int j = 0; j < 16; j++) to[j * toRow + i] = from[i * fromRow + j];
#endif
}

/** `packDepths` for depths that lie side by side, from an even depth on: pairs of them are words that are transposed. */
INLINE void packRows(const HalfPanels& to, int column, int depth, const Factor& from) {
  const int width = to.width(column), count = least(width, to.columns - column);
  for (int d = 0; d < from.depths; d += STEP) {
    const int deep = least(STEP, from.depths - d), pairs = divideUp(deep, 2);
    for (int j = 0; j < width; j += SIDE) {
      alignas(64) uint32_t rows[SIDE * SIDE], turned[SIDE * SIDE];
      for (int c = 0; c < SIDE; c++) {
        Half* row = reinterpret_cast<Half*>(rows + SIDE * c);
        const int here = j + c < count ? deep : 0;
        if (here < STEP) __builtin_memset(row, 0, STEP * sizeof(Half));
        if (here > 0) roundAll(row, from.data + (column + j + c) * from.columnStep + d, here);
      }
      transposeWords(rows, SIDE, turned, SIDE);
      Half* out = to.at(column, depth + d) + 2 * j;
      for (int p = 0; p < pairs; p++) __builtin_memcpy(out + 2 * p * width, turned + SIDE * p, SIDE * sizeof(uint32_t));
    }
  }
}

/** Writes the depths of `from` to the panel at a column, from a depth on. */
INLINE void packDepths(const HalfPanels& to, int column, int depth, const Factor& from) {
  if (from.depthStep == 1 && from.columnStep != 1 && depth % 2 == 0) return packRows(to, column, depth, from);
  const int width = to.width(column), count = least(width, to.columns - column);
  const float* data = from.data + column * from.columnStep;
  for (int d = 0; d < from.depths;) {
    // a pair of depths where both are here and the first is even
    Half* out = to.at(column, (depth + d) & ~1) + ((depth + d) & 1);
    const bool pair = ((depth + d) & 1) == 0 && d + 1 < from.depths;
    const float* a = data + d * from.depthStep;
    const float* b = a + from.depthStep;
    int j = 0;
#if defined(__AVX512BF16__)
    if (pair && from.columnStep == 1) {
      for (; j < width; j += 16) {
        const int left = most(0, least(16, count - j));
        const __mmask16 mask = (1u << left) - 1;
        const __m512i even = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, a + j)));
        const __m512i odd = _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, b + j)));
        _mm512_storeu_si512(out + 2 * j, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
      }
    }
#endif
    if (pair) {
      for (; j < width; j++) {
        out[2 * j] = j < count ? rounded(a[j * from.columnStep]) : 0;
        out[2 * j + 1] = j < count ? rounded(b[j * from.columnStep]) : 0;
      }
      d += 2;
    } else {
      for (; j < width; j++) out[2 * j] = j < count ? rounded(a[j * from.columnStep]) : 0;
      d++;
    }
  }
}

/** Fills the depths from `depth` to the end of the panel with zeros. */
INLINE void endDepths(const HalfPanels& to, int column, int depth) {
  const int width = to.width(column);
  for (; depth < to.depths; depth++) {
    Half* out = to.at(column, depth & ~1) + (depth & 1);
    for (int j = 0; j < width; j++) out[2 * j] = 0;
  }
}

/**
 * The transpose of rows of float32, rounded: to[column][row], `toRow` apart.
 * @param from pointers to the rows, whose number is a multiple of 2; null stands for zeros
 */
INLINE void transposeRows(const float* const* from, int rows, int columns, Half* to, ptrdiff_t toRow) {
  for (int column = 0; column < columns; column += SIDE) {
    const int count = least(SIDE, columns - column);
    for (int row = 0; row < rows; row += STEP) {
      alignas(64) uint32_t pairs[16 * 16];
      for (int p = 0; p < 16; p++) {
        const float* a = row + 2 * p < rows ? from[row + 2 * p] : nullptr;
        const float* b = row + 2 * p + 1 < rows ? from[row + 2 * p + 1] : nullptr;
        uint32_t* out = pairs + 16 * p;
#if defined(__AVX512BF16__)
        const __mmask16 mask = (1u << count) - 1;
        const __m512i even = a ? _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, a + column))) : _mm512_setzero_si512();
        const __m512i odd = b ? _mm512_cvtepu16_epi32((__m256i)_mm512_cvtneps_pbh(_mm512_maskz_loadu_ps(mask, b + column))) : _mm512_setzero_si512();
        _mm512_store_si512(out, _mm512_or_si512(even, _mm512_slli_epi32(odd, 16)));
#else
        for (int j = 0; j < 16; j++) {
          const uint32_t low = a && j < count ? rounded(a[column + j]) : 0, high = b && j < count ? rounded(b[column + j]) : 0;
          out[j] = low | high << 16;
        }
#endif
      }
      transposeWords(pairs, 16, reinterpret_cast<uint32_t*>(to + column * toRow + row), toRow / 2);
    }
  }
}

}  // namespace
}  // namespace GAN_ISA
