#pragma once
#include "common.cuh"

/** Numbers that are loaded and stored at once. */
template <int N> struct alignas(4 * N) Numbers {
  float v[N];
};
template <int N> __device__ inline Numbers<N> load(const float *from) { return *(const Numbers<N> *)from; }
template <int N> __device__ inline void store(float *to, const Numbers<N> &values) { *(Numbers<N> *)to = values; }

/** A place in images [batch, height, width, channels]. */
struct Pixel {
  i64 image;
  int row, column, channel;
};
/** Where number `i` is, where `step` channels count as one. */
template <class Index> __device__ inline Pixel pixelOf(Index i, int height, int width, int channels, int step) {
  const Index lanes = (Index)(channels / step), across = i / lanes, down = across / (Index)width, image = down / (Index)height;
  return {(i64)image, (int)(down - image * (Index)height), (int)(across - down * (Index)width), (int)(i - across * lanes) * step};
}
