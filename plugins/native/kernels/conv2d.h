// Convolutions as matrix products over the patches under the filter, which are never all written out.
#pragma once
#include "gemm.h"
#include "window.h"

namespace GAN_ISA {
namespace {

/**
 * The patches that a window cuts out of a batch of images NHWC, as the left operand of a product. Rows are window
 * positions (image, down, across), depths are (tap down, tap across, channel); what lies outside an image is 0.
 */
struct Patches {
  const float* data;
  int imageHeight;
  int imageWidth;
  int channels;
  /** Window positions in one image. */
  int height;
  int width;
  /** Pixels from one position to the next. */
  int strideY;
  int strideX;
  /** Pixel under the first tap at the first position. */
  int originY;
  int originX;
  /** Taps. */
  int tapsY;
  int tapsX;
  /** Pixels from one tap to the next; may be negative. */
  int stepY;
  int stepX;
  /** Scratch memory of each thread, and zeros that stand for what is outside. */
  float* scratch;
  size_t scratchFloats;
  const float* zeros;

  int depths() const { return tapsY * tapsX * channels; }

  /** Channels from which rows are read where they lie; fewer are copied side by side first. */
  static constexpr int MANY = 16;
  bool copied() const { return channels < MANY; }

  /** Memory that a block needs: copied rows, or pointers to them. */
  size_t blockFloats() const {
    const int depths = least(this->depths(), DEEP);
    if (copied()) return (size_t)CHUNK_ROWS * depths;
    return (size_t)CHUNK_ROWS * (divideUp(depths, channels) + 1) * 2;
  }

  /** Channel 0 under a tap at a position, or null outside the image. */
  const float* pixel(int image, int y, int x, int tapY, int tapX) const {
    const int down = originY + y * strideY + tapY * stepY, right = originX + x * strideX + tapX * stepX;
    if ((unsigned)down >= (unsigned)imageHeight || (unsigned)right >= (unsigned)imageWidth) return nullptr;
    return data + (((size_t)image * imageHeight + down) * imageWidth + right) * channels;
  }

  /** Copies the depths `depth` to `depth + count` of a position. */
  void copyRow(int position, int depth, int count, float* to) const {
    const int image = position / (height * width), y = position / width % height, x = position % width;
    const int lineFloats = tapsX * channels;
    const int right = originX + x * strideX;
    const bool inside = stepX == 1 && right >= 0 && right + tapsX <= imageWidth;
    for (const int end = depth + count; depth < end;) {
      const int tapY = depth / lineFloats, within = depth % lineFloats;
      const int tapX = within / channels, channel = within % channels;
      const int run = least(inside ? lineFloats - within : channels - channel, end - depth);
      const float* from = pixel(image, y, x, tapY, tapX);
      if (from) {
        from += channel;
        int i = 0;
        for (; i + 4 <= run; i += 4) store(to + i, load<V4>(from + i));
        for (; i < run; i++) to[i] = from[i];
      } else {
        for (int i = 0; i < run; i++) to[i] = 0;
      }
      to += run;
      depth += run;
    }
  }

  struct Block {
    const float* copies;
    int first;
    int depths;
    const float** pointers;
    int count;
    Run runs[256 + 2];

    void multiply(int vectors, int row, int high, const float* b, float* c, ptrdiff_t cRow, bool add) const {
      if (copies) multiplyAlong(vectors, high, depths, copies + (size_t)(row - first) * depths, depths, b, 0, c, cRow, add);
      else multiplyRuns(vectors, high, runs, count, row - first, b, 0, c, cRow, add);
    }
  };

  Block block(int thread, int first, int rows, int depth, int depths) const {
    float* own = scratch + thread * scratchFloats;
    Block made;
    made.first = first;
    made.depths = depths;
    made.copies = copied() ? own : nullptr;
    if (copied()) {
      for (int r = 0; r < rows; r++) copyRow(first + r, depth, depths, own + (size_t)r * depths);
      return made;
    }
    const float** pointers = reinterpret_cast<const float**>(own);
    made.count = 0;
    for (const int end = depth + depths; depth < end;) {
      const int tap = depth / channels, channel = depth % channels, run = least(channels - channel, end - depth);
      made.runs[made.count++] = {run, pointers};
      int image = first / (height * width), y = first / width % height, x = first % width;
      for (int r = 0; r < rows; r++) {
        const float* at = pixel(image, y, x, tap / tapsX, tap % tapsX);
        *pointers++ = at ? at + channel : zeros;
        if (++x == width) {
          x = 0;
          if (++y == height) {
            y = 0;
            image++;
          }
        }
      }
      depth += run;
    }
    return made;
  }
};

/** Sets where the filter of a convolution lies: the image, the output positions, the taps. */
template <class Places>
INLINE void placeFilter(Places& p, const Window& w, const float* x) {
  p.data = x;
  p.imageHeight = w.inHeight;
  p.imageWidth = w.inWidth;
  p.channels = w.inChannels;
  p.height = w.outHeight;
  p.width = w.outWidth;
  p.strideY = w.strideY;
  p.strideX = w.strideX;
  p.originY = -w.padTop;
  p.originX = -w.padLeft;
  p.tapsY = w.filterHeight;
  p.tapsX = w.filterWidth;
  p.stepY = w.dilationY;
  p.stepX = w.dilationX;
}

/** The patches under the filter of a convolution, one for each output position. */
INLINE Patches patchesOf(const Window& w, const float* x) {
  Patches p{};
  placeFilter(p, w, x);
  return p;
}

INLINE int64_t positionsOf(const Window& w) { return (int64_t)w.batch * w.outHeight * w.outWidth; }

/** Divides the memory of the kernel: zeros, what each thread works in, panels of the right operand. */
INLINE Panels place(Pool& pool, Patches& p, int columns) {
  const size_t zeros = lanesUp(most(p.channels, LANES));
  p.scratchFloats = (p.blockFloats() + 15) / 16 * 16;
  float* memory = pool.memory(zeros + pool.threads() * p.scratchFloats + Panels::floats(columns, p.depths()));
  fill(memory, zeros);
  p.zeros = memory;
  p.scratch = memory + zeros;
  return {p.scratch + pool.threads() * p.scratchFloats, columns, p.depths()};
}

/** True if patches are the pixels: no product needs to look for them. */
INLINE bool isPointwise(const Window& w) {
  return w.filterHeight == 1 && w.filterWidth == 1 && w.strideY == 1 && w.strideX == 1 && w.padTop == 0 &&
         w.padLeft == 0 && w.inHeight == w.outHeight && w.inWidth == w.outWidth;
}

/** out[m, n] = a b, with a stored as [m, k] or [k, m] and b as [k, n] or [n, k]. */
INLINE void product(Pool& pool, const float* a, bool transposeA, const float* b, bool transposeB, float* out, int m,
                    int n, int k) {
  if (k == 0) return fill(out, (size_t)m * n);
  const bool small = (int64_t)m * n * k < SMALL;
  const Panels panels{pool.memory(Panels::floats(n, k)), n, k};
  packPanels(pool, DenseColumns{b, transposeB, n, k}, panels, small);
  multiplyPacked(pool, DenseRows{a, transposeA, m, k}, panels, Rows::matrix(out, n), m, small);
}

/** y[position, outChannel] = patches(x)[position, tap] * filter[tap, outChannel]. */
INLINE void directForward(Pool& pool, const Window& w, const float* x, const float* filter, float* y) {
  const int m = positionsOf(w), n = w.outChannels;
  if (isPointwise(w)) return product(pool, x, false, filter, false, y, m, n, w.inChannels);
  Patches p = patchesOf(w, x);
  const Panels panels = place(pool, p, n);
  const bool small = (int64_t)m * n * p.depths() < SMALL;
  packPanels(pool, DenseColumns{filter, false, n, p.depths()}, panels, small);
  multiplyPacked(pool, p, panels, Rows::matrix(y, n), m, small);
}

/** Positions that are multiplied at a time, and the least of a part of the sum. */
constexpr int GRADIENT_POSITIONS = 128;
/** Taps and channels of a filter's gradient in one chunk. */
constexpr int GRADIENT_ROWS = 16 * MOST_ROWS;
/** Chunks, so that there is work for many threads. */
constexpr int GRADIENT_CHUNKS = 16;

/**
 * dFilter[tap, outChannel] = patches(x)^T [tap, position] * dy[position, outChannel]; the positions are cut into parts,
 * whose sums are added up in their order.
 */
INLINE void directFilter(Pool& pool, const Window& w, const float* x, const float* dy, float* dFilter) {
  const Patches p = patchesOf(w, x);
  const int m = p.depths(), n = w.outChannels, padded = lanesUp(n);
  const int positions = positionsOf(w);
  const int blocks = divideUp(m, GRADIENT_ROWS);
  const int parts = most(1, least(divideUp(GRADIENT_CHUNKS, blocks), positions / GRADIENT_POSITIONS));
  const int partPositions = divideUp(divideUp(positions, parts), GRADIENT_POSITIONS) * GRADIENT_POSITIONS;
  const bool small = (int64_t)m * n * positions < SMALL;
  const bool whole = isPointwise(w), direct = padded == n;
  const size_t sums = (size_t)m * padded;
  const size_t scratch =
      (whole ? 0 : GRADIENT_POSITIONS * GRADIENT_ROWS) + (direct ? 0 : (size_t)GRADIENT_POSITIONS * padded);
  float* memory = pool.memory(parts * sums + pool.threads() * scratch);
  float* scratches = memory + parts * sums;
  pool.run(blocks * parts, small, [&](int chunk, int thread) {
    const int first = chunk % blocks * GRADIENT_ROWS, rows = least(GRADIENT_ROWS, m - first);
    const int part = chunk / blocks;
    float* own = scratches + thread * scratch;
    float* slopes = own + (whole ? 0 : GRADIENT_POSITIONS * GRADIENT_ROWS);
    float* out = memory + part * sums + (size_t)first * padded;
    const int begin = part * partPositions, end = least(begin + partPositions, positions);
    if (begin >= end) fill(out, (size_t)rows * padded);
    for (int position = begin; position < end; position += GRADIENT_POSITIONS) {
      const int count = least(GRADIENT_POSITIONS, end - position);
      const float* a = x + (size_t)position * m + first;
      if (!whole) {
        for (int i = 0; i < count; i++) p.copyRow(position + i, first, rows, own + (size_t)i * rows);
        a = own;
      }
      const float* b = dy + (size_t)position * n;
      if (!direct) {
        for (int i = 0; i < count; i++) {
          copy(slopes + (size_t)i * padded, b + (size_t)i * n, n);
          fill(slopes + (size_t)i * padded + n, padded - n);
        }
        b = slopes;
      }
      for (int column = 0; column < padded; column += PANEL) {
        const int vectors = least(2, (padded - column) / LANES);
        multiplyAcross(vectors, rows, count, a, whole ? m : rows, b + column, padded, out + column, padded,
                       position > begin);
      }
    }
  });
  pool.run(divideUp(m, GRADIENT_ROWS), small, [&](int chunk, int) {
    for (int r = chunk * GRADIENT_ROWS, end = least(r + GRADIENT_ROWS, m); r < end; r++) {
      for (int j = 0; j < n; j++) {
        float sum = 0;
        for (int part = 0; part < parts; part++) sum += memory[part * sums + (size_t)r * padded + j];
        dFilter[(size_t)r * n + j] = sum;
      }
    }
  });
}

/** How many of first, first + stride, ... are below `end`. */
INLINE int countFrom(int first, int end, int stride) { return first < end ? divideUp(end - first, stride) : 0; }

/**
 * Every strideY-th and strideX-th tap of a filter [.., width, inChannels, outChannels] as the right operand: columns are
 * input channels, depths are (tap down, tap across, output channel).
 */
struct TapColumns {
  const float* filter;
  int width;
  int inChannels;
  int outChannels;
  int originY;
  int originX;
  int strideY;
  int strideX;
  int tapsX;

  void pack(const Panels& to, int column) const {
    for (int tap = 0; tap * outChannels < to.depths; tap++) {
      const int at = (originY + tap / tapsX * strideY) * width + originX + tap % tapsX * strideX;
      const DenseColumns matrix{filter + (size_t)at * inChannels * outChannels, true, inChannels, outChannels};
      // The panel of a tap is a part of the panel: its depths lie one after the other.
      Panels part{to.data, to.columns, outChannels};
      part.data = to.at(column, tap * outChannels) - (size_t)column * outChannels;
      matrix.pack(part, column);
    }
  }
};

/**
 * Gradient of the input, which is also the forward pass of a transposed convolution. Pixels whose distance is a multiple
 * of the stride meet the same taps, so each of the strideY * strideX phases is a product without gaps. Dilation 1 only,
 * as in tfjs.
 */
INLINE void directInput(Pool& pool, const Window& w, const float* dy, const float* filter, float* dx) {
  for (int y = 0; y < least(w.strideY, w.inHeight); y++) {
    for (int x = 0; x < least(w.strideX, w.inWidth); x++) {
      // Pixel y meets tap t at the output row (y + padTop - t) / strideY, hence the taps tapY, tapY + strideY, ...
      const int tapY = (y + w.padTop) % w.strideY, tapX = (x + w.padLeft) % w.strideX;
      Patches p{};
      p.data = dy;
      p.imageHeight = w.outHeight;
      p.imageWidth = w.outWidth;
      p.channels = w.outChannels;
      p.height = countFrom(y, w.inHeight, w.strideY);
      p.width = countFrom(x, w.inWidth, w.strideX);
      p.strideY = p.strideX = 1;
      p.originY = (y + w.padTop) / w.strideY;
      p.originX = (x + w.padLeft) / w.strideX;
      p.tapsY = countFrom(tapY, w.filterHeight, w.strideY);
      p.tapsX = countFrom(tapX, w.filterWidth, w.strideX);
      p.stepY = p.stepX = -1;
      const ptrdiff_t line = (ptrdiff_t)w.inWidth * w.inChannels;
      const Rows out{dx + y * line + (ptrdiff_t)x * w.inChannels, p.height,           p.width, w.inHeight * line,
                     w.strideY * line,                             (ptrdiff_t)w.strideX * w.inChannels};
      const int m = w.batch * p.height * p.width;
      if (p.depths() == 0) {
        for (int i = 0; i < m; i++) fill(out.at(i), w.inChannels);
        continue;
      }
      const Panels panels = place(pool, p, w.inChannels);
      const bool small = (int64_t)m * w.inChannels * p.depths() < SMALL;
      packPanels(pool, TapColumns{filter, w.filterWidth, w.inChannels, w.outChannels, tapY, tapX, w.strideY, w.strideX,
                                  p.tapsX},
                 panels, small);
      // With a stride of 1 the pixels are the rows of a matrix.
      const bool dense = w.strideY == 1 && w.strideX == 1;
      multiplyPacked(pool, p, panels, dense ? Rows::matrix(dx, w.inChannels) : out, m, small);
    }
  }
}

}  // namespace
}  // namespace GAN_ISA
