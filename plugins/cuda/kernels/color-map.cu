/**
 * Channel k of a pixel becomes the sum over l of x[l] matrices[l, k], plus shifts[k], plus `means` times the mean of all numbers of the image
 * (src/backends/fused/color-map.ts of gan). x [batch, pixels, channels], matrices [batch, channels, channels], shifts [batch, channels],
 * means [batch].
 */
#include "tree.cuh"

struct Sum {
  static __device__ inline float of(float a, float b) { return a + b; }
};

/** mean [batch] of x [batch, length]. */
KERNEL void imageMeans(const float *x, float *mean, const Shape3 shape, const Team team) {
  __shared__ float shared[THREADS];
  const Place place = placeOf(shape, team);
  float sum = 0;
  if (place.inside)
    for (i64 k = place.row; k < shape.length; k += team.rows) sum += x[place.line * shape.length + k];
  const float all = reduceRows<float, Sum>(sum, team, place.row, shared);
  if (place.inside && place.row == 0) mean[place.line] = all / (float)shape.length;
}

KERNEL void colorMap(const float *x, const float *matrices, const float *shifts, const float *means, const float *mean, float *y, i64 batch, i64 pixels, i64 channels) {
  const i64 count = batch * pixels * channels;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 k = i % channels, pixel = i / channels, image = pixel / pixels;
    const float *column = matrices + image * channels * channels + k;
    float sum = 0;
    for (i64 l = 0; l < channels; l++) sum += x[pixel * channels + l] * column[l * channels];
    y[i] = sum + (shifts[image * channels + k] + mean[image] * means[image]);
  }
}
