// Convolution of each channel by itself, and its gradients.
#pragma once
#include "pool.h"
#include "vector.h"
#include "window.h"

namespace GAN_ISA {
namespace {

/** Floats of the result in a chunk. */
constexpr int DEPTHWISE_FLOATS = 1 << 14;
/** Multiplications that are done before another thread would have woken up. */
constexpr int64_t DEPTHWISE_SMALL = 1 << 16;
/** Most taps of a filter: what the list of a pixel's taps has room for. */
constexpr int MOST_TAPS = 256;
/** Pixels that are computed side by side. */
constexpr int PIXELS = 4;

/** What a pixel sees under a tap, and the weights of its channels. */
struct SeenTap {
  const float* x;
  const float* filter;
};

/** The line that a tap reads for a line of the result, or -1. */
INLINE int seenLine(bool back, int to, int tap, int stride, int dilation, int pad, int size) {
  if (!back) {
    const int from = to * stride - pad + tap * dilation;
    return from >= 0 && from < size ? from : -1;
  }
  const int from = to + pad - tap * dilation;
  return from >= 0 && from % stride == 0 && from / stride < size ? from / stride : -1;
}

/** Results of COUNT neighbouring pixels, whose inputs are `step` floats apart. */
template <int COUNT>
INLINE void mixTaps(const SeenTap* taps, int count, size_t step, float* y, int channels) {
  int c = 0;
  const auto vectors = [&](auto zero) {
    using T = decltype(zero);
    constexpr int lanes = sizeof(T) / sizeof(float);
    for (; c + lanes <= channels; c += lanes) {
      T sums[COUNT] = {};
      for (int tap = 0; tap < count; tap++) {
        const T weight = load<T>(taps[tap].filter + c);
        const float* x = taps[tap].x + c;
        for (int i = 0; i < COUNT; i++) sums[i] = madd(load<T>(x + i * step), weight, sums[i]);
      }
      for (int i = 0; i < COUNT; i++) store(y + (size_t)i * channels + c, sums[i]);
    }
  };
  vectors(V{});
  vectors(V4{});
  for (; c < channels; c++) {
    for (int i = 0; i < COUNT; i++) {
      float sum = 0;
      for (int tap = 0; tap < count; tap++) sum = madd(taps[tap].x[i * step + c], taps[tap].filter[c], sum);
      y[(size_t)i * channels + c] = sum;
    }
  }
}

/** y from x or, `back`, the gradient of x from that of y. */
void depthwiseConv(Pool& pool, const GroupedWindow* window, const float* x, const float* filter, float* y, bool back) {
  const GroupedWindow& w = *window;
  const int channels = w.inChannels;
  const int fromHeight = back ? w.outHeight : w.inHeight, fromWidth = back ? w.outWidth : w.inWidth;
  const int toHeight = back ? w.inHeight : w.outHeight, toWidth = back ? w.inWidth : w.outWidth;
  const int blockRows = least(most(DEPTHWISE_FLOATS / (toWidth * channels), 1), toHeight);
  const int blocks = divideUp(toHeight, blockRows);
  // columns of the result that see the filter's whole width, if neighbours see neighbours
  const int width = (w.filterWidth - 1) * w.dilationX;
  const int start = back ? width - w.padLeft : divideUp(w.padLeft, w.strideX);
  const int reach = fromWidth - 1 + w.padLeft - width;
  const int stop = least(back ? fromWidth - w.padLeft : reach < 0 ? 0 : reach / w.strideX + 1, toWidth);
  const bool even = !back || w.strideX == 1;
  const size_t step = (size_t)(back ? 1 : w.strideX) * channels;
  const int64_t products =
      (int64_t)w.batch * toHeight * toWidth * channels * w.filterHeight * w.filterWidth;
  pool.run(w.batch * blocks, products < DEPTHWISE_SMALL, [&](int chunk, int) {
    const size_t image = chunk / blocks;
    const int first = chunk % blocks * blockRows, end = least(first + blockRows, toHeight);
    const float* from = x + image * fromHeight * fromWidth * channels;
    float* to = y + (image * toHeight + first) * toWidth * channels;
    SeenTap taps[MOST_TAPS];
    for (int i = first; i < end; i++) {
      for (int j = 0, done; j < toWidth; j += done, to += (size_t)done * channels) {
        int count = 0;
        for (int ty = 0; ty < w.filterHeight; ty++) {
          const int row = seenLine(back, i, ty, w.strideY, w.dilationY, w.padTop, fromHeight);
          if (row < 0) continue;
          for (int tx = 0; tx < w.filterWidth; tx++) {
            const int column = seenLine(back, j, tx, w.strideX, w.dilationX, w.padLeft, fromWidth);
            if (column < 0) continue;
            taps[count++] = {from + ((size_t)row * fromWidth + column) * channels,
                             filter + (size_t)(ty * w.filterWidth + tx) * channels};
          }
        }
        done = even && j >= start && j + PIXELS <= stop ? PIXELS : 1;
        if (done == 1) mixTaps<1>(taps, count, step, to, channels);
        else mixTaps<PIXELS>(taps, count, step, to, channels);
      }
    }
  });
}

/** The first column whose tap is not left of x, and the one from which on it is right of x. */
INLINE int firstSeen(const Window& w, int tap) {
  return divideUp(most(w.padLeft - tap * w.dilationX, 0), w.strideX);
}
INLINE int endSeen(const Window& w, int tap) {
  const int reach = w.inWidth - 1 + w.padLeft - tap * w.dilationX;
  return reach < 0 ? 0 : least(reach / w.strideX + 1, w.outWidth);
}

/** COUNT neighbouring taps of one row, over the columns `first` to `end`, for the channels of T. */
template <int COUNT, class T>
INLINE void addTaps(const Window& w, const float* x, const float* dy, float* to, int tap, int first, int end) {
  if (first >= end) return;
  const size_t channels = w.inChannels, step = w.strideX * channels, next = w.dilationX * channels;
  const float* from = x + (ptrdiff_t)(first * w.strideX + tap * w.dilationX - w.padLeft) * (ptrdiff_t)channels;
  const float* slopes = dy + first * channels;
  T sums[COUNT];
  for (int i = 0; i < COUNT; i++) sums[i] = load<T>(to + i * channels);
  for (int j = first; j < end; j++, from += step, slopes += channels) {
    const T slope = load<T>(slopes);
    for (int i = 0; i < COUNT; i++) sums[i] = madd(load<T>(from + i * next), slope, sums[i]);
  }
  for (int i = 0; i < COUNT; i++) store(to + i * channels, sums[i]);
}

/** What one row of dy and the row of x under a row of taps give. */
template <class T>
INLINE void addRow(const Window& w, const float* x, const float* dy, float* filter) {
  // columns that see all taps of the row; the last taps begin to see x first, and cease first
  const int inner = least(firstSeen(w, 0), w.outWidth), outer = most(endSeen(w, w.filterWidth - 1), inner);
  for (int tap = 0, together; tap < w.filterWidth; tap += together) {
    float* to = filter + (size_t)tap * w.inChannels;
    together = w.filterWidth - tap >= 4 ? 4 : w.filterWidth - tap == 3 ? 3 : 1;
    if (together == 4) addTaps<4, T>(w, x, dy, to, tap, inner, outer);
    else if (together == 3) addTaps<3, T>(w, x, dy, to, tap, inner, outer);
    else addTaps<1, T>(w, x, dy, to, tap, inner, outer);
    for (int t = tap; t < tap + together; t++, to += w.inChannels) {
      const int first = firstSeen(w, t), last = endSeen(w, t);
      addTaps<1, T>(w, x, dy, to, t, first, least(inner, last));
      addTaps<1, T>(w, x, dy, to, t, most(outer, first), last);
    }
  }
}

/** The filter's gradient; a chunk sums up a block of channels over all positions. */
void depthwiseFilter(Pool& pool, const GroupedWindow* window, const float* x, const float* dy, float* dFilter) {
  const GroupedWindow& w = *window;
  const int channels = w.inChannels, taps = w.filterHeight * w.filterWidth;
  const int64_t products = (int64_t)w.batch * w.outHeight * w.outWidth * channels * taps;
  pool.run(divideUp(channels, LANES), products < DEPTHWISE_SMALL, [&](int chunk, int) {
    const int begin = chunk * LANES, end = least(begin + LANES, channels);
    for (int tap = 0; tap < taps; tap++) fill(dFilter + (size_t)tap * channels + begin, end - begin);
    for (size_t n = 0; n < (size_t)w.batch; n++) {
      for (int i = 0; i < w.outHeight; i++) {
        const float* slopes = dy + (n * w.outHeight + i) * w.outWidth * channels;
        for (int ty = 0; ty < w.filterHeight; ty++) {
          const int row = seenLine(false, i, ty, w.strideY, w.dilationY, w.padTop, w.inHeight);
          if (row < 0) continue;
          const float* line = x + (n * w.inHeight + row) * w.inWidth * channels;
          float* to = dFilter + (size_t)ty * w.filterWidth * channels;
          int c = begin;
          for (; c + LANES <= end; c += LANES) addRow<V>(w, line + c, slopes + c, to + c);
          for (; c + 4 <= end; c += 4) addRow<V4>(w, line + c, slopes + c, to + c);
          for (; c < end; c++) addRow<float>(w, line + c, slopes + c, to + c);
        }
      }
    }
  });
}

}  // namespace
}  // namespace GAN_ISA
