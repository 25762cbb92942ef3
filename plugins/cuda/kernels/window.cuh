#pragma once
#include "common.cuh"

/** Sizes of a pooling in three dimensions (a 2-D one has a depth of 1), or of a depthwise convolution; NDHWC. */
struct Window {
  i64 batch, channels;
  i64 in[3], out[3];
  i64 size[3], stride[3], dilation[3];
  /** Padding at the front, top and left. */
  i64 before[3];
};

/** The place of number `i` of [batch, depth, height, width, channels]. */
struct Site {
  i64 image, channel;
  i64 at[3];
};
__device__ inline Site siteOf(i64 i, const i64 *sizes, i64 channels) {
  Site site;
  site.channel = i % channels;
  i /= channels;
  for (int d = 2; d >= 0; d--) {
    site.at[d] = i % sizes[d];
    i /= sizes[d];
  }
  site.image = i;
  return site;
}
__device__ inline i64 indexOf(i64 image, i64 d, i64 h, i64 w, i64 channel, const i64 *sizes, i64 channels) {
  return (((image * sizes[0] + d) * sizes[1] + h) * sizes[2] + w) * channels + channel;
}

/** The output along an axis whose window holds input `at` through tap `tap`: -1 if there is none. */
__device__ inline int outputThrough(const Window &window, int axis, int at, int tap) {
  const int from = at + (int)window.before[axis] - tap * (int)window.dilation[axis], stride = (int)window.stride[axis];
  if (from < 0 || from % stride != 0) return -1;
  const int out = from / stride;
  return out < (int)window.out[axis] ? out : -1;
}
/** The input that an output sees through a tap: -1 if it is beyond the border. */
__device__ inline int inputThrough(const Window &window, int axis, int out, int tap) {
  const int at = out * (int)window.stride[axis] + tap * (int)window.dilation[axis] - (int)window.before[axis];
  return at >= 0 && at < (int)window.in[axis] ? at : -1;
}
