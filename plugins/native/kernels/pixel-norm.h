// Pixels of the same length: y = x / sqrt(mean over the channels of x^2 + eps), and the gradient of x, for x [rows, channels].
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Floats of a chunk, and those below which no thread is woken. */
constexpr int PIXEL_FLOATS = 1 << 14;
constexpr int PIXEL_SMALL = 1 << 13;

/** Calls `body(row)` with the place of each row. */
template <class Body>
INLINE void eachPixel(Pool& pool, int rows, int channels, const Body& body) {
  const int block = most(PIXEL_FLOATS / channels, 1);
  pool.run(divideUp(rows, block), (int64_t)rows * channels < PIXEL_SMALL, [&](int chunk, int) {
    for (int r = chunk * block, end = least(r + block, rows); r < end; r++) body((size_t)r * channels);
  });
}

INLINE float dot(const float* a, const float* b, int count) {
  V first{}, second{};
  int i = 0;
  for (; i + 2 * LANES <= count; i += 2 * LANES) {
    first = madd(load(a + i), load(b + i), first);
    second = madd(load(a + i + LANES), load(b + i + LANES), second);
  }
  if (i + LANES <= count) {
    first = madd(load(a + i), load(b + i), first);
    i += LANES;
  }
  first += second;
  float sum = 0;
  for (int lane = 0; lane < LANES; lane++) sum += first[lane];
  for (; i < count; i++) sum += a[i] * b[i];
  return sum;
}

/** 1 / sqrt(mean(x^2) + eps) */
INLINE float inverseLength(const float* x, int channels, float eps) {
  return 1 / __builtin_sqrtf(dot(x, x, channels) / channels + eps);
}

void pixelNorm(Pool& pool, const float* x, float* y, int rows, int channels, float eps) {
  eachPixel(pool, rows, channels, [&](size_t row) {
    const float* from = x + row;
    float* to = y + row;
    const float factor = inverseLength(from, channels, eps);
    for (int c = 0; c < channels; c++) to[c] = factor * from[c];
  });
}

/** dx = (dy - y mean(y dy)) / length, where y = x / length. */
void pixelNormGrad(Pool& pool, const float* x, const float* dy, float* dx, int rows, int channels, float eps) {
  eachPixel(pool, rows, channels, [&](size_t row) {
    const float *from = x + row, *gradient = dy + row;
    float* to = dx + row;
    const float factor = inverseLength(from, channels, eps);
    const float along = dot(from, gradient, channels) / channels * factor * factor;
    for (int c = 0; c < channels; c++) to[c] = factor * (gradient[c] - along * from[c]);
  });
}

}  // namespace
}  // namespace GAN_ISA
