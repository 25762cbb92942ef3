/**
 * Images of other sizes, [batch, height, width, channels], by the nearest pixel or bilinearly, and the gradients, STEP channels at a time. A
 * gradient is collected by the thread of an input pixel, so nothing is added by several threads. Coordinates as in tfjs: with alignCorners the
 * corners are kept; with halfPixelCenters pixels are squares, not points.
 */
#include "pixels.cuh"

struct Resize {
  i64 batch, channels;
  i64 in[2], out[2];
  i64 alignCorners, halfPixelCenters;
};

__device__ inline float ratio(const Resize &r, int axis) {
  const int corners = r.alignCorners && r.out[axis] > 1 ? 1 : 0;
  return (float)((int)r.in[axis] - corners) / (float)((int)r.out[axis] - corners);
}
__device__ inline int limit(int i, int size) { return i < 0 ? 0 : i >= size ? size - 1 : i; }

/** The input pixel that an output pixel is. */
__device__ inline int nearest(const Resize &r, int axis, int out) {
  const float scale = ratio(r, axis);
  const float at = r.halfPixelCenters ? ((float)out + 0.5f) * scale : (float)out * scale;
  return limit((int)(r.alignCorners ? roundf(at) : floorf(at)), (int)r.in[axis]);
}

/** The two input pixels that an output pixel lies between, and how near to the second. */
struct Between {
  int low, high;
  float share;
};
__device__ inline Between between(const Resize &r, int axis, int out) {
  const int size = (int)r.in[axis];
  if (r.halfPixelCenters) { // at (out + 1/2) in / out - 1/2, in whole numbers: no digit is lost far from the first pixel
    const i64 from = ((i64)out * 2 + 1) * size - r.out[axis];
    if (from <= 0) return {0, 0, 0.f};
    const u32 parts = (u32)r.out[axis] * 2;
    const u32 low = from < SMALL ? (u32)from / parts : (u32)(from / parts);
    return {(int)low, limit((int)low + 1, size), (float)(u32)(from - (i64)low * parts) / (float)parts};
  }
  const float at = (float)out * ratio(r, axis), low = floorf(at);
  return {limit((int)low, size), limit((int)ceilf(at), size), at - low};
}

template <class Index> __device__ inline Pixel inputPixel(const Resize &r, Index i) { return pixelOf<Index>(i, (int)r.in[0], (int)r.in[1], (int)r.channels, STEP); }
template <class Index> __device__ inline Pixel outputPixel(const Resize &r, Index i) { return pixelOf<Index>(i, (int)r.out[0], (int)r.out[1], (int)r.channels, STEP); }
__device__ inline Numbers<STEP> numbers(const float *x, i64 image, int row, int column, int channel, const i64 *size, i64 channels) {
  return load<STEP>(x + ((image * size[0] + row) * size[1] + column) * channels + channel);
}

template <class Index> __device__ inline void nearestAll(const float *x, float *y, const Resize &r, Index count) {
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel to = outputPixel<Index>(r, i);
    store<STEP>(y + (i64)i * STEP, numbers(x, to.image, nearest(r, 0, to.row), nearest(r, 1, to.column), to.channel, r.in, r.channels));
  }
}

__device__ inline Numbers<STEP> mix(const Numbers<STEP> &a, const Numbers<STEP> &b, float share) {
  Numbers<STEP> sum;
  for (int k = 0; k < STEP; k++) sum.v[k] = a.v[k] + (b.v[k] - a.v[k]) * share;
  return sum;
}

template <class Index> __device__ inline void bilinearAll(const float *x, float *y, const Resize &r, Index count) {
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel to = outputPixel<Index>(r, i);
    const Between v = between(r, 0, to.row), h = between(r, 1, to.column);
    const Numbers<STEP> topLeft = numbers(x, to.image, v.low, h.low, to.channel, r.in, r.channels), topRight = numbers(x, to.image, v.low, h.high, to.channel, r.in, r.channels);
    const Numbers<STEP> bottomLeft = numbers(x, to.image, v.high, h.low, to.channel, r.in, r.channels), bottomRight = numbers(x, to.image, v.high, h.high, to.channel, r.in, r.channels);
    store<STEP>(y + (i64)i * STEP, mix(mix(topLeft, topRight, h.share), mix(bottomLeft, bottomRight, h.share), v.share));
  }
}

/** The outputs along an axis that may see input `at`: those of a little more than its two neighbours' width. */
struct Range {
  int begin, end;
};
__device__ inline Range seenBy(const Resize &r, int axis, int at) {
  const float scale = ratio(r, axis);
  const int size = (int)r.out[axis];
  if (scale <= 0.f) return {0, size};
  const int begin = (int)floorf(((float)at - 1.5f) / scale) - 1, end = (int)ceilf(((float)at + 1.5f) / scale) + 2;
  return {begin < 0 ? 0 : begin, end < size ? end : size};
}

/** How much of an input pixel is in an output pixel, along an axis. */
struct Nearest {
  static __device__ inline float weight(const Resize &r, int axis, int out, int at) { return nearest(r, axis, out) == at ? 1.f : 0.f; }
};
struct Bilinear {
  static __device__ inline float weight(const Resize &r, int axis, int out, int at) {
    const Between b = between(r, axis, out);
    return (b.low == at ? 1.f - b.share : 0.f) + (b.high == at ? b.share : 0.f);
  }
};

template <class Kind, class Index> __device__ inline void gradients(const float *dy, float *dx, const Resize &r, Index count) {
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel at = inputPixel<Index>(r, i);
    const Range rows = seenBy(r, 0, at.row), columns = seenBy(r, 1, at.column);
    Numbers<STEP> sum = {};
    for (int v = rows.begin; v < rows.end; v++) {
      const float share = Kind::weight(r, 0, v, at.row);
      for (int h = columns.begin; share != 0.f && h < columns.end; h++) {
        const float all = share * Kind::weight(r, 1, h, at.column);
        if (all == 0.f) continue;
        const Numbers<STEP> slope = numbers(dy, at.image, v, h, at.channel, r.out, r.channels);
        for (int k = 0; k < STEP; k++) sum.v[k] += all * slope.v[k];
      }
    }
    store<STEP>(dx + (i64)i * STEP, sum);
  }
}

#define INPUTS (r.batch * r.in[0] * r.in[1] * r.channels / STEP)
#define OUTPUTS (r.batch * r.out[0] * r.out[1] * r.channels / STEP)

KERNEL void nearestNeighbour(const float *x, float *y, const Resize r) {
  if (OUTPUTS < SMALL) nearestAll<u32>(x, y, r, (u32)OUTPUTS);
  else nearestAll<i64>(x, y, r, OUTPUTS);
}
KERNEL void bilinear(const float *x, float *y, const Resize r) {
  if (OUTPUTS < SMALL) bilinearAll<u32>(x, y, r, (u32)OUTPUTS);
  else bilinearAll<i64>(x, y, r, OUTPUTS);
}
KERNEL void nearestNeighbourGradient(const float *dy, float *dx, const Resize r) {
  if (INPUTS < SMALL) gradients<Nearest, u32>(dy, dx, r, (u32)INPUTS);
  else gradients<Nearest, i64>(dy, dx, r, INPUTS);
}
KERNEL void bilinearGradient(const float *dy, float *dx, const Resize r) {
  if (INPUTS < SMALL) gradients<Bilinear, u32>(dy, dx, r, (u32)INPUTS);
  else gradients<Bilinear, i64>(dy, dx, r, INPUTS);
}
