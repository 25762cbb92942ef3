/**
 * Images seen through affine maps, between the four pixels around each place, and the transpose of that, which is its gradient
 * (src/backends/fused/affine-sample.ts of gan). maps [batch, 6]: the output pixel in row i and column j is what lies at column
 * a j + b i + c and row d j + e i + f. A thread collects one number, so nothing is added by several threads.
 */
#include "common.cuh"

/** Sizes of the images that are sampled, and of what is seen of them. */
struct Affine {
  i64 batch, height, width, outHeight, outWidth, channels, reflect;
};

/** Rounded operation by operation, so that both kernels agree about the pixel that a place comes after. */
__device__ inline float placeOf(const float *map, int column, int row) {
  return __fadd_rn(__fadd_rn(__fmul_rn(map[0], (float)column), __fmul_rn(map[1], (float)row)), map[2]);
}

/** Where in the image a pixel is: ... 2 1 0 1 2 ... side-2 side-1 side-2 ..., or -1 where it is outside. */
__device__ inline int pixelAt(int pixel, int side, bool reflect) {
  if (pixel >= 0 && pixel < side) return pixel;
  if (!reflect) return -1;
  if (side == 1) return 0;
  const int period = 2 * (side - 1), rest = pixel % period, inPeriod = rest < 0 ? rest + period : rest;
  return inPeriod < side ? inPeriod : period - inPeriod;
}

/** The pixel before a place, and how near the place is to the next. Far away everything is outside, or the same. */
struct Between {
  int before;
  float share;
};
__device__ inline Between between(float at) {
  const float limited = at < -1e8f ? -1e8f : at > 1e8f ? 1e8f : at, low = floorf(limited);
  return {(int)low, limited - low};
}

KERNEL void sample(const float *x, const float *maps, float *y, const Affine affine) {
  const int channels = (int)affine.channels, width = (int)affine.width, height = (int)affine.height;
  const i64 count = affine.batch * affine.outHeight * affine.outWidth * channels;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const int channel = (int)(i % channels);
    i64 rest = i / channels;
    const int column = (int)(rest % affine.outWidth);
    rest /= affine.outWidth;
    const int row = (int)(rest % affine.outHeight);
    const i64 image = rest / affine.outHeight;
    const Between across = between(placeOf(maps + image * 6, column, row)), down = between(placeOf(maps + image * 6 + 3, column, row));
    float sum = 0;
    for (int a = 0; a < 2; a++) {
      const int v = pixelAt(down.before + a, height, affine.reflect != 0);
      for (int b = 0; b < 2; b++) {
        const int h = pixelAt(across.before + b, width, affine.reflect != 0);
        if (v < 0 || h < 0) continue;
        sum += x[((image * height + v) * width + h) * channels + channel] * ((a ? down.share : 1.f - down.share) * (b ? across.share : 1.f - across.share));
      }
    }
    y[i] = sum;
  }
}

/** The share of a pixel in what lies at a place. */
__device__ inline float shareOf(Between place, int pixel, int side, bool reflect) {
  return (pixelAt(place.before, side, reflect) == pixel ? 1.f - place.share : 0.f) + (pixelAt(place.before + 1, side, reflect) == pixel ? place.share : 0.f);
}

/**
 * dx: each pixel looks for the places that see it. Along the output's axis on which columns move faster, those that come near to the pixel, or to
 * one of its reflections, are few; they are looked through for each line of the other axis.
 */
KERNEL void transposed(const float *dy, const float *maps, float *dx, const Affine affine) {
  const int channels = (int)affine.channels, width = (int)affine.width, height = (int)affine.height;
  const int outWidth = (int)affine.outWidth, outHeight = (int)affine.outHeight;
  const bool reflect = affine.reflect != 0;
  const i64 count = affine.batch * height * width * channels;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const int channel = (int)(i % channels);
    i64 rest = i / channels;
    const int h = (int)(rest % width);
    rest /= width;
    const int v = (int)(rest % height);
    const i64 image = rest / height;
    const float *map = maps + image * 6;
    const float *slopes = dy + image * outHeight * outWidth * channels + channel;
    const bool alongRows = fabsf(map[1]) > fabsf(map[0]);
    const float fast = alongRows ? map[1] : map[0], slow = alongRows ? map[0] : map[1];
    const int length = alongRows ? outHeight : outWidth, lines = alongRows ? outWidth : outHeight;
    const bool every = reflect && width == 1; // all places of a line lie at its one pixel
    const int period = reflect && !every ? 2 * (width - 1) : 1;
    float sum = 0;
    for (int line = 0; line < lines; line++) {
      const float start = slow * (float)line + map[2], end = start + fast * (float)(length - 1);
      // the places of this line, as far as whole numbers hold them, and the reflections of the pixel among them
      const int low = between((start < end ? start : end) - 2.f).before, high = between((start < end ? end : start) + 2.f).before;
      const int kinds = reflect && h != 0 && h != width - 1 ? 2 : 1; // the rim is its own reflection
      for (int kind = 0; kind < kinds; kind++) {
        int target = kind == 0 ? h : -h;
        if (reflect && !every) {
          const int before = (low - target) / period - 1; // rounded down or up: one more is looked at
          target += before * period;
        }
        for (; every || target <= high; target += period) {
          if (every || target >= low) {
            const float a = ((float)target - 1.f - start) / fast, b = ((float)target + 1.f - start) / fast;
            const bool known = fast != 0.f && !every;
            const int first = known ? between((a < b ? a : b) - 1.f).before : 0, last = known ? between((a < b ? b : a) + 1.f).before + 1 : length - 1;
            for (int k = first < 0 ? 0 : first; k <= last && k < length; k++) {
              const int column = alongRows ? line : k, row = alongRows ? k : line;
              const Between across = between(placeOf(map, column, row));
              // of this reflection only: others have their turns
              const float mine = every ? 1.f : (across.before == target ? 1.f - across.share : 0.f) + (across.before + 1 == target ? across.share : 0.f);
              if (mine == 0.f) continue;
              const float all = mine * shareOf(between(placeOf(map + 3, column, row)), v, height, reflect);
              if (all != 0.f) sum += all * slopes[((i64)row * outWidth + column) * channels];
            }
          }
          if (!reflect || every) break;
        }
      }
    }
    dx[i] = sum;
  }
}
