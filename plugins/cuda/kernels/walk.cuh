#pragma once
#include "common.cuh"

#define MAX_RANK 8

/**
 * A walk through the places of an array, with the strides that N arrays have at each of them: 0 where one is repeated,
 * negative where it is read backwards. Axes that can be walked as one are one (src/kernels/walk.ts).
 */
template <int N> struct Walk {
  i64 count;
  i64 rank;
  i64 size[MAX_RANK];
  i64 stride[N][MAX_RANK];
};

/**
 * True if four positions can be processed at once: along the last axis, neighbours are neighbours in memory, or the
 * same number, in every operand.
 */
template <int N> __device__ inline bool byFour(const Walk<N> &walk) {
  const int last = (int)walk.rank - 1;
  if (walk.size[last] % 4 != 0) return false;
  for (int n = 0; n < N; n++) {
    if (walk.stride[n][last] == 0) continue;
    if (walk.stride[n][last] != 1) return false;
    for (int axis = 0; axis < last; axis++)
      if (walk.stride[n][axis] % 4 != 0) return false;
  }
  return true;
}

/** Offsets of the N arrays at place `i`, counted in groups of WIDTH places. */
template <int WIDTH, class Index, int N> __device__ inline void offsetsAt(const Walk<N> &walk, Index i, i64 (&offset)[N]) {
  for (int n = 0; n < N; n++) offset[n] = 0;
  Index rest = i;
  for (int axis = (int)walk.rank - 1; axis >= 0; axis--) {
    const bool last = axis == (int)walk.rank - 1;
    Index at = rest;
    if (axis > 0) {
      const Index size = (Index)(last ? walk.size[axis] / WIDTH : walk.size[axis]);
      rest = at / size;
      at -= rest * size;
    }
    const i64 place = last ? (i64)at * WIDTH : (i64)at;
    for (int n = 0; n < N; n++) offset[n] += place * walk.stride[n][axis];
  }
}

/** Four numbers of an array from `offset` on: neighbours, or one of them four times. */
template <class T> __device__ inline Four<T> loadFour(const T *x, i64 offset, bool repeated) {
  if (!repeated) return *(const Four<T> *)(x + offset);
  const T value = x[offset];
  return {{value, value, value, value}};
}
