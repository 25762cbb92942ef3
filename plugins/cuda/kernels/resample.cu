/**
 * Images [batch, height, width, channels] of other sizes, by whole factors: nearest upsampling, sums of blocks, and the filter of StyleGAN2
 * (src/backends/fused/upsample.ts and fir.ts of gan). Each is the transpose of another or of itself. STEP channels at a time.
 */
#include "pixels.cuh"

/** Sizes of x. */
struct Images {
  i64 batch, height, width, channels;
};

template <class Index> __device__ inline void upsampleAll(const float *x, float *y, const Images &images, int factor, float scale, Index count) {
  const int channels = (int)images.channels, width = (int)images.width * factor;
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel from = pixelOf<Index>(i, (int)images.height, (int)images.width, channels, STEP);
    Numbers<STEP> value = load<STEP>(x + (i64)i * STEP);
    for (int k = 0; k < STEP; k++) value.v[k] *= scale;
    float *to = y + ((from.image * images.height + from.row) * factor * width + from.column * factor) * channels + from.channel;
    for (int a = 0; a < factor; a++)
      for (int b = 0; b < factor; b++) store<STEP>(to + ((i64)a * width + b) * channels, value);
  }
}

template <class Index> __device__ inline void blockSumAll(const float *x, float *y, const Images &images, int factor, float scale, Index count) {
  const int channels = (int)images.channels, width = (int)images.width;
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel to = pixelOf<Index>(i, (int)images.height / factor, width / factor, channels, STEP);
    const float *from = x + ((to.image * images.height + to.row * factor) * width + to.column * factor) * channels + to.channel;
    Numbers<STEP> sum = {};
    for (int a = 0; a < factor; a++)
      for (int b = 0; b < factor; b++) {
        const Numbers<STEP> value = load<STEP>(from + ((i64)a * width + b) * channels);
        for (int k = 0; k < STEP; k++) sum.v[k] += value.v[k];
      }
    for (int k = 0; k < STEP; k++) sum.v[k] *= scale;
    store<STEP>(y + (i64)i * STEP, sum);
  }
}

#define EACH_OF(all, count) ((count) < SMALL ? all<u32>(x, y, images, (int)factor, scale, (u32)(count)) : all<i64>(x, y, images, (int)factor, scale, count))

KERNEL void upsampleNearest(const float *x, float *y, const Images images, i64 factor, float scale) {
  const i64 count = images.batch * images.height * images.width * images.channels / STEP;
  EACH_OF(upsampleAll, count);
}

KERNEL void blockSum(const float *x, float *y, const Images images, i64 factor, float scale) {
  const i64 count = images.batch * (images.height / factor) * (images.width / factor) * images.channels / STEP;
  EACH_OF(blockSumAll, count);
}

/** y[o] = sum of taps[k] x[(o down + k - before) / up], where that is a pixel; along rows and columns. The size is that of y. */
struct Fir {
  i64 height, width;
  i64 up, down, top, left, count;
};

/** The first tap of an output that meets a pixel, and which. The next are `up` taps and one pixel further. */
struct Meeting {
  int tap, pixel;
};
__device__ inline Meeting firstMeeting(int out, int down, int up, int before) {
  const int at = out * down - before;
  if (at <= 0) return {-at, 0};
  const int pixel = (at + up - 1) / up;
  return {pixel * up - at, pixel};
}

template <class Index> __device__ inline void firAll(const float *x, float *y, const Images &images, const Fir &fir, const float *taps, Index count) {
  const int channels = (int)images.channels, up = (int)fir.up, tapCount = (int)fir.count;
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel to = pixelOf<Index>(i, (int)fir.height, (int)fir.width, channels, STEP);
    const Meeting down = firstMeeting(to.row, (int)fir.down, up, (int)fir.top), across = firstMeeting(to.column, (int)fir.down, up, (int)fir.left);
    const float *from = x + to.image * images.height * images.width * channels + to.channel;
    Numbers<STEP> sum = {};
    for (int a = down.tap, row = down.pixel; a < tapCount && row < (int)images.height; a += up, row++) {
      Numbers<STEP> line = {};
      for (int b = across.tap, column = across.pixel; b < tapCount && column < (int)images.width; b += up, column++) {
        const Numbers<STEP> value = load<STEP>(from + ((i64)row * (int)images.width + column) * channels);
        for (int k = 0; k < STEP; k++) line.v[k] += value.v[k] * taps[b];
      }
      for (int k = 0; k < STEP; k++) sum.v[k] += line.v[k] * taps[a];
    }
    store<STEP>(y + (i64)i * STEP, sum);
  }
}

KERNEL void firResample(const float *x, const float *taps, float *y, const Images images, const Fir fir) {
  const i64 count = images.batch * fir.height * fir.width * images.channels / STEP;
  if (count < SMALL) firAll<u32>(x, y, images, fir, taps, (u32)count);
  else firAll<i64>(x, y, images, fir, taps, count);
}
