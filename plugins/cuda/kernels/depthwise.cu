/**
 * Convolution of each channel by itself with `multiplier` filters: x [n, h, w, c], filter [fh, fw, c, multiplier], y [n, oh, ow, c multiplier].
 * The window's depth is 1.
 */
#include "window.cuh"

KERNEL void forward(const float *x, const float *filter, float *y, i64 multiplier, const Window window) {
  const i64 channels = window.channels * multiplier;
  for (i64 i = firstIndex(); i < window.batch * window.out[1] * window.out[2] * channels; i += indexStep()) {
    const Site out = siteOf(i, window.out, channels);
    const i64 channel = out.channel / multiplier;
    float sum = 0;
    for (i64 a = 0; a < window.size[1]; a++) {
      const i64 h = inputThrough(window, 1, out.at[1], a);
      for (i64 b = 0; h >= 0 && b < window.size[2]; b++) {
        const i64 w = inputThrough(window, 2, out.at[2], b);
        if (w >= 0) sum += x[indexOf(out.image, 0, h, w, channel, window.in, window.channels)] * filter[(a * window.size[2] + b) * channels + out.channel];
      }
    }
    y[i] = sum;
  }
}

KERNEL void inputGradient(const float *dy, const float *filter, float *dx, i64 multiplier, const Window window) {
  const i64 channels = window.channels * multiplier;
  for (i64 i = firstIndex(); i < window.batch * window.in[1] * window.in[2] * window.channels; i += indexStep()) {
    const Site in = siteOf(i, window.in, window.channels);
    float sum = 0;
    for (i64 a = 0; a < window.size[1]; a++) {
      const i64 h = outputThrough(window, 1, in.at[1], a);
      for (i64 b = 0; h >= 0 && b < window.size[2]; b++) {
        const i64 w = outputThrough(window, 2, in.at[2], b);
        for (i64 m = 0; w >= 0 && m < multiplier; m++) {
          const i64 channel = in.channel * multiplier + m;
          sum += dy[indexOf(in.image, 0, h, w, channel, window.out, channels)] * filter[(a * window.size[2] + b) * channels + channel];
        }
      }
    }
    dx[i] = sum;
  }
}

/** A block for each number of the filter; its threads go through images and places, and their sums are put together in a fixed order. */
KERNEL void filterGradient(const float *x, const float *dy, float *dFilter, i64 multiplier, const Window window) {
  __shared__ float shared[THREADS];
  const i64 channels = window.channels * multiplier;
  const i64 channel = blockIdx.x % channels, b = blockIdx.x / channels % window.size[2], a = blockIdx.x / channels / window.size[2];
  float sum = 0;
  for (i64 i = threadIdx.x; i < window.batch * window.out[1] * window.out[2]; i += THREADS) {
    const Site out = siteOf(i, window.out, 1);
    const i64 h = inputThrough(window, 1, out.at[1], a), w = inputThrough(window, 2, out.at[2], b);
    if (h >= 0 && w >= 0) sum += x[indexOf(out.image, 0, h, w, channel / multiplier, window.in, window.channels)] * dy[i * channels + channel];
  }
  shared[threadIdx.x] = sum;
  for (int half = THREADS / 2; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) shared[threadIdx.x] += shared[threadIdx.x + half];
  }
  if (threadIdx.x == 0) dFilter[blockIdx.x] = shared[0];
}
