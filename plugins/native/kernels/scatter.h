// Gradient of a convolution's input, which is also a transposed convolution, for few input channels, such as the last
// layer of a generator: one product without gaps gives what every output position adds under each tap, and each pixel
// collects its share. One image at a time, so that what lies in between stays in the cache.
#pragma once
#include "gemm.h"
#include "window.h"

namespace GAN_ISA {
namespace {

/** Channels from which a product for each phase is as good. */
constexpr int MANY_CHANNELS = 8;
/** Floats that the positions of an image add, at most. */
constexpr int64_t IMAGE_FLOATS = 1 << 22;

/** dx from dy; false, and nothing done, where another way is better. */
INLINE bool scatterInput(Pool& pool, const Window& w, const float* dy, const float* filter, float* dx) {
  const int columns = w.filterHeight * w.filterWidth * w.inChannels, width = lanesUp(columns);
  const int positions = w.outHeight * w.outWidth;
  if (w.inChannels >= MANY_CHANNELS || positions < 4 || (int64_t)positions * width > IMAGE_FLOATS) return false;
  const size_t added = (size_t)positions * width;
  const size_t packed = Panels::floats(columns, w.outChannels);
  float* memory = pool.memory(packed + pool.threads() * added);
  const Panels panels{memory, columns, w.outChannels};
  const bool small = (int64_t)w.batch * added * w.outChannels < SMALL;
  packPanels(pool, DenseColumns{filter, true, columns, w.outChannels}, panels, small);
  pool.run(w.batch, small, [&](int image, int thread) {
    float* own = memory + packed + thread * added;
    const float* from = dy + (size_t)image * positions * w.outChannels;
    for (int row = 0, high; row < positions; row += high) {
      high = tileRows(positions - row, MOST_POINTERS);
      for (int j = 0; j < columns; j += PANEL) {
        multiplyAlong(panels.width(j) / LANES, high, w.outChannels, from + (size_t)row * w.outChannels, w.outChannels,
                      panels.at(j, 0), 0, own + (size_t)row * width + j, width, false);
      }
    }
    float* to = dx + (size_t)image * w.inHeight * w.inWidth * w.inChannels;
    for (int y = 0; y < w.inHeight; y++) {
      for (int x = 0; x < w.inWidth; x++, to += w.inChannels) {
        // Position p lies under tap t where p * stride - pad + t is the pixel.
        float sum[MANY_CHANNELS] = {};
        for (int tapY = (y + w.padTop) % w.strideY; tapY < w.filterHeight && tapY <= y + w.padTop; tapY += w.strideY) {
          const int down = (y + w.padTop - tapY) / w.strideY;
          if (down >= w.outHeight) continue;
          for (int tapX = (x + w.padLeft) % w.strideX; tapX < w.filterWidth && tapX <= x + w.padLeft;
               tapX += w.strideX) {
            const int right = (x + w.padLeft - tapX) / w.strideX;
            if (right >= w.outWidth) continue;
            const float* share = own + (size_t)(down * w.outWidth + right) * width +
                                 (tapY * w.filterWidth + tapX) * w.inChannels;
            for (int c = 0; c < w.inChannels; c++) sum[c] += share[c];
          }
        }
        for (int c = 0; c < w.inChannels; c++) to[c] = sum[c];
      }
    }
  });
  return true;
}

}  // namespace
}  // namespace GAN_ISA
