// Convolutions and matrix products with factors of bfloat16. A chunk rounds what its positions see of the images once, with
// zeros around it, and copies the patches from there; both stay in the second-level cache.
#pragma once
#include "conv2d.h"
#include "half.h"

namespace GAN_ISA {
namespace {

/** Positions in a chunk, if a line of them is not more. */
constexpr int HALF_ROWS = 256;
/** Depths that are multiplied at a time. */
constexpr int HALF_DEPTH = 512;
/** The same, where nothing is copied. */
constexpr int HALF_DEEPEST = 1024;
/** Between rows of copied patches, so that they do not meet in the same lines of the cache. */
constexpr int HALF_SPACE = 32;
/** Multiplications from which rounding is worth its while. */
constexpr int64_t HALF_LEAST = 1 << 18;

/** Memory is counted in floats and aligned to cache lines. */
INLINE size_t floatsOf(size_t halves) { return (halves / 2 + 15 + 32) / 16 * 16; }

/** Windows that share an image: those of a convolution, or of a phase of one. */
struct Phase {
  /** Pixel of the region under the first tap of the first position. */
  int originY;
  int originX;
  int height;
  int width;
  int tapsY;
  int tapsX;
  HalfPanels panels;
  Rows out;
};

/** What windows see of a batch of images, in blocks of whole images or of lines of positions of one. */
struct Region {
  const float* data;
  int batch;
  int imageHeight;
  int imageWidth;
  /** Of a pixel, and those of it that are read. */
  int channels;
  int firstChannel;
  int depth;
  int strideY;
  int strideX;
  int stepY;
  int stepX;
  /** Pixel of the image at the region's first, for line 0 of the positions. */
  int originY;
  int originX;
  /** Most positions of a window down and across, and most taps. */
  int height;
  int width;
  int tapsY;
  int tapsX;
  /** Set by `cut`. */
  int images;
  int lines;
  int regionHeight;
  int regionWidth;

  void cut() {
    images = most(1, least(batch, HALF_ROWS / (height * width)));
    lines = images > 1 ? height : least(height, most(1, HALF_ROWS / width));
    regionHeight = (lines - 1) * strideY + (tapsY - 1) * stepY + 1;
    regionWidth = (width - 1) * strideX + (tapsX - 1) * stepX + 1;
  }
  int linesBlocks() const { return divideUp(height, lines); }
  int blocks() const { return divideUp(batch, images) * linesBlocks(); }
  int rows() const { return images * lines * width; }
  size_t halves() const { return (size_t)images * regionHeight * regionWidth * depth; }

  int firstImage(int block) const { return block / linesBlocks() * images; }
  int imagesOf(int block) const { return least(images, batch - firstImage(block)); }
  int firstLine(int block) const { return block % linesBlocks() * lines; }

  /** Rounds what a block sees to [images, regionHeight, regionWidth, depth]. */
  void round(int block, Half* to) const {
    const int first = firstImage(block), count = imagesOf(block), top = originY + firstLine(block) * strideY;
    const size_t line = (size_t)regionWidth * depth;
    const int left = least(regionWidth, most(0, -originX));
    const int right = most(left, least(regionWidth, imageWidth - originX));
    for (int image = 0; image < count; image++) {
      for (int y = 0; y < regionHeight; y++, to += line) {
        const int down = top + y;
        if (down < 0 || down >= imageHeight) {
          __builtin_memset(to, 0, line * sizeof(Half));
          continue;
        }
        __builtin_memset(to, 0, (size_t)left * depth * sizeof(Half));
        const float* from =
            data + (((size_t)(first + image) * imageHeight + down) * imageWidth + originX + left) * channels + firstChannel;
        if (depth == channels) {
          roundAll(to + (size_t)left * depth, from, (right - left) * depth);
        } else {
          for (int x = left; x < right; x++, from += channels) roundAll(to + (size_t)x * depth, from, depth);
        }
        __builtin_memset(to + (size_t)right * depth, 0, (size_t)(regionWidth - right) * depth * sizeof(Half));
      }
    }
  }
};

/** The positions of a phase in a block, one after the other: image of the block, line of the block, column. */
struct Cursor {
  const Region& region;
  const Phase& phase;
  const Half* halves;
  int lines;
  int image = 0;
  int y = 0;
  int x = 0;

  Cursor(const Region& region_, const Phase& phase_, const Half* halves_, int block)
      : region(region_), phase(phase_), halves(halves_) {
    lines = most(0, least(region.lines, phase.height - region.firstLine(block)));
  }
  /** The number under a tap at this position. */
  const Half* at(int tapY, int tapX) const {
    const int down = phase.originY + y * region.strideY + tapY * region.stepY;
    const int right = phase.originX + x * region.strideX + tapX * region.stepX;
    return halves + (((size_t)image * region.regionHeight + down) * region.regionWidth + right) * region.depth;
  }
  /** Halves from the numbers under a tap at a position to those at the next in the line, and under the tap below. */
  ptrdiff_t toNext() const { return (ptrdiff_t)region.strideX * region.depth; }
  ptrdiff_t toTapBelow() const { return (ptrdiff_t)region.stepY * region.regionWidth * region.depth; }
  void skip(int positions) {
    for (; positions > 0; positions--) next();
  }
  void next() {
    if (++x < phase.width) return;
    x = 0;
    if (++y < lines) return;
    y = 0;
    image++;
  }
};

/** Calls `body(at, tapY, tapX, first, count)` for stretches of a patch's depths `depth` to `depth + count` that lie side by side. */
template <class Body>
INLINE void eachStretch(const Region& region, const Phase& phase, int depth, int end, const Body& body) {
  const int across = region.stepX == 1 ? phase.tapsX * region.depth : region.depth;
  const int parts = region.stepX == 1 ? 1 : phase.tapsX;
  for (int at = depth; at < end;) {
    const int stretch = at / across, first = at % across, count = least(across - first, end - at);
    body(at - depth, stretch / parts, stretch % parts, first, count);
    at += count;
  }
}

/** The products of up to 32 rows and a panel, written or added to the output. */
INLINE void multiplyPanel(const Left& a, int high, const HalfPanels& panels, int column, int depth, const Rows& out, int row) {
  const int width = panels.width(column), columns = least(width, panels.columns - column), down = divideUp(high, SIDE);
  const Half* b = panels.at(column, depth);
  if (out.even() && high % SIDE == 0 && columns == width) {
    multiplyTiles(down, width / SIDE, a, b, width, out.at(row) + column, out.image, depth > 0);
    return;
  }
  alignas(64) float tile[2 * SIDE * 2 * SIDE];
  multiplyTiles(down, width / SIDE, a, b, width, tile, width, false);
  merge(tile, width, out, row, high, column, columns, depth > 0);
}

/** True if the tiles of a phase can be read where the rounded numbers lie: each has positions of one line. */
INLINE bool isDirect(const Region& region, const Phase& phase) {
  return phase.width % SIDE == 0 && region.stepX == 1 && phase.tapsX * region.depth % STEP == 0;
}

INLINE void multiplyDirectly(const Region& region, const Phase& phase, const Cursor& start, int m, int firstRow) {
  const int stretch = phase.tapsX * region.depth, linesAtATime = most(1, HALF_DEEPEST / stretch);
  for (int tapY = 0; tapY < phase.tapsY; tapY += linesAtATime) {
    const int runs = least(linesAtATime, phase.tapsY - tapY);
    for (int column = 0; column < phase.panels.columns; column += 2 * SIDE) {
      Cursor cursor = start;
      for (int r = 0; r < m; r += 2 * SIDE) {
        const int high = least(2 * SIDE, m - r);
        const Half* upper = cursor.at(tapY, 0);
        cursor.skip(SIDE);
        const Half* lower = high > SIDE ? cursor.at(tapY, 0) : upper;
        if (high > SIDE) cursor.skip(SIDE);
        multiplyPanel({upper, lower, start.toNext(), stretch, runs, start.toTapBelow()}, high, phase.panels, column,
                      tapY * stretch, phase.out, firstRow + r);
      }
    }
  }
}

/** Copies the patches under the taps side by side, and multiplies them; `a` has room for the rows of a block. */
INLINE void multiplyCopied(const Region& region, const Phase& phase, const Cursor& start, int m, int firstRow, Half* a) {
  constexpr int row = HALF_DEPTH + HALF_SPACE;
  const int depths = phase.tapsY * phase.tapsX * region.depth;
  for (int depth = 0; depth < depths; depth += HALF_DEPTH) {
    const int here = least(HALF_DEPTH, depths - depth), padded = stepsUp(here);
    Cursor cursor = start;
    for (int r = 0; r < m; r++, cursor.next()) {
      Half* to = a + (size_t)r * row;
      eachStretch(region, phase, depth, depth + here, [&](int at, int tapY, int tapX, int first, int length) {
        copyHalves(to + at, cursor.at(tapY, tapX) + first, length);
      });
      for (int i = here; i < padded; i++) to[i] = 0;
    }
    for (int column = 0; column < phase.panels.columns; column += 2 * SIDE)
      for (int r = 0; r < m; r += 2 * SIDE)
        multiplyPanel(along(a + (size_t)r * row, row, padded), least(2 * SIDE, m - r), phase.panels, column, depth,
                      phase.out, firstRow + r);
  }
}

/** The products of all phases; the panels are packed. */
INLINE void convolveHalves(Pool& pool, const Region& region, const Phase* phases, int count, float* memory, bool small) {
  const int rows = divideUp(region.rows(), SIDE) * SIDE;
  const size_t image = floatsOf(region.halves() + 64), patches = floatsOf((size_t)rows * (HALF_DEPTH + HALF_SPACE) + 64);
  pool.run(region.blocks(), small, [&](int block, int thread) {
    const Tiles begun;
    Half* halves = reinterpret_cast<Half*>(memory + thread * (image + patches));
    region.round(block, halves);
    for (const Phase* phase = phases; phase < phases + count; phase++) {
      const Cursor start(region, *phase, halves, block);
      const int m = region.imagesOf(block) * start.lines * phase->width;
      const int firstRow = (region.firstImage(block) * phase->height + region.firstLine(block)) * phase->width;
      if (m == 0) continue;
      if (isDirect(region, *phase)) multiplyDirectly(region, *phase, start, m, firstRow);
      else multiplyCopied(region, *phase, start, m, firstRow, halves + 2 * image);
    }
  });
}

/** Floats that `convolveHalves` needs. */
INLINE size_t convolutionFloats(const Pool& pool, const Region& region) {
  const int rows = divideUp(region.rows(), SIDE) * SIDE;
  return pool.threads() * (floatsOf(region.halves() + 64) + floatsOf((size_t)rows * (HALF_DEPTH + HALF_SPACE) + 64));
}

/** A convolution; in groups, each reads and writes channels of its own. */
struct HalfWindow {
  const Window& window;
  int groups;
  int inWide() const { return window.inChannels / groups; }
  int outWide() const { return window.outChannels / groups; }
  int taps() const { return window.filterHeight * window.filterWidth; }
  /** Rows of the output and the products of each, and whether they pay for the rounding. */
  bool pays() const {
    const int64_t products = positionsOf(window) * outWide() * taps() * inWide();
    return products >= HALF_LEAST && inWide() * taps() >= 2 * SIDE;
  }
};

INLINE Region seenBy(const HalfWindow& h, const float* x, int firstChannel, int depth) {
  const Window& w = h.window;
  Region r{};
  placeFilter(r, w, x);
  r.batch = w.batch;
  r.firstChannel = firstChannel;
  r.depth = depth;
  r.cut();
  return r;
}

INLINE bool halfForward(Pool& pool, const HalfWindow& h, const float* x, const float* filter, float* y) {
  const Window& w = h.window;
  if (!h.pays() || h.outWide() < 8) return false;
  const int wide = h.outWide(), deep = h.inWide() * h.taps(), depths = stepsUp(deep);
  const size_t packed = (HalfPanels::floats(wide, depths) + 15) / 16 * 16;
  const bool small = positionsOf(w) * wide * deep < SMALL;
  float* memory = pool.memory(packed + convolutionFloats(pool, seenBy(h, x, 0, h.inWide())));
  for (int group = 0; group < h.groups; group++) {
    const Region region = seenBy(h, x, group * h.inWide(), h.inWide());
    const HalfPanels panels{reinterpret_cast<Half*>(memory), wide, depths};
    pool.run(divideUp(wide, 2 * SIDE), small, [&](int chunk, int) {
      const int column = chunk * 2 * SIDE;
      packDepths(panels, column, 0, {filter + group * wide, w.outChannels, 1, deep});
      endDepths(panels, column, deep);
    });
    const Phase phase{0, 0, w.outHeight, w.outWidth, w.filterHeight, w.filterWidth, panels,
                      Rows::matrix(y + group * wide, w.outChannels)};
    convolveHalves(pool, region, &phase, 1, memory + packed, small);
  }
  return true;
}

/** Most phases of a gradient of the input. */
constexpr int MOST_PHASES = 16;

/** Gradient of the input; see directInput. Taps are taken backwards, so that those of a line lie side by side. */
INLINE bool halfInput(Pool& pool, const HalfWindow& h, const float* dy, const float* filter, float* dx) {
  const Window& w = h.window;
  const int down = least(w.strideY, w.inHeight), across = least(w.strideX, w.inWidth);
  const int wide = h.inWide(), depth = h.outWide();
  if (!h.pays() || wide < 8 || depth < 8 || down * across > MOST_PHASES || w.filterHeight < w.strideY ||
      w.filterWidth < w.strideX || w.dilationY != 1 || w.dilationX != 1)
    return false;
  Region region{};
  region.data = dy;
  region.batch = w.batch;
  region.imageHeight = w.outHeight;
  region.imageWidth = w.outWidth;
  region.channels = w.outChannels;
  region.depth = depth;
  region.strideY = region.strideX = region.stepY = region.stepX = 1;
  Phase phases[MOST_PHASES];
  int tapsY[MOST_PHASES], tapsX[MOST_PHASES];
  size_t offsets[MOST_PHASES];
  size_t packed = 0;
  int lastY = 0, lastX = 0;
  const ptrdiff_t line = (ptrdiff_t)w.inWidth * w.inChannels;
  for (int pass = 0; pass < 2; pass++) {
    for (int y = 0, i = 0; y < down; y++) {
      for (int x = 0; x < across; x++, i++) {
        Phase& p = phases[i];
        tapsY[i] = (y + w.padTop) % w.strideY;
        tapsX[i] = (x + w.padLeft) % w.strideX;
        p.tapsY = countFrom(tapsY[i], w.filterHeight, w.strideY);
        p.tapsX = countFrom(tapsX[i], w.filterWidth, w.strideX);
        p.height = countFrom(y, w.inHeight, w.strideY);
        p.width = countFrom(x, w.inWidth, w.strideX);
        const int originY = (y + w.padTop) / w.strideY - (p.tapsY - 1);
        const int originX = (x + w.padLeft) / w.strideX - (p.tapsX - 1);
        if (pass == 0) {
          if (i == 0 || originY < region.originY) region.originY = originY;
          if (i == 0 || originX < region.originX) region.originX = originX;
          region.height = most(region.height, p.height);
          region.width = most(region.width, p.width);
          lastY = i == 0 ? originY + p.tapsY : most(lastY, originY + p.tapsY);
          lastX = i == 0 ? originX + p.tapsX : most(lastX, originX + p.tapsX);
          offsets[i] = packed;
          packed += (HalfPanels::floats(wide, p.tapsY * p.tapsX * depth) + 15) / 16 * 16;
        } else {
          p.originY = originY - region.originY;
          p.originX = originX - region.originX;
        }
      }
    }
  }
  region.tapsY = lastY - region.originY;
  region.tapsX = lastX - region.originX;
  region.cut();
  const int count = down * across, panelsAcross = divideUp(wide, 2 * SIDE);
  const bool small = positionsOf(w) * h.taps() * wide * depth < SMALL;
  float* memory = pool.memory(packed + convolutionFloats(pool, region));
  for (int group = 0; group < h.groups; group++) {
    region.firstChannel = group * depth;
    for (int i = 0; i < count; i++) {
      Phase& p = phases[i];
      const int y = i / across, x = i % across;
      p.panels = {reinterpret_cast<Half*>(memory + offsets[i]), wide, stepsUp(p.tapsY * p.tapsX * depth)};
      float* to = dx + group * wide + y * line + (ptrdiff_t)x * w.inChannels;
      p.out = count == 1 ? Rows::matrix(to, w.inChannels)
                         : Rows{to,           p.height,          p.width, w.inHeight * line, w.strideY * line,
                                (ptrdiff_t)w.strideX * w.inChannels};
    }
    pool.run(count * panelsAcross, small, [&](int chunk, int) {
      const int i = chunk / panelsAcross, column = chunk % panelsAcross * 2 * SIDE;
      const Phase& p = phases[i];
      int at = 0;
      for (int ty = p.tapsY - 1; ty >= 0; ty--) {
        for (int tx = p.tapsX - 1; tx >= 0; tx--, at += depth) {
          const int tap = (tapsY[i] + ty * w.strideY) * w.filterWidth + tapsX[i] + tx * w.strideX;
          // [taps, inWide, outChannels]
          const float* from = filter + (size_t)tap * wide * w.outChannels + group * depth;
          packDepths(p.panels, column, at, {from, 1, w.outChannels, depth});
        }
      }
      endDepths(p.panels, column, at);
    });
    convolveHalves(pool, region, phases, count, memory + packed, small);
  }
  return true;
}

/** Floats of sums in one chunk, which stay in the second-level cache. */
constexpr int HALF_SUMS = 1 << 18;
/** Chunks of a filter's gradient, so that there is work for many threads. */
constexpr int HALF_CHUNKS = 8;
/** Positions from which sums of their own cost little beside the products. */
constexpr int HALF_POSITIONS = 1024;

/**
 * Gradient of the filter. The products are dy^T [outChannel, position] * patches(x) [position, tap and channel], whose sums
 * are transposed at the end: dy is transposed once, and the patches are pairs of positions without that. A chunk has some
 * channels of x and some blocks of positions; sums of parts of the positions are added up in their order.
 */
INLINE bool halfFilter(Pool& pool, const HalfWindow& h, const float* x, const float* dy, float* dFilter) {
  const Window& w = h.window;
  if (!h.pays() || h.outWide() < 8) return false;
  const int taps = h.taps(), wide = h.outWide(), high = sidesUp(wide), inWide = h.inWide();
  const int mostParts = most<int64_t>(1, least<int64_t>(HALF_CHUNKS, positionsOf(w) / HALF_POSITIONS));
  const int fit = HALF_SUMS / (high * taps) / SIDE * SIDE;
  const int share = most(2 * SIDE, sidesUp(divideUp(inWide, divideUp(HALF_CHUNKS, mostParts))));
  const int deep = least(inWide, most(SIDE, least(fit, share))), cuts = divideUp(inWide, deep);
  const Region any = seenBy(h, x, 0, deep);
  const int blocks = any.blocks(), parts = least(blocks, least(mostParts, divideUp(HALF_CHUNKS, cuts)));
  const int width = sidesUp(taps * deep), positions = stepsUp(any.rows()), row = positions + HALF_SPACE;
  const size_t sums = (size_t)high * width;
  const size_t image = floatsOf(any.halves() + 64), patches = floatsOf((size_t)positions * width + 64),
               slopes = floatsOf((size_t)high * row + 64), pointers = (size_t)positions * 2;
  const size_t scratch = (image + patches + slopes + pointers + 15) / 16 * 16;
  const bool small = positionsOf(w) * wide * taps * inWide < SMALL;
  float* memory = pool.memory((size_t)cuts * parts * sums + pool.threads() * scratch);
  float* scratches = memory + (size_t)cuts * parts * sums;
  for (int group = 0; group < h.groups; group++) {
    pool.run(cuts * parts, small, [&](int chunk, int thread) {
      const Tiles begun;
      const int cut = chunk / parts, part = chunk % parts;
      float* own = scratches + thread * scratch;
      Half* halves = reinterpret_cast<Half*>(own);
      Half* b = halves + 2 * image;
      Half* a = b + 2 * patches;
      const float** lines = reinterpret_cast<const float**>(own + image + patches + slopes);
      const int first = cut * deep, count = least(deep, inWide - first);
      const Region region = seenBy(h, x, group * inWide + first, count);
      const Phase phase{0, 0, w.outHeight, w.outWidth, w.filterHeight, w.filterWidth, {}, {}};
      const HalfPanels panels{b, taps * count, positions};
      float* c = memory + chunk * sums;
      bool begunSums = false;
      for (int block = part * blocks / parts; block < (part + 1) * blocks / parts; block++) {
        region.round(block, halves);
        Cursor cursor(region, phase, halves, block);
        const int m = region.imagesOf(block) * cursor.lines * w.outWidth, padded = stepsUp(m);
        const float* from = dy +
                            ((size_t)region.firstImage(block) * w.outHeight + region.firstLine(block)) * w.outWidth *
                                w.outChannels +
                            group * wide;
        for (int i = 0; i < padded; i++) lines[i] = i < m ? from + (size_t)i * w.outChannels : nullptr;
        transposeRows(lines, padded, wide, a, row);
        const int columns = taps * count;
        for (int i = 0; i < padded; i += 2) {
          const Cursor even = cursor;
          if (i < m) cursor.next();
          const Cursor odd = i + 1 < m ? cursor : even;
          if (i + 1 < m) cursor.next();
          if (i >= m) {
            for (int column = 0; column < columns; column += 2 * SIDE)
              __builtin_memset(panels.at(column, i), 0, 2 * panels.width(column) * sizeof(Half));
            continue;
          }
          // Where the number of positions is odd, the last one is taken twice; dy has zeros there.
          eachStretch(region, phase, 0, columns, [&](int at, int tapY, int tapX, int begin, int length) {
            const Half* left = even.at(tapY, tapX) + begin;
            const Half* right = odd.at(tapY, tapX) + begin;
            for (int done = 0; done < length;) {
              const int column = (at + done) / (2 * SIDE) * 2 * SIDE, within = at + done - column;
              const int run = least(2 * SIDE - within, length - done);
              interleave(panels.at(column, i) + 2 * within, left + done, right + done, run);
              done += run;
            }
          });
          for (int at = columns; at < sidesUp(columns); at++) {
            const int column = at / (2 * SIDE) * 2 * SIDE;
            Half* end = panels.at(column, i) + 2 * (at - column);
            end[0] = end[1] = 0;
          }
        }
        for (int column = 0; column < columns; column += 2 * SIDE) {
          const int across = panels.width(column);
          for (int r = 0; r < high; r += 2 * SIDE) {
            multiplyTiles(divideUp(least(2 * SIDE, high - r), SIDE), across / SIDE,
                          along(a + (size_t)r * row, row, padded), panels.at(column, 0), across,
                          c + (size_t)column * high + (size_t)r * across, across, begunSums);
          }
        }
        begunSums = true;
      }
    });
    // One tap and up to 16 channels of it at a time, for all columns. Sums lie in panels, as the patches do.
    pool.run(cuts * taps, small, [&](int chunk, int) {
      const int cut = chunk / taps, tap = chunk % taps, first = cut * deep, count = least(deep, inWide - first);
      const HalfPanels panels{nullptr, taps * count, positions};
      const float* from = memory + (size_t)cut * parts * sums;
      float* to = dFilter + ((size_t)tap * inWide + first) * w.outChannels + group * wide;
      alignas(64) float added[SIDE * SIDE], turned[SIDE * SIDE];
      for (int i = 0; i < count; i += SIDE) {
        const int down = least(SIDE, count - i);
        for (int j = 0; j < wide; j += SIDE) {
          const int across = least(SIDE, wide - j);
          for (int k = 0; k < down;) {
            const int column = tap * count + i + k, panel = column / (2 * SIDE) * 2 * SIDE, panelWidth = panels.width(panel);
            const int run = least(down - k, panel + panelWidth - column);
            const float* sum = from + (size_t)panel * high + (size_t)j * panelWidth + column - panel;
            for (int r = 0; r < across; r++, sum += panelWidth) {
              float* row = added + r * SIDE + k;
              copy(row, sum, run);
              for (int part = 1; part < parts; part++)
                for (int each = 0; each < run; each++) row[each] += sum[part * sums + each];
            }
            k += run;
          }
          float* out = to + (size_t)i * w.outChannels + j;
          if (down == SIDE && across == SIDE) {
            transposeWords(reinterpret_cast<const uint32_t*>(added), SIDE, reinterpret_cast<uint32_t*>(out), w.outChannels);
            continue;
          }
          transposeWords(reinterpret_cast<const uint32_t*>(added), SIDE, reinterpret_cast<uint32_t*>(turned), SIDE);
          for (int k = 0; k < down; k++) copy(out + (size_t)k * w.outChannels, turned + k * SIDE, across);
        }
      }
    });
  }
  return true;
}

/** out[m, n] = a b, with a stored as [m, k] or [k, m] and b as [k, n] or [n, k]. */
INLINE bool halfProduct(Pool& pool, const float* a, bool transposeA, const float* b, bool transposeB, float* out, int m,
                        int n, int k) {
  if ((int64_t)m * n * k < HALF_LEAST || k < 8 || n < 8 || m < 8) return false;
  const HalfPanels panels{nullptr, n, stepsUp(k)};
  const size_t packed = (HalfPanels::floats(n, k) + 15) / 16 * 16;
  const int rows = 2 * SIDE, depth = least(stepsUp(k), HALF_DEPTH), row = depth + HALF_SPACE;
  const size_t scratch = floatsOf((size_t)rows * row + 64);
  float* memory = pool.memory(packed + pool.threads() * scratch);
  HalfPanels to = panels;
  to.data = reinterpret_cast<Half*>(memory);
  pool.run(divideUp(n, 2 * SIDE), false, [&](int chunk, int) {
    packDepths(to, chunk * 2 * SIDE, 0, {b, transposeB ? 1 : n, transposeB ? k : 1, k});
    endDepths(to, chunk * 2 * SIDE, k);
  });
  const Rows all = Rows::matrix(out, n);
  pool.run(divideUp(m, rows), false, [&](int chunk, int thread) {
    const Tiles begun;
    Half* left = reinterpret_cast<Half*>(memory + packed + thread * scratch);
    alignas(64) float tile[2 * SIDE * 2 * SIDE];
    const int first = chunk * rows, high = least(rows, m - first);
    for (int d = 0; d < k; d += HALF_DEPTH) {
      const int here = least(HALF_DEPTH, k - d), padded = stepsUp(here);
      if (transposeA) {
        const float* lines[HALF_DEPTH];
        for (int i = 0; i < padded; i++) lines[i] = i < here ? a + (size_t)(d + i) * m + first : nullptr;
        transposeRows(lines, padded, high, left, row);
      } else {
        for (int r = 0; r < high; r++) {
          roundAll(left + (size_t)r * row, a + (size_t)(first + r) * k + d, here);
          for (int i = here; i < padded; i++) left[(size_t)r * row + i] = 0;
        }
      }
      for (int column = 0; column < n; column += 2 * SIDE) {
        const int width = to.width(column), columns = least(width, n - column);
        multiplyTiles(divideUp(high, SIDE), width / SIDE, along(left, row, padded), to.at(column, d), width, tile, width,
                      false);
        merge(tile, width, all, first, high, column, columns, d > 0);
      }
    }
  });
  return true;
}

}  // namespace
}  // namespace GAN_ISA
