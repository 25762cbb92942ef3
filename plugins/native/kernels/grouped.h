// Convolution in groups of channels: what a group sees is copied, with zeros around it, to where its channels lie side by
// side, and multiplied there by the tiles of the matrix product. Chunks are groups of blocks of rows, whose sizes do not
// depend on the number of threads.
#pragma once
#include "gemm.h"
#include "window.h"

namespace GAN_ISA {
namespace {

/** Floats of x that a chunk copies, if a row is not more: they stay in the second-level cache. */
constexpr int GROUP_BLOCK = 1 << 15;
/** Chunks of a filter's gradient, so that there is work for many threads. */
constexpr int GROUP_CHUNKS = 16;

struct Grouped {
  const float* x;
  int batch;
  int groups;
  int inHeight;
  int inWidth;
  int inChannels;
  int outHeight;
  int outWidth;
  int outChannels;
  /** Channels of a group. */
  int inWide;
  int outWide;
  int filterHeight;
  int filterWidth;
  int taps;
  int strideY;
  int strideX;
  /** One more than the zeros between pixels of x. */
  int upY;
  int upX;
  int dilationY;
  int dilationX;
  int top;
  int left;
  /** True: the filter is that of the convolution whose input's gradient this is. */
  bool back;
  /** Pixels in a copied row. */
  int lineWidth;
  /** Rows of the result in a chunk, and chunks of a group of an image. */
  int blockRows;
  int blocks;

  int depths() const { return taps * inWide; }
  size_t copyFloats() const {
    return (size_t)((blockRows - 1) * strideY + (filterHeight - 1) * dilationY + 1) * lineWidth * inWide;
  }
};

INLINE Grouped describeGroups(const GroupedWindow& w, bool back) {
  Grouped g{};
  g.batch = w.batch;
  g.groups = w.groups;
  g.filterHeight = w.filterHeight;
  g.filterWidth = w.filterWidth;
  g.taps = w.filterHeight * w.filterWidth;
  g.dilationY = w.dilationY;
  g.dilationX = w.dilationX;
  g.back = back;
  g.inHeight = back ? w.outHeight : w.inHeight;
  g.inWidth = back ? w.outWidth : w.inWidth;
  g.inChannels = back ? w.outChannels : w.inChannels;
  g.outHeight = back ? w.inHeight : w.outHeight;
  g.outWidth = back ? w.inWidth : w.outWidth;
  g.outChannels = back ? w.inChannels : w.outChannels;
  g.strideY = back ? 1 : w.strideY;
  g.strideX = back ? 1 : w.strideX;
  g.upY = back ? w.strideY : 1;
  g.upX = back ? w.strideX : 1;
  g.top = back ? (w.filterHeight - 1) * w.dilationY - w.padTop : w.padTop;
  g.left = back ? (w.filterWidth - 1) * w.dilationX - w.padLeft : w.padLeft;
  g.inWide = g.inChannels / g.groups;
  g.outWide = g.outChannels / g.groups;
  g.lineWidth = (g.outWidth - 1) * g.strideX + (g.filterWidth - 1) * g.dilationX + 1;
  const int fit = GROUP_BLOCK / (g.lineWidth * g.inWide) - (g.filterHeight - 1) * g.dilationY - 1;
  g.blockRows = least(most(fit / g.strideY + 1, 1), g.outHeight);
  g.blocks = divideUp(g.outHeight, g.blockRows);
  return g;
}

INLINE void copyFloats(const float* from, float* to, int count) {
  int i = 0;
  for (; i + 4 <= count; i += 4) store(to + i, load<V4>(from + i));
  for (; i < count; i++) to[i] = from[i];
}

/** What a block of rows of the result sees of a group: [rows, lineWidth, inWide]. */
INLINE void copyBlock(const Grouped& g, int image, int group, int first, int rows, float* to) {
  const int height = (rows - 1) * g.strideY + (g.filterHeight - 1) * g.dilationY + 1;
  const size_t line = (size_t)g.lineWidth * g.inWide;
  for (int r = 0; r < height; r++, to += line) {
    fill(to, line);
    const int y = first * g.strideY + r - g.top;
    if (y < 0 || y % g.upY != 0 || y / g.upY >= g.inHeight) continue;
    const float* row =
        g.x + ((size_t)image * g.inHeight + y / g.upY) * g.inWidth * g.inChannels + (size_t)group * g.inWide;
    for (int x = 0; x < g.inWidth; x++) {
      const int at = x * g.upX + g.left;
      if (at >= 0 && at < g.lineWidth) {
        copyFloats(row + (size_t)x * g.inChannels, to + (size_t)at * g.inWide, g.inWide);
      }
    }
  }
}

/** The filter of each group in panels, [groups] of them, with zeros where the last one sticks out. */
INLINE void packGroups(Pool& pool, const Grouped& g, const float* filter, float* packed, bool small) {
  const size_t group = Panels::floats(g.outWide, g.depths());
  pool.run(g.groups, small, [&](int chunk, int) {
    const Panels to{packed + chunk * group, g.outWide, g.depths()};
    for (int first = 0; first < g.outWide; first += PANEL) {
      const int width = to.width(first), columns = least(width, g.outWide - first);
      float* at = to.at(first, 0);
      for (int tap = 0; tap < g.taps; tap++) {
        for (int i = 0; i < g.inWide; i++, at += width) {
          // the other convolution's filter is [taps, outWide, inChannels]
          const float* from = filter;
          size_t step = 1;
          if (g.back) {
            from += ((size_t)(g.taps - 1 - tap) * g.outWide + first) * g.inChannels + chunk * g.inWide + i;
            step = g.inChannels;
          } else {
            from += ((size_t)tap * g.inWide + i) * g.outChannels + (size_t)chunk * g.outWide + first;
          }
          for (int j = 0; j < width; j++) at[j] = j < columns ? from[j * step] : 0;
        }
      }
    }
  });
}

INLINE void convolveGroups(Pool& pool, const Grouped& g, const float* filter, float* y) {
  const bool small = (int64_t)g.batch * g.outHeight * g.outWidth * g.outChannels * g.depths() < SMALL;
  const size_t group = Panels::floats(g.outWide, g.depths());
  const size_t scratch = g.copyFloats() + (size_t)g.outWidth * PANEL;
  float* packed = pool.memory(g.groups * group + pool.threads() * scratch);
  packGroups(pool, g, filter, packed, small);
  // Where taps are neighbours, a row of them is one stretch of the depth.
  const bool merged = g.dilationX == 1;
  const int runs = merged ? g.filterHeight : g.taps, runDepths = g.depths() / runs;
  pool.run(g.batch * g.groups * g.blocks, small, [&](int chunk, int thread) {
    float* copies = packed + g.groups * group + thread * scratch;
    float* result = copies + g.copyFloats();
    const int block = chunk % g.blocks, image = chunk / g.blocks % g.batch, own = chunk / g.blocks / g.batch;
    const int first = block * g.blockRows, rows = least(g.blockRows, g.outHeight - first);
    copyBlock(g, image, own, first, rows, copies);
    const Panels panels{packed + own * group, g.outWide, g.depths()};
    const size_t line = (size_t)g.lineWidth * g.inWide;
    for (int r = 0; r < rows; r++) {
      float* row = y + ((size_t)image * g.outHeight + first + r) * g.outWidth * g.outChannels + (size_t)own * g.outWide;
      for (int column = 0; column < g.outWide; column += PANEL) {
        const int width = panels.width(column), columns = least(width, g.outWide - column);
        const bool direct = columns == width;
        for (int run = 0; run < runs; run++) {
          const int ty = merged ? run : run / g.filterWidth, tx = merged ? 0 : run % g.filterWidth;
          const float* a = copies + (size_t)(r * g.strideY + ty * g.dilationY) * line + (size_t)tx * g.dilationX * g.inWide;
          multiplyAlong(width / LANES, g.outWidth, runDepths, a, (ptrdiff_t)g.strideX * g.inWide,
                        panels.at(column, run * runDepths), 0, direct ? row + column : result,
                        direct ? g.outChannels : width, run > 0);
        }
        if (direct) continue;
        for (int x = 0; x < g.outWidth; x++)
          copyFloats(result + (size_t)x * width, row + (size_t)x * g.outChannels + column, columns);
      }
    }
  });
}

void groupedConv(Pool& pool, const GroupedWindow* window, const float* x, const float* filter, float* y) {
  Grouped g = describeGroups(*window, false);
  g.x = x;
  convolveGroups(pool, g, filter, y);
}

/** The gradient of the input is the convolution of dy, with zeros between its pixels, by the filter turned round. */
void groupedInput(Pool& pool, const GroupedWindow* window, const float* dy, const float* filter, float* dx) {
  Grouped g = describeGroups(*window, true);
  g.x = dy;
  convolveGroups(pool, g, filter, dx);
}

/** Gradient of the filter: parts of the batch are summed up first, then added in their order. */
void groupedFilter(Pool& pool, const GroupedWindow* window, const float* x, const float* dy, float* dFilter) {
  Grouped g = describeGroups(*window, false);
  g.x = x;
  const int width = lanesUp(g.outWide), depths = g.depths();
  const int splits = least(divideUp(GROUP_CHUNKS, g.groups), g.batch);
  const size_t sums = (size_t)depths * width, slopeFloats = (size_t)g.blockRows * g.lineWidth * width;
  const size_t scratch = g.copyFloats() + slopeFloats;
  const bool small = (int64_t)g.batch * g.outHeight * g.outWidth * g.outChannels * depths < SMALL;
  float* memory = pool.memory(g.groups * splits * sums + pool.threads() * scratch);
  const bool merged = g.dilationX == 1;
  const int runs = merged ? g.filterHeight : g.taps, runRows = depths / runs;
  // with a stride of 1 the rows of a block are one sum: dy has zeros where a row of x is longer
  const bool whole = g.strideX == 1 && g.strideY == 1;
  const size_t line = (size_t)g.lineWidth * g.inWide;
  pool.run(g.groups * splits, small, [&](int chunk, int thread) {
    const int group = chunk / splits, split = chunk % splits;
    float* copies = memory + g.groups * splits * sums + thread * scratch;
    float* slopes = copies + g.copyFloats();
    float* out = memory + chunk * sums;
    fill(out, sums);
    for (int image = split * g.batch / splits; image < (split + 1) * g.batch / splits; image++) {
      for (int first = 0; first < g.outHeight; first += g.blockRows) {
        const int rows = least(g.blockRows, g.outHeight - first);
        copyBlock(g, image, group, first, rows, copies);
        fill(slopes, (size_t)rows * g.lineWidth * width);
        for (int r = 0; r < rows; r++) {
          const float* from =
              dy + ((size_t)image * g.outHeight + first + r) * g.outWidth * g.outChannels + (size_t)group * g.outWide;
          float* to = slopes + (size_t)r * g.lineWidth * width;
          for (int i = 0; i < g.outWidth; i++, from += g.outChannels, to += width) copyFloats(from, to, g.outWide);
        }
        for (int run = 0; run < runs; run++) {
          const int ty = merged ? run : run / g.filterWidth, tx = merged ? 0 : run % g.filterWidth;
          const float* a = copies + (size_t)ty * g.dilationY * line + (size_t)tx * g.dilationX * g.inWide;
          for (int column = 0; column < width; column += PANEL) {
            const int vectors = least(2, (width - column) / LANES);
            float* c = out + (size_t)run * runRows * width + column;
            if (whole) {
              multiplyAcross(vectors, runRows, (rows - 1) * g.lineWidth + g.outWidth, a, g.inWide, slopes + column, width,
                             c, width, true);
            } else {
              for (int r = 0; r < rows; r++) {
                multiplyAcross(vectors, runRows, g.outWidth, a + (size_t)r * g.strideY * line,
                               (ptrdiff_t)g.strideX * g.inWide, slopes + (size_t)r * g.lineWidth * width + column, width,
                               c, width, true);
              }
            }
          }
        }
      }
    }
  });
  pool.run(g.groups, small, [&](int group, int) {
    for (int row = 0; row < depths; row++) {
      for (int j = 0; j < g.outWide; j++) {
        float sum = 0;
        for (int split = 0; split < splits; split++)
          sum += memory[(size_t)(group * splits + split) * sums + (size_t)row * width + j];
        dFilter[(size_t)row * g.outChannels + (size_t)group * g.outWide + j] = sum;
      }
    }
  });
}

}  // namespace
}  // namespace GAN_ISA
