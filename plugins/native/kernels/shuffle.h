// Channels to pixels and back: large[n, h r + i, w r + j, c] = small[n, h, w, c r^2 + i r + j], in PyTorch's order.
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Floats below which no thread is woken. */
constexpr int SHUFFLE_SMALL = 1 << 14;

/** A row of the small image, and the rows of the large one whose pixels are its channels. */
template <bool BACK>
INLINE void shuffleRow(const float* from, float* to, int width, int channels, int factor) {
  const size_t line = (size_t)width * factor * channels;
  const int all = factor * factor * channels;
  const auto move = [&](size_t small, size_t large) {
    if (BACK) to[small] = from[large];
    else to[large] = from[small];
  };
  for (int w = 0; w < width; w++) {
    const size_t small = (size_t)w * all, large = (size_t)w * factor * channels;
    int c = 0;
    // Four channels of four pixels are a square that is transposed in registers.
    if (factor == 2) {
      const size_t right = channels, below = line;
      for (; c + 4 <= channels; c += 4) {
        const size_t at = small + 4 * c, pixel = large + c;
        const size_t places[2][4] = {{at, at + 4, at + 8, at + 12},
                                     {pixel, pixel + right, pixel + below, pixel + below + right}};
        V4 square[4];
        for (int i = 0; i < 4; i++) square[i] = load<V4>(from + places[BACK][i]);
        transpose(square[0], square[1], square[2], square[3]);
        for (int i = 0; i < 4; i++) store(to + places[!BACK][i], square[i]);
      }
    }
    for (int i = 0; i < factor; i++)
      for (int j = 0; j < factor; j++)
        for (int rest = c; rest < channels; rest++)
          move(small + ((size_t)rest * factor + i) * factor + j, large + i * line + (size_t)j * channels + rest);
  }
}

/** From the small image to the large one, or the other way `back`; sides of the small one, channels of the large one. */
void shuffle(Pool& pool, const float* from, float* to, int batch, int height, int width, int channels, int factor,
             bool back) {
  const size_t row = (size_t)width * channels * factor * factor;
  pool.run(batch * height, batch * height * row < SHUFFLE_SMALL, [&](int chunk, int) {
    if (back) shuffleRow<true>(from + chunk * row, to + chunk * row, width, channels, factor);
    else shuffleRow<false>(from + chunk * row, to + chunk * row, width, channels, factor);
  });
}

}  // namespace
}  // namespace GAN_ISA
