/** y = condition ? a : b, broadcast. NUMBER: a type of the size of the tensors' numbers. */
#include "walk.cuh"

template <class Index> __device__ void one(const Walk<3> &walk, const u8 *condition, const NUMBER *a, const NUMBER *b, NUMBER *y) {
  for (Index i = (Index)firstIndex(); i < (Index)walk.count; i += (Index)indexStep()) {
    i64 at[3];
    offsetsAt<1, Index>(walk, i, at);
    y[i] = condition[at[0]] ? a[at[1]] : b[at[2]];
  }
}

template <class Index> __device__ void four(const Walk<3> &walk, const u8 *condition, const NUMBER *a, const NUMBER *b, NUMBER *y) {
  const int last = (int)walk.rank - 1;
  for (Index i = (Index)firstIndex(); i < (Index)(walk.count / 4); i += (Index)indexStep()) {
    i64 at[3];
    offsetsAt<4, Index>(walk, i, at);
    const Four<u8> which = loadFour(condition, at[0], walk.stride[0][last] == 0);
    const Four<NUMBER> left = loadFour(a, at[1], walk.stride[1][last] == 0), right = loadFour(b, at[2], walk.stride[2][last] == 0);
    Four<NUMBER> out;
    for (int k = 0; k < 4; k++) out.v[k] = which.v[k] ? left.v[k] : right.v[k];
    ((Four<NUMBER> *)y)[i] = out;
  }
}

KERNEL void select(const u8 *condition, const NUMBER *a, const NUMBER *b, NUMBER *y, const Walk<3> walk) {
  const bool wide = byFour(walk) && aligned(condition) && aligned(a) && aligned(b) && aligned(y);
  if (walk.count < SMALL) wide ? four<u32>(walk, condition, a, b, y) : one<u32>(walk, condition, a, b, y);
  else wide ? four<i64>(walk, condition, a, b, y) : one<i64>(walk, condition, a, b, y);
}
