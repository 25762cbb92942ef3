/**
 * Channels to pixels and back: images [batch, height, width, channels factor^2] and [batch, height factor, width factor, channels], the order of
 * channels being PyTorch's. A thread moves the pixels of one small pixel and channel. NUMBER: a type of the size of the tensors' numbers.
 */
#include "pixels.cuh"

/** Sizes of the small images; channels are those of the large ones. */
struct Small {
  i64 batch, height, width, channels;
};

template <bool SHUFFLE, class Index> __device__ inline void moveAll(const NUMBER *x, NUMBER *y, const Small &small, int factor, Index count) {
  const int channels = (int)small.channels, width = (int)small.width * factor;
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel at = pixelOf<Index>(i, (int)small.height, (int)small.width, channels, 1);
    const i64 deep = (i64)i * factor * factor;
    const i64 wide = ((at.image * small.height + at.row) * factor * width + at.column * factor) * channels + at.channel;
    for (int a = 0; a < factor; a++)
      for (int b = 0; b < factor; b++) {
        const i64 pixel = wide + ((i64)a * width + b) * channels, channel = deep + a * factor + b;
        if (SHUFFLE) y[pixel] = x[channel];
        else y[channel] = x[pixel];
      }
  }
}

/** Blocks of 2 x 2: their four channels lie together, and are aligned. */
template <bool SHUFFLE, class Index> __device__ inline void moveFours(const NUMBER *x, NUMBER *y, const Small &small, Index count) {
  const int channels = (int)small.channels;
  const i64 line = small.width * 2 * channels;
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    const Pixel at = pixelOf<Index>(i, (int)small.height, (int)small.width, channels, 1);
    const i64 wide = (at.image * small.height + at.row) * 2 * line + (i64)at.column * 2 * channels + at.channel;
    if (SHUFFLE) {
      const Four<NUMBER> four = ((const Four<NUMBER> *)x)[i];
      y[wide] = four.v[0];
      y[wide + channels] = four.v[1];
      y[wide + line] = four.v[2];
      y[wide + line + channels] = four.v[3];
    } else ((Four<NUMBER> *)y)[i] = {x[wide], x[wide + channels], x[wide + line], x[wide + line + channels]};
  }
}

template <bool SHUFFLE, class Index> __device__ inline void move(const NUMBER *x, NUMBER *y, const Small &small, int factor, Index count) {
  if (factor == 2 && aligned(SHUFFLE ? x : y)) moveFours<SHUFFLE, Index>(x, y, small, count);
  else moveAll<SHUFFLE, Index>(x, y, small, factor, count);
}

KERNEL void shuffle(const NUMBER *x, NUMBER *y, const Small small, i64 factor) {
  const i64 count = small.batch * small.height * small.width * small.channels;
  if (count < SMALL) move<true, u32>(x, y, small, (int)factor, (u32)count);
  else move<true, i64>(x, y, small, (int)factor, count);
}

KERNEL void unshuffle(const NUMBER *x, NUMBER *y, const Small small, i64 factor) {
  const i64 count = small.batch * small.height * small.width * small.channels;
  if (count < SMALL) move<false, u32>(x, y, small, (int)factor, (u32)count);
  else move<false, i64>(x, y, small, (int)factor, count);
}
