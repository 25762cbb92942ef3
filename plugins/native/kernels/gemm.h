// Matrix products. The right operand is packed once for all threads; the left one is read where it lies. A block of the
// output is computed over the whole depth before it is written.
#pragma once
#include "pool.h"
#include "tile.h"

namespace GAN_ISA {
namespace {

/** Multiplications that are done before another thread would have woken up. */
constexpr int64_t SMALL = 1 << 16;
/** Depths that are multiplied at a time: a panel of b, 512 kB at most, stays in the second-level cache. */
constexpr int DEEP = 4096;
/** Columns of the output in one chunk. */
constexpr int CHUNK_COLUMNS = 256;
/** Most rows of the output in one chunk. */
constexpr int CHUNK_ROWS = 8 * MOST_POINTERS;

INLINE int lanesUp(int columns) { return divideUp(columns, LANES) * LANES; }

/** Columns packed in panels of PANEL columns, [depths][PANEL]; the last one is narrower where one vector holds it. */
struct Panels {
  float* data;
  int columns;
  int depths;

  int width(int column) const { return least(PANEL, lanesUp(columns - column)); }
  /** The panel that begins at a column, from a depth on. */
  float* at(int column, int depth) const {
    return data + (size_t)column * depths + (size_t)depth * width(column);
  }
  static size_t floats(int columns, int depths) { return (size_t)lanesUp(columns) * depths; }
};

/** A dense matrix as the right operand: [depths, columns], or [columns, depths] if `transposed`. */
struct DenseColumns {
  const float* data;
  bool transposed;
  int columns;
  int depths;

  /** Writes one panel. */
  void pack(const Panels& to, int column) const {
    const int width = to.width(column), count = least(width, columns - column);
    float* out = to.at(column, 0);
    if (!transposed) {
      const float* from = data + column;
      for (int d = 0; d < depths; d++, from += columns, out += width) {
        if (count == width) {
          for (int j = 0; j < width; j += LANES) store(out + j, load(from + j));
        } else {
          for (int j = 0; j < width; j++) out[j] = j < count ? from[j] : 0;
        }
      }
      return;
    }
    int j = 0;
    for (; j + 4 <= count; j += 4) {
      const float* from = data + (size_t)(column + j) * depths;
      int d = 0;
      for (; d + 4 <= depths; d += 4) {
        V4 a = load<V4>(from + d), b = load<V4>(from + depths + d);
        V4 c = load<V4>(from + 2 * (size_t)depths + d), e = load<V4>(from + 3 * (size_t)depths + d);
        transpose(a, b, c, e);
        float* at = out + (size_t)d * width + j;
        store(at, a);
        store(at + width, b);
        store(at + 2 * width, c);
        store(at + 3 * width, e);
      }
      for (; d < depths; d++)
        for (int i = 0; i < 4; i++) out[(size_t)d * width + j + i] = from[i * (size_t)depths + d];
    }
    for (; j < width; j++)
      for (int d = 0; d < depths; d++)
        out[(size_t)d * width + j] = j < count ? data[(size_t)(column + j) * depths + d] : 0;
  }
};

/** The left operand: [rows, depths], or [depths, rows] if `transposed`. */
struct DenseRows {
  const float* data;
  bool transposed;
  int rows;
  int depths;

  /** A stretch of the depth. */
  struct Block {
    const DenseRows& all;
    int depth;
    int count;

    /** Multiplies `high` rows from `row` on by a panel. */
    void multiply(int vectors, int row, int high, const float* b, float* c, ptrdiff_t cRow, bool add) const {
      if (all.transposed) {
        const float* a = all.data + (size_t)depth * all.rows + row;
        multiplyAcross(vectors, high, count, a, all.rows, b, vectors * LANES, c, cRow, add);
      } else {
        multiplyAlong(vectors, high, count, all.data + (size_t)row * all.depths + depth, all.depths, b, 0, c, cRow, add);
      }
    }
  };
  /** @param thread who asks */
  Block block(int thread, int first, int count, int depth, int depthCount) const {
    (void)thread, (void)first, (void)count;
    return {*this, depth, depthCount};
  }
};

/** Where the rows of a product go: the pixels of a grid laid over each image of a batch, or those of a matrix. */
struct Rows {
  float* data;
  /** Grid positions in one image: down, across. */
  int height;
  int width;
  /** Floats from one image, grid row and grid column to the next. */
  ptrdiff_t image;
  ptrdiff_t line;
  ptrdiff_t pixel;

  static Rows matrix(float* data, ptrdiff_t row) { return {data, 1, 1, row, 0, 0}; }
  bool even() const { return height == 1 && width == 1; }
  float* at(int row) const {
    const int y = row / width;
    return data + y / height * image + y % height * line + row % width * pixel;
  }
};

/** Packs every panel of the right operand into `to`. */
template <class Columns>
INLINE void packPanels(Pool& pool, const Columns& columns, const Panels& to, bool small) {
  pool.run(divideUp(to.columns, PANEL), small, [&](int chunk, int) { columns.pack(to, chunk * PANEL); });
}

/** Copies or adds a tile, of `width` floats a row, to rows of the output. */
__attribute__((noinline)) void merge(const float* tile, int width, const Rows& out, int row, int rows, int column, int columns, bool add) {
  for (int r = 0; r < rows; r++, tile += width) {
    float* to = out.at(row + r) + column;
    for (int j = 0; j < columns; j++) to[j] = add ? to[j] + tile[j] : tile[j];
  }
}

/** out[m, n] = left[m, k] right, which is packed in `panels`. */
template <class Left>
INLINE void multiplyPacked(Pool& pool, const Left& left, const Panels& panels, const Rows& out, int m, bool small) {
  const int n = panels.columns, k = panels.depths;
  const int chunkRows = most(least(divideUp(m, 16), CHUNK_ROWS), least(m, MOST_POINTERS));
  const int across = divideUp(n, CHUNK_COLUMNS);
  pool.run(divideUp(m, chunkRows) * across, small, [&](int chunk, int thread) {
    alignas(64) float tile[MOST_POINTERS * PANEL];
    const int first = chunk / across * chunkRows, end = least(first + chunkRows, m);
    const int left0 = chunk % across * CHUNK_COLUMNS, right = least(left0 + CHUNK_COLUMNS, n);
    for (int depth = 0; depth < k; depth += DEEP) {
      const int depths = least(DEEP, k - depth);
      const auto rows = left.block(thread, first, end - first, depth, depths);
      for (int column = left0; column < right; column += PANEL) {
        const int width = panels.width(column), vectors = width / LANES;
        const int columns = least(width, n - column);
        const float* b = panels.at(column, depth);
        for (int row = first, high; row < end; row += high) {
          high = tileRows(end - row, MOST_POINTERS);
          if (out.even() && columns == width) {
            rows.multiply(vectors, row, high, b, out.at(row) + column, out.image, depth > 0);
          } else {
            rows.multiply(vectors, row, high, b, tile, width, false);
            merge(tile, width, out, row, high, column, columns, depth > 0);
          }
        }
      }
    }
  });
}

}  // namespace
}  // namespace GAN_ISA
