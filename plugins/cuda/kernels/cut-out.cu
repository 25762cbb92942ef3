/**
 * x [batch, height, width, channels] with a box of each image set to 0; boxes [batch, 4]: the first row and column, and those behind the last
 * (src/backends/fused/cut-out.ts of gan).
 */
#include "pixels.cuh"

KERNEL void cutOut(const float *x, const float *boxes, float *y, i64 batch, i64 height, i64 width, i64 channels) {
  const i64 count = batch * height * width * channels;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const Pixel at = pixelOf<i64>(i, (int)height, (int)width, (int)channels, 1);
    const float *box = boxes + at.image * 4;
    const bool inside = (float)at.row >= box[0] && (float)at.row < box[2] && (float)at.column >= box[1] && (float)at.column < box[3];
    y[i] = inside ? 0.f : x[i];
  }
}
