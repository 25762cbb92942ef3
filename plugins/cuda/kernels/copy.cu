/**
 * Copies numbers from one arrangement to another: slices, parts of a concatenation, reversals, repetitions, permuted axes.
 * NUMBER: a type of the size of the tensors' numbers. The walk's first strides are those of x, the second those of y.
 */
#include "walk.cuh"

template <int WIDTH, class Index, class Value> __device__ void move(const Walk<2> &walk, const NUMBER *x, NUMBER *y) {
  for (Index i = (Index)firstIndex(); i < (Index)(walk.count / WIDTH); i += (Index)indexStep()) {
    i64 at[2];
    offsetsAt<WIDTH, Index>(walk, i, at);
    *(Value *)(y + at[1]) = *(const Value *)(x + at[0]);
  }
}

KERNEL void copy(const NUMBER *x, NUMBER *y, i64 fromX, i64 fromY, const Walk<2> walk) {
  x += fromX;
  y += fromY;
  const int last = (int)walk.rank - 1;
  const bool wide = walk.stride[0][last] == 1 && walk.stride[1][last] == 1 && byFour(walk) && aligned(x) && aligned(y);
  if (walk.count < SMALL) wide ? move<4, u32, Four<NUMBER>>(walk, x, y) : move<1, u32, NUMBER>(walk, x, y);
  else wide ? move<4, i64, Four<NUMBER>>(walk, x, y) : move<1, i64, NUMBER>(walk, x, y);
}
