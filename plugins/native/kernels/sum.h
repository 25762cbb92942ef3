// Sums over neighbouring axes, in a fixed order: parts of a fixed size are added up first, which also keeps the rounding
// error small.
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Numbers of a part, and columns that are summed up side by side. */
constexpr int SUM_NUMBERS = 1 << 14;
constexpr int SUM_COLUMNS = 1 << 10;
/** Rows added up before the total of a part is touched. */
constexpr int SUM_ROWS = 128;
/** Numbers below which no thread is woken. */
constexpr int64_t SUM_SMALL = 1 << 15;

/** Sum of neighbouring numbers. */
INLINE float sumLine(const float* x, int count) {
  V total{};
  int i = 0;
  while (i + LANES <= count) {
    V part{};
    for (int stop = least(count - LANES, i + SUM_ROWS * LANES); i <= stop; i += LANES) part += load(x + i);
    total += part;
  }
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += total[lane];
  float rest = 0;
  for (; i < count; i++) rest += x[i];
  return sum + rest;
}

/** Sums of neighbouring columns, `rows` long and `step` floats apart, for one vector of them. */
template <class T>
INLINE T sumColumns(const float* x, int rows, size_t step) {
  T total{};
  while (rows > 0) {
    T part{};
    for (const int stop = most(rows - SUM_ROWS, 0); rows > stop; rows--, x += step) part += load<T>(x);
    total += part;
  }
  return total;
}

/** out[i, j] = scale * sum over r of x[i, r, j], for x [outer, reduced, inner]. */
void sum(Pool& pool, const float* x, float* out, int outer, int reduced, int inner, float scale) {
  const int columns = least(inner, SUM_COLUMNS), across = divideUp(most(inner, 1), most(columns, 1));
  const int rows = inner == 1 ? SUM_NUMBERS : most(SUM_NUMBERS / most(columns, 1), 16);
  const int parts = most(divideUp(reduced, rows), 1);
  const bool small = (int64_t)outer * reduced * inner < SUM_SMALL;
  float* partial = parts == 1 ? nullptr : pool.memory((size_t)outer * parts * inner);
  pool.run(outer * parts * across, small, [&](int chunk, int) {
    const int block = chunk % across, part = chunk / across % parts;
    const size_t line = chunk / across / parts;
    const int first = part * rows, count = least(rows, reduced - first);
    const float* from = x + (line * reduced + first) * inner;
    float* to = parts == 1 ? out + line * inner : partial + (line * parts + part) * inner;
    const float factor = parts == 1 ? scale : 1;
    if (inner == 1) {
      *to = sumLine(from, count) * factor;
      return;
    }
    int j = block * SUM_COLUMNS;
    const int end = least(j + columns, inner);
    for (; j + LANES <= end; j += LANES) store(to + j, sumColumns<V>(from + j, count, inner) * factor);
    for (; j + 4 <= end; j += 4) store(to + j, sumColumns<V4>(from + j, count, inner) * factor);
    for (; j < end; j++) {
      float total = 0;
      for (int r = 0; r < count;) {
        float few = 0;
        for (const int stop = least(r + SUM_ROWS, count); r < stop; r++) few += from[(size_t)r * inner + j];
        total += few;
      }
      to[j] = total * factor;
    }
  });
  if (parts == 1) return;
  for (size_t line = 0; line < (size_t)outer; line++) {
    for (int j = 0; j < inner; j++) {
      float total = 0;
      for (int part = 0; part < parts; part++) total += partial[(line * parts + part) * inner + j];
      out[line * inner + j] = total * scale;
    }
  }
}

}  // namespace
}  // namespace GAN_ISA
