// Convolutions by minimal filtering in two dimensions: the output grid is cut into tiles of m x m, and for each of n x n
// points there is a matrix product over the channels, of transformed image tiles [tiles, depth] and a transformed filter
// [depth, columns]. A convolution with stride s and s r taps along each axis is the sum of s x s such convolutions with
// stride 1 and r taps, one for each phase of the image; they are added up inside the product, in its depth.
#pragma once
#include "gemm.h"
#include "transforms.h"
#include "window.h"

namespace GAN_ISA {
namespace {

enum class Kind { Forward, Filter, Input };

/** Fewest channels in and out for which the transforms are worth their while. */
constexpr int FEW = 8;
/** Products per transformed tap that take as long as transforming it, reading and writing it. */
constexpr int TAP_COST = 16;
/** Multiplications of the direct way below which it is taken. */
constexpr int64_t SMALL_CONVOLUTION = 1 << 20;
/** Floats of a transformed filter that all chunks read, 6 MB; a larger one is transformed block by block. */
constexpr int64_t SHARED_FLOATS = 3 << 19;
/** Floats of the products of a chunk, 512 kB: they stay in the second-level cache beside a block of tiles. */
constexpr int PRODUCT_FLOATS = 1 << 17;
/** Depths that are transformed and multiplied at a time. */
constexpr int BLOCK_DEPTHS = 64;
/** Tiles of a chunk below which reading the transformed filter takes longer than multiplying by it, if it is large. */
constexpr int FEW_TILES = 16;
constexpr int64_t LARGE_FLOATS = 1 << 18;
/** Columns in a chunk that transforms its part of the filter itself. */
constexpr int BLOCK_COLUMNS = 64;
/** Most tiles in such a chunk. */
constexpr int BLOCK_TILES = 128;

struct Minimal {
  /** Points, outputs and taps along an axis. */
  int n;
  int m;
  int r;
  /** Images [.., imageHeight, imageWidth, channels] that the data tiles are cut from. */
  const float* image;
  int imageHeight;
  int imageWidth;
  int channels;
  /** Pixels from one position of a phase to the next, which is the number of phases along an axis. */
  int stride;
  /** Pixel of the first phase under the first tap at the first output. */
  int originY;
  int originX;
  /** Grid of outputs: where it begins, its size, floats from one image, row and column to the next. */
  float* grid;
  int gridHeight;
  int gridWidth;
  ptrdiff_t gridImage;
  ptrdiff_t gridRow;
  ptrdiff_t gridColumn;
  /** Channels of the outputs. */
  int columns;
  /** Filter [.., filterWidth, rows, rowLength], its first tap and the distance of its taps, which may be negative. */
  float* filter;
  int filterWidth;
  int filterRows;
  int rowLength;
  int tapY;
  int tapX;
  int tapStep;
  /** True if the rows of the filter are output channels. */
  bool transposed;
  /** Tiles: in all, down and across one image. */
  int tiles;
  int tilesDown;
  int tilesAcross;

  int points() const { return n * n; }
  /** Channels of all phases. */
  int depth() const { return stride * stride * channels; }

  /** Sets the variant, and the tiles that follow from it. */
  void variant(int points, int batch) {
    n = points;
    m = outputsOf(points);
    r = tapsOf(points);
    tilesDown = divideUp(gridHeight, m);
    tilesAcross = divideUp(gridWidth, m);
    tiles = batch * tilesDown * tilesAcross;
  }
};

/** Floats of a row, such that rows below each other do not share cache sets; of a plane, with the same purpose. */
INLINE size_t paddedRow(int floats) { return (size_t)floats + 16; }
INLINE size_t paddedPlane(size_t floats) { return (floats + 15) / 16 * 16 + 48; }

/**
 * Transforms `channels` channels from `channel` on, of the phase, for the tiles from `tile` on. The i-th tile's numbers
 * for point p go to `to + p * plane + i * row`, one channel after the other.
 */
template <int N>
INLINE void transformTiles(const Minimal& c, int phase, int channel, int channels, int tile, int tiles, float* to,
                           size_t row, size_t plane) {
  const ptrdiff_t across = (ptrdiff_t)c.stride * c.channels, down = across * c.imageWidth;
  const int perImage = c.tilesDown * c.tilesAcross, phaseY = phase / c.stride;
  for (int i = 0; i < tiles; i++, to += row) {
    const int image = (tile + i) / perImage, within = (tile + i) % perImage;
    const int y = c.originY + phaseY + within / c.tilesAcross * c.m * c.stride;
    const int x = c.originX + phase - phaseY * c.stride + within % c.tilesAcross * c.m * c.stride;
    const bool inside =
        y >= 0 && x >= 0 && y + (N - 1) * c.stride < c.imageHeight && x + (N - 1) * c.stride < c.imageWidth;
    const float* corner =
        c.image + (((ptrdiff_t)image * c.imageHeight + y) * c.imageWidth + x) * c.channels + channel;
    for (int k = 0; k < channels; k += LANES) {
      const auto write = [&](int p, int q, V value) { store(to + (p * N + q) * plane + k, value); };
      if (inside) {
        transform<Data<N>>([&](int p, int q) { return load(corner + p * down + q * across + k); }, write);
      } else {
        transform<Data<N>>(
            [&](int p, int q) {
              const bool exists = (unsigned)(y + p * c.stride) < (unsigned)c.imageHeight &&
                                  (unsigned)(x + q * c.stride) < (unsigned)c.imageWidth;
              return exists ? load(corner + p * down + q * across + k) : V{};
            },
            write);
      }
    }
  }
}

/**
 * Transforms the taps of the depths `first` to `end` of one phase and of the columns from `column` on, packed for the
 * product: panels [depths][PANEL], of which `base` is the first depth.
 */
template <int N>
INLINE void transformFilter(const Minimal& c, int phase, int first, int end, const Panels& to, size_t plane, int column,
                            int columns, int base) {
  constexpr int R = tapsOf(N);
  const int phaseY = phase / c.stride, phaseX = phase % c.stride;
  const auto tap = [&](int i, int j) {
    return c.filter + (size_t)((c.tapY + phaseY + i * c.tapStep) * c.filterWidth + c.tapX + phaseX + j * c.tapStep) *
                          c.filterRows * c.rowLength;
  };
  alignas(64) float turned[R * R][4][LANES];
  for (int j = 0; j < columns; j += LANES) {
    const int width = to.width(j / PANEL * PANEL);
    float* panel = to.at(j / PANEL * PANEL, 0) + j % PANEL;
    for (int k = first; k < end; k += 4) {
      if (c.transposed) {
        for (int t = 0; t < R * R; t++) {
          const float* from = tap(t / R, t % R) + (size_t)(column + j) * c.rowLength + k;
          for (int i = 0; i < LANES; i += 4, from += 4 * (size_t)c.rowLength) {
            V4 p = load<V4>(from), q = load<V4>(from + c.rowLength);
            V4 s = load<V4>(from + 2 * (size_t)c.rowLength), u = load<V4>(from + 3 * (size_t)c.rowLength);
            transpose(p, q, s, u);
            store(turned[t][0] + i, p);
            store(turned[t][1] + i, q);
            store(turned[t][2] + i, s);
            store(turned[t][3] + i, u);
          }
        }
      }
      for (int i = 0; i < 4; i++) {
        float* at = panel + (size_t)(phase * c.channels + k + i - base) * width;
        const auto write = [&](int p, int q, V value) { store(at + (p * N + q) * plane, value); };
        if (c.transposed) {
          transform<Filter<N>>([&](int p, int q) { return load(turned[p * R + q][i]); }, write);
        } else {
          const size_t offset = (size_t)(k + i) * c.rowLength + column + j;
          transform<Filter<N>>([&](int p, int q) { return load(tap(p, q) + offset); }, write);
        }
      }
    }
  }
}

/** Transforms the products of one tile and writes those outputs that lie inside the grid. */
template <int N>
INLINE void writeTile(const Minimal& c, int tile, const float* products, size_t plane, int column, int columns) {
  constexpr int M = outputsOf(N);
  const int perImage = c.tilesDown * c.tilesAcross;
  const int image = tile / perImage, within = tile % perImage;
  const int y = within / c.tilesAcross * M, x = within % c.tilesAcross * M;
  const int height = least(M, c.gridHeight - y), width = least(M, c.gridWidth - x);
  float* to = c.grid + image * c.gridImage + y * c.gridRow + x * c.gridColumn + column;
  for (int k = 0; k < columns; k += LANES) {
    const auto read = [&](int i, int j) { return load(products + (i * N + j) * plane + k); };
    if (height == M && width == M) {
      transform<Output<N>>(read, [&](int i, int j, V value) { store(to + i * c.gridRow + j * c.gridColumn + k, value); });
    } else {
      transform<Output<N>>(read, [&](int i, int j, V value) {
        if (i < height && j < width) store(to + i * c.gridRow + j * c.gridColumn + k, value);
      });
    }
  }
}

/** out (+)= tiles [tiles, depths] times the panels, at each point. */
__attribute__((noinline)) void multiplyPoints(int points, int tiles, const float* v, size_t vRow, size_t vPlane, int depths,
                           const Panels& u, int uDepth, size_t uPlane, int columns, float* out, size_t outRow,
                           size_t outPlane, bool add) {
  for (int point = 0; point < points; point++) {
    for (int j = 0; j < columns; j += PANEL) {
      const float* b = u.at(j, uDepth) + point * uPlane;
      const bool isLast = j + PANEL >= columns;
      const float* next = isLast && point + 1 == points ? b
                          : isLast                      ? u.at(0, uDepth) + (point + 1) * uPlane
                                                        : u.at(j + PANEL, uDepth) + point * uPlane;
      multiplyAlong(u.width(j) / LANES, tiles, depths, v + point * vPlane, vRow, b, next - b, out + point * outPlane + j,
                    outRow, add);
    }
  }
}

/** Tiles in a chunk whose products stay in the cache. */
INLINE int chunkTiles(const Minimal& c) {
  const int fitting = most(MOST_POINTERS, PRODUCT_FLOATS / (c.points() * c.columns) / MOST_POINTERS * MOST_POINTERS);
  return divideUp(c.tiles, divideUp(divideUp(c.tiles, fitting), 4) * 4);
}

/**
 * All outputs, with a transformed filter that all chunks read; a chunk transforms its tiles, a block of depths at a
 * time.
 */
template <int N>
INLINE void convolveTiles(Pool& pool, const Minimal& c) {
  const int points = N * N, depth = c.depth();
  const size_t uPlane = paddedPlane(Panels::floats(c.columns, depth));
  const int tiles = chunkTiles(c);
  const int block = least(BLOCK_DEPTHS, c.channels);
  const size_t vRow = paddedRow(block), vPlane = paddedPlane(tiles * vRow);
  const size_t outRow = paddedRow(c.columns), outPlane = paddedPlane(tiles * outRow);
  const size_t scratch = points * (vPlane + outPlane);
  float* memory = pool.memory(points * uPlane + pool.threads() * scratch);
  const Panels u{memory, c.columns, depth};
  const int perPhase = divideUp(c.channels, LANES);
  pool.run(perPhase * c.stride * c.stride, false, [&](int chunk, int) {
    const int first = chunk % perPhase * LANES;
    transformFilter<N>(c, chunk / perPhase, first, least(first + LANES, c.channels), u, uPlane, 0, c.columns, 0);
  });
  pool.run(divideUp(c.tiles, tiles), false, [&](int chunk, int thread) {
    float* v = memory + points * uPlane + thread * scratch;
    float* out = v + points * vPlane;
    const int first = chunk * tiles, count = least(tiles, c.tiles - first);
    for (int phase = 0; phase < c.stride * c.stride; phase++) {
      for (int k = 0; k < c.channels; k += block) {
        const int depths = least(block, c.channels - k);
        transformTiles<N>(c, phase, k, depths, first, count, v, vRow, vPlane);
        multiplyPoints(points, count, v, vRow, vPlane, depths, u, phase * c.channels + k, uPlane, c.columns, out, outRow,
                       outPlane, phase + k > 0);
      }
    }
    for (int i = 0; i < count; i++) writeTile<N>(c, first + i, out + i * outRow, outPlane, 0, c.columns);
  });
}

/** All outputs, with transformed tiles that all chunks read; a chunk transforms the filter of some columns. */
template <int N>
INLINE void convolveColumns(Pool& pool, const Minimal& c) {
  const int points = N * N, depth = c.depth(), phases = c.stride * c.stride;
  const int tiles = least(BLOCK_TILES, c.tiles);
  const bool enough = divideUp(c.columns, BLOCK_COLUMNS) * divideUp(c.tiles, tiles) >= 4;
  const int columns = least(enough ? BLOCK_COLUMNS : BLOCK_COLUMNS / 2, c.columns);
  const int block = least(BLOCK_DEPTHS, c.channels);
  const size_t vRow = paddedRow(depth), vPlane = paddedPlane(c.tiles * vRow);
  const size_t uPlane = paddedPlane(Panels::floats(columns, block));
  const size_t outRow = paddedRow(columns), outPlane = paddedPlane(tiles * outRow);
  const size_t scratch = points * (uPlane + outPlane);
  float* v = pool.memory(points * vPlane + pool.threads() * scratch);
  const int together = 8, perPhase = divideUp(c.tiles, together);
  pool.run(perPhase * phases, false, [&](int chunk, int) {
    const int first = chunk % perPhase * together, phase = chunk / perPhase;
    transformTiles<N>(c, phase, 0, c.channels, first, least(together, c.tiles - first),
                      v + first * vRow + phase * c.channels, vRow, vPlane);
  });
  const int across = divideUp(c.columns, columns);
  pool.run(across * divideUp(c.tiles, tiles), false, [&](int chunk, int thread) {
    float* own = v + points * vPlane + thread * scratch;
    float* out = own + points * uPlane;
    const int column = chunk % across * columns, count = least(columns, c.columns - column);
    const int first = chunk / across * tiles, high = least(tiles, c.tiles - first);
    for (int phase = 0; phase < phases; phase++) {
      for (int k = 0; k < c.channels; k += block) {
        const int depths = least(block, c.channels - k), base = phase * c.channels + k;
        const Panels u{own, count, depths};
        transformFilter<N>(c, phase, k, k + depths, u, uPlane, column, count, base);
        multiplyPoints(points, high, v + first * vRow + base, vRow, vPlane, depths, u, 0, uPlane, count, out, outRow,
                       outPlane, base > 0);
      }
    }
    for (int i = 0; i < high; i++) writeTile<N>(c, first + i, out + i * outRow, outPlane, column, count);
  });
}

template <int N>
INLINE void convolve(Pool& pool, const Minimal& c) {
  const int64_t filter = (int64_t)N * N * c.depth() * c.columns;
  if (filter > SHARED_FLOATS || (filter > LARGE_FLOATS && chunkTiles(c) < FEW_TILES)) convolveColumns<N>(pool, c);
  else convolveTiles<N>(pool, c);
}

/** Tiles of gradients that are transformed in one chunk, and those that are multiplied at a time. */
constexpr int GRADIENT_TILES = 8;
constexpr int DEEP_TILES = 64;
/** Floats of the sums of a chunk, 1 MB, if that leaves it LANES channels. */
constexpr int SUM_FLOATS = 1 << 18;
/** Floats of the transformed gradients of a group of tiles, 1 MB: each chunk reads them all. */
constexpr int GROUP_FLOATS = 1 << 18;

/** The filter's gradient for `depths` depths of one phase, from sums [n n][depths][columns]. */
template <int N>
INLINE void writeTaps(const Minimal& c, int first, int depths, const float* sums, size_t plane) {
  const size_t matrix = (size_t)c.filterRows * c.rowLength;
  for (int depth = first; depth < first + depths; depth++, sums += c.columns) {
    const int phase = depth / c.channels, phaseY = phase / c.stride;
    const int tap = phaseY * c.filterWidth + phase % c.stride;
    float* to = c.filter + tap * matrix + (size_t)(depth % c.channels) * c.rowLength;
    for (int j = 0; j < c.columns; j += LANES) {
      transform<Taps<N>>([&](int p, int q) { return load(sums + (p * N + q) * plane + j); },
                         [&](int p, int q, V value) {
                           store(to + (size_t)(p * c.stride * c.filterWidth + q * c.stride) * matrix + j, value);
                         });
    }
  }
}

/** Transforms the output gradients (`grid`) of some tiles of a group: [n n][tile][columns]. */
template <int N>
INLINE void transformGradients(const Minimal& c, int tile, int tiles, float* to, size_t row, size_t plane) {
  constexpr int M = outputsOf(N);
  const int perImage = c.tilesDown * c.tilesAcross;
  for (int i = 0; i < tiles; i++, to += row) {
    const int image = (tile + i) / perImage, within = (tile + i) % perImage;
    const int y = within / c.tilesAcross * M, x = within % c.tilesAcross * M;
    const float* corner = c.grid + image * c.gridImage + y * c.gridRow + x * c.gridColumn;
    const bool inside = y + M <= c.gridHeight && x + M <= c.gridWidth;
    for (int k = 0; k < c.columns; k += LANES) {
      const auto write = [&](int p, int q, V value) { store(to + (p * N + q) * plane + k, value); };
      if (inside) {
        transform<Gradient<N>>([&](int p, int q) { return load(corner + p * c.gridRow + q * c.gridColumn + k); }, write);
      } else {
        transform<Gradient<N>>(
            [&](int p, int q) {
              const bool exists = y + p < c.gridHeight && x + q < c.gridWidth;
              return exists ? load(corner + p * c.gridRow + q * c.gridColumn + k) : V{};
            },
            write);
      }
    }
  }
}

/** Gradient of the filter. A chunk sums up the taps of some channels of a phase over all tiles. */
template <int N>
INLINE void sumTaps(Pool& pool, const Minimal& c) {
  const int points = N * N, depth = c.depth();
  // A divisor of the channels, so that a chunk lies in one phase, and enough chunks for many threads.
  int channels = 64;
  while (channels > LANES && (c.channels % channels != 0 || channels * points * c.columns > SUM_FLOATS ||
                              depth / channels < 8))
    channels /= 2;
  const int group = least(c.tiles, most(DEEP_TILES, GROUP_FLOATS / (points * c.columns) / DEEP_TILES * DEEP_TILES));
  const size_t wRow = c.columns, wPlane = paddedPlane(group * wRow);
  const size_t vRow = paddedRow(channels), vPlane = paddedPlane(DEEP_TILES * vRow);
  // One group: the sums of a chunk are its own. Several: they are kept from group to group.
  const bool whole = group == c.tiles;
  const size_t sumsPlane = paddedPlane((size_t)(whole ? channels : depth) * c.columns);
  const size_t scratch = points * (vPlane + (whole ? sumsPlane : 0));
  float* w = pool.memory(points * wPlane + pool.threads() * scratch + (whole ? 0 : points * sumsPlane));
  float* scratches = w + points * wPlane;
  float* kept = scratches + pool.threads() * scratch;
  for (int start = 0; start < c.tiles; start += group) {
    const int tiles = least(group, c.tiles - start);
    pool.run(divideUp(tiles, GRADIENT_TILES), false, [&](int chunk, int) {
      const int first = chunk * GRADIENT_TILES;
      transformGradients<N>(c, start + first, least(GRADIENT_TILES, tiles - first), w + first * wRow, wRow, wPlane);
    });
    pool.run(depth / channels, false, [&](int chunk, int thread) {
      float* v = scratches + thread * scratch;
      const int first = chunk * channels, phase = first / c.channels;
      float* sums = whole ? v + points * vPlane : kept + (size_t)first * c.columns;
      for (int tile = 0; tile < tiles; tile += DEEP_TILES) {
        const int count = least(DEEP_TILES, tiles - tile);
        transformTiles<N>(c, phase, first % c.channels, channels, start + tile, count, v, vRow, vPlane);
        for (int point = 0; point < points; point++) {
          for (int j = 0; j < c.columns; j += PANEL) {
            multiplyAcross(least(2, (c.columns - j) / LANES), channels, count, v + point * vPlane, vRow,
                           w + point * wPlane + tile * wRow + j, wRow, sums + point * sumsPlane + j, c.columns,
                           start + tile > 0);
          }
        }
      }
      if (start + tiles == c.tiles) writeTaps<N>(c, first, channels, sums, sumsPlane);
    });
  }
}

/** Fills in everything but addresses, with the cheapest variant. False where the direct way is better or the only one. */
INLINE bool describe(Minimal& c, const Window& w, Kind kind) {
  const int stride = w.strideY, r = w.filterHeight / stride;
  if (w.strideX != stride || w.filterHeight != r * stride || w.filterWidth != r * stride) return false;
  if ((r != 2 && r != 3) || w.dilationY != 1 || w.dilationX != 1) return false;
  const bool backwards = kind == Kind::Input;
  c.channels = backwards ? w.outChannels : w.inChannels;
  c.columns = backwards ? w.inChannels : w.outChannels;
  if (c.channels % LANES != 0 || c.columns % LANES != 0 || c.channels < FEW || c.columns < FEW) return false;
  c.filterWidth = w.filterWidth;
  c.filterRows = w.inChannels;
  c.rowLength = w.outChannels;
  c.transposed = backwards;
  c.gridColumn = c.columns;
  if (backwards) {
    c.stride = 1;
    c.imageHeight = w.outHeight;
    c.imageWidth = w.outWidth;
    c.tapStep = -stride;
    c.gridHeight = divideUp(w.inHeight, stride);
    c.gridWidth = divideUp(w.inWidth, stride);
    c.gridImage = (ptrdiff_t)w.inHeight * w.inWidth * c.columns;
    c.gridRow = (ptrdiff_t)stride * w.inWidth * c.columns;
    c.gridColumn *= stride;
  } else {
    c.stride = stride;
    c.imageHeight = w.inHeight;
    c.imageWidth = w.inWidth;
    c.originY = -w.padTop;
    c.originX = -w.padLeft;
    c.tapY = 0;
    c.tapX = 0;
    c.tapStep = stride;
    c.gridHeight = w.outHeight;
    c.gridWidth = w.outWidth;
    c.gridRow = (ptrdiff_t)w.outWidth * c.columns;
    c.gridImage = w.outHeight * c.gridRow;
  }
  const int64_t positions = (int64_t)w.batch * c.gridHeight * c.gridWidth;
  const int64_t direct = r * r * (positions + TAP_COST / 4);
  if (direct * c.depth() * c.columns < SMALL_CONVOLUTION) return false;
  int64_t best = direct;
  int n = 0;
  for (int candidate = r == 3 ? 6 : 3; candidate <= 6; candidate += r == 3 ? 1 : 2) {
    c.variant(candidate, w.batch);
    const int64_t cost = (int64_t)c.points() * (c.tiles + TAP_COST);
    if (cost < best) {
      best = cost;
      n = candidate;
    }
  }
  if (n == 0) return false;
  c.variant(n, w.batch);
  return true;
}

/** y = x * filter; false, and nothing done, where the direct way is the better one. */
INLINE bool minimalForward(Pool& pool, const Window& w, const float* x, const float* filter, float* y) {
  Minimal c{};
  if (!describe(c, w, Kind::Forward)) return false;
  c.image = x;
  c.filter = const_cast<float*>(filter);
  c.grid = y;
  if (c.n == 3) convolve<3>(pool, c);
  else if (c.n == 5) convolve<5>(pool, c);
  else convolve<6>(pool, c);
  return true;
}

/** Gradient of the filter; the same conditions. */
INLINE bool minimalFilter(Pool& pool, const Window& w, const float* x, const float* dy, float* dFilter) {
  Minimal c{};
  if (!describe(c, w, Kind::Filter)) return false;
  c.image = x;
  c.grid = const_cast<float*>(dy);
  c.filter = dFilter;
  if (c.n == 3) sumTaps<3>(pool, c);
  else if (c.n == 5) sumTaps<5>(pool, c);
  else sumTaps<6>(pool, c);
  return true;
}

/** Gradient of the input, one phase of the stride after the other; the same conditions. */
INLINE bool minimalInput(Pool& pool, const Window& w, const float* dy, const float* filter, float* dx) {
  Minimal c{};
  if (!describe(c, w, Kind::Input)) return false;
  const int n = c.n;
  c.image = dy;
  c.filter = const_cast<float*>(filter);
  const ptrdiff_t row = (ptrdiff_t)w.inWidth * w.inChannels;
  for (int y = 0; y < w.strideY; y++) {
    for (int x = 0; x < w.strideX; x++) {
      // Pixel y + i stride meets the taps tapY, tapY + stride, ... at the output rows (y + padTop - tap) / stride + i.
      c.originY = (y + w.padTop) / w.strideY - (c.r - 1);
      c.originX = (x + w.padLeft) / w.strideX - (c.r - 1);
      c.tapY = (y + w.padTop) % w.strideY + (c.r - 1) * w.strideY;
      c.tapX = (x + w.padLeft) % w.strideX + (c.r - 1) * w.strideX;
      c.grid = dx + y * row + (ptrdiff_t)x * w.inChannels;
      c.gridHeight = divideUp(w.inHeight - y, w.strideY);
      c.gridWidth = divideUp(w.inWidth - x, w.strideX);
      if (c.gridHeight <= 0 || c.gridWidth <= 0) continue;
      c.variant(n, w.batch);
      if (n == 3) convolve<3>(pool, c);
      else if (n == 5) convolve<5>(pool, c);
      else convolve<6>(pool, c);
    }
  }
  return true;
}

}  // namespace
}  // namespace GAN_ISA
