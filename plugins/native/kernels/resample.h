// Images of another size, where each line of pixels is a mix of a few others: rows first, then columns.
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Floats of the result in a chunk, and those below which no thread is woken. */
constexpr int RESAMPLE_FLOATS = 1 << 15;
constexpr int RESAMPLE_SMALL = 1 << 13;

/** What a line of the result takes from a line of x. */
struct Tap {
  int from;
  float weight;
};

/** Where the taps of each line begin, and where the last ones end; then all taps. */
struct TapTable {
  const int* starts;
  const Tap* taps;

  TapTable(const int* table, int lines) : starts(table), taps(reinterpret_cast<const Tap*>(table + lines + 1)) {}
  const Tap* begin(int line) const { return taps + starts[line]; }
  int count(int line) const { return starts[line + 1] - starts[line]; }
  /** Whether a line has the taps of the one before it. */
  bool repeats(int line) const {
    const int own = count(line);
    if (count(line - 1) != own) return false;
    const Tap *a = begin(line - 1), *b = begin(line);
    for (int i = 0; i < own; i++)
      if (a[i].from != b[i].from || a[i].weight != b[i].weight) return false;
    return true;
  }
};

/** to[i] = the sum of weight x[line, i] over the taps, for `length` floats of lines that are `step` floats apart. */
INLINE void mix(float* to, int length, const Tap* taps, int count, const float* x, size_t step) {
  int i = 0;
  const auto vectors = [&](auto zero) {
    using T = decltype(zero);
    constexpr int lanes = sizeof(T) / sizeof(float);
    for (; i + lanes <= length; i += lanes) {
      T sum{};
      for (int tap = 0; tap < count; tap++) sum += load<T>(x + taps[tap].from * step + i) * taps[tap].weight;
      store(to + i, sum);
    }
  };
  vectors(V{});
  vectors(V4{});
  for (; i < length; i++) {
    float sum = 0;
    for (int tap = 0; tap < count; tap++) sum += x[taps[tap].from * step + i] * taps[tap].weight;
    to[i] = sum;
  }
}

/** y[n, i, j] = the sum of rowWeight columnWeight x[n, row, column] over the taps of row i and of column j. */
void resample(Pool& pool, const float* x, float* y, int batch, int inHeight, int inWidth, int outHeight, int outWidth,
              int channels, const int* rowTable, const int* columnTable) {
  const TapTable rows(rowTable, outHeight), columns(columnTable, outWidth);
  const size_t line = (size_t)inWidth * channels, outLine = (size_t)outWidth * channels;
  float* lines = pool.memory(pool.threads() * line);
  const int blockRows = least(most((int)(RESAMPLE_FLOATS / outLine), 1), outHeight);
  const int blocks = divideUp(outHeight, blockRows);
  pool.run(batch * blocks, (int64_t)batch * outHeight * outLine < RESAMPLE_SMALL, [&](int chunk, int thread) {
    const size_t image = chunk / blocks;
    const int first = chunk % blocks * blockRows, end = least(first + blockRows, outHeight);
    const float* from = x + image * inHeight * line;
    float* to = y + (image * outHeight + first) * outLine;
    for (int i = first; i < end; i++, to += outLine) {
      if (i > first && rows.repeats(i)) {
        copy(to, to - outLine, outLine);
        continue;
      }
      const Tap* taps = rows.begin(i);
      const float* mixed = lines + thread * line;
      if (rows.count(i) == 1 && taps->weight == 1) mixed = from + taps->from * line;
      else mix(lines + thread * line, line, taps, rows.count(i), from, line);
      for (int j = 0; j < outWidth; j++)
        mix(to + (size_t)j * channels, channels, columns.begin(j), columns.count(j), mixed, channels);
    }
  });
}

}  // namespace
}  // namespace GAN_ISA
