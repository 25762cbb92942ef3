/**
 * Images of other sizes, [batch, height, width, channels], by the nearest pixel or bilinearly, and the gradients. A gradient is collected by
 * the thread of an input pixel, so nothing is added by several threads. Coordinates as in tfjs: with alignCorners the corners are kept; with
 * halfPixelCenters pixels are squares, not points.
 */
#include "common.cuh"

struct Resize {
  i64 batch, channels;
  i64 in[2], out[2];
  i64 alignCorners, halfPixelCenters;
};

__device__ inline float ratio(const Resize &r, int axis) {
  const i64 corners = r.alignCorners && r.out[axis] > 1 ? 1 : 0;
  return (float)(r.in[axis] - corners) / (float)(r.out[axis] - corners);
}
__device__ inline i64 limit(i64 i, i64 size) { return i < 0 ? 0 : i >= size ? size - 1 : i; }

/** The input pixel that an output pixel is. */
__device__ inline i64 nearest(const Resize &r, int axis, i64 out) {
  const float scale = ratio(r, axis);
  const float at = r.halfPixelCenters ? ((float)out + 0.5f) * scale : (float)out * scale;
  return limit((i64)(r.alignCorners ? roundf(at) : floorf(at)), r.in[axis]);
}

/** The two input pixels that an output pixel lies between, and how near to the second. */
struct Between {
  i64 low, high;
  float share;
};
__device__ inline Between between(const Resize &r, int axis, i64 out) {
  const float scale = ratio(r, axis);
  const float at = r.halfPixelCenters ? ((float)out + 0.5f) * scale - 0.5f : (float)out * scale;
  const float low = floorf(at);
  return {limit((i64)low, r.in[axis]), limit((i64)ceilf(at), r.in[axis]), at < 0.f ? 0.f : at - low};
}

__device__ inline i64 pixel(i64 image, i64 y, i64 x, i64 channel, const i64 *size, i64 channels) {
  return ((image * size[0] + y) * size[1] + x) * channels + channel;
}

KERNEL void nearestNeighbour(const float *x, float *y, const Resize r) {
  for (i64 i = firstIndex(); i < r.batch * r.out[0] * r.out[1] * r.channels; i += indexStep()) {
    const i64 c = i % r.channels, column = i / r.channels % r.out[1], row = i / r.channels / r.out[1] % r.out[0], image = i / r.channels / r.out[1] / r.out[0];
    y[i] = x[pixel(image, nearest(r, 0, row), nearest(r, 1, column), c, r.in, r.channels)];
  }
}

KERNEL void bilinear(const float *x, float *y, const Resize r) {
  for (i64 i = firstIndex(); i < r.batch * r.out[0] * r.out[1] * r.channels; i += indexStep()) {
    const i64 c = i % r.channels, image = i / r.channels / r.out[1] / r.out[0];
    const Between v = between(r, 0, i / r.channels / r.out[1] % r.out[0]), h = between(r, 1, i / r.channels % r.out[1]);
    const float topLeft = x[pixel(image, v.low, h.low, c, r.in, r.channels)], topRight = x[pixel(image, v.low, h.high, c, r.in, r.channels)];
    const float bottomLeft = x[pixel(image, v.high, h.low, c, r.in, r.channels)], bottomRight = x[pixel(image, v.high, h.high, c, r.in, r.channels)];
    const float top = topLeft + (topRight - topLeft) * h.share, bottom = bottomLeft + (bottomRight - bottomLeft) * h.share;
    y[i] = top + (bottom - top) * v.share;
  }
}

/** The outputs along an axis that may see input `at`: those of a little more than its two neighbours' width. */
struct Range {
  i64 begin, end;
};
__device__ inline Range seenBy(const Resize &r, int axis, i64 at) {
  const float scale = ratio(r, axis);
  if (scale <= 0.f || at == 0 || at == r.in[axis] - 1) return {0, r.out[axis]}; // a border is seen from beyond it, too
  const i64 begin = (i64)floorf(((float)at - 1.5f) / scale) - 1, end = (i64)ceilf(((float)at + 1.5f) / scale) + 2;
  return {begin < 0 ? 0 : begin, end < r.out[axis] ? end : r.out[axis]};
}

/** How much of an input pixel is in an output pixel, along an axis. */
__device__ inline float weightNearest(const Resize &r, int axis, i64 out, i64 at) { return nearest(r, axis, out) == at ? 1.f : 0.f; }
__device__ inline float weightBilinear(const Resize &r, int axis, i64 out, i64 at) {
  const Between b = between(r, axis, out);
  return (b.low == at ? 1.f - b.share : 0.f) + (b.high == at ? b.share : 0.f);
}

template <class Weight> __device__ inline void gradients(const float *dy, float *dx, const Resize &r, Weight weight) {
  for (i64 i = firstIndex(); i < r.batch * r.in[0] * r.in[1] * r.channels; i += indexStep()) {
    const i64 c = i % r.channels, column = i / r.channels % r.in[1], row = i / r.channels / r.in[1] % r.in[0], image = i / r.channels / r.in[1] / r.in[0];
    const Range rows = seenBy(r, 0, row), columns = seenBy(r, 1, column);
    float sum = 0;
    for (i64 v = rows.begin; v < rows.end; v++) {
      const float share = weight(r, 0, v, row);
      for (i64 h = columns.begin; share != 0.f && h < columns.end; h++) {
        const float all = share * weight(r, 1, h, column);
        if (all != 0.f) sum += all * dy[pixel(image, v, h, c, r.out, r.channels)];
      }
    }
    dx[i] = sum;
  }
}

struct Nearest {
  __device__ inline float operator()(const Resize &r, int axis, i64 out, i64 at) const { return weightNearest(r, axis, out, at); }
};
struct Bilinear {
  __device__ inline float operator()(const Resize &r, int axis, i64 out, i64 at) const { return weightBilinear(r, axis, out, at); }
};
KERNEL void nearestNeighbourGradient(const float *dy, float *dx, const Resize r) { gradients(dy, dx, r, Nearest()); }
KERNEL void bilinearGradient(const float *dy, float *dx, const Resize r) { gradients(dy, dx, r, Bilinear()); }
