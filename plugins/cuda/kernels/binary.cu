/**
 * y = OP of a and b, broadcast.
 * IN, OUT: types; OP: an expression of `a` and `b`.
 */
#include "walk.cuh"

/** Rounded down; of whole numbers, 0 where the divisor is. */
__device__ inline float floorOf(float a, float b) { return floorf(a / b); }
__device__ inline int floorOf(int a, int b) { return b == 0 ? 0 : a / b - ((a % b != 0) && ((a < 0) != (b < 0))); }
/** Modulo with the sign of the divisor. */
__device__ inline float remainderOf(float a, float b) {
  const float rest = fmodf(a, b);
  return rest != 0.f && (rest < 0.f) != (b < 0.f) ? rest + b : rest;
}
__device__ inline int remainderOf(int a, int b) { return b == 0 ? 0 : a - floorOf(a, b) * b; }
__device__ inline float powerOf(float a, float b) { return powf(a, b); }
__device__ inline int powerOf(int a, int b) { return (int)pow((double)a, (double)b); }

__device__ inline OUT apply(IN a, IN b) { return (OUT)(OP); }

template <class Index> __device__ void one(const Walk<2> &walk, const IN *a, const IN *b, OUT *y) {
  for (Index i = (Index)firstIndex(); i < (Index)walk.count; i += (Index)indexStep()) {
    i64 at[2];
    offsetsAt<1, Index>(walk, i, at);
    y[i] = apply(a[at[0]], b[at[1]]);
  }
}

template <class Index> __device__ void four(const Walk<2> &walk, const IN *a, const IN *b, OUT *y) {
  const int last = (int)walk.rank - 1;
  const bool repeatA = walk.stride[0][last] == 0, repeatB = walk.stride[1][last] == 0;
  for (Index i = (Index)firstIndex(); i < (Index)(walk.count / 4); i += (Index)indexStep()) {
    i64 at[2];
    offsetsAt<4, Index>(walk, i, at);
    const Four<IN> left = loadFour(a, at[0], repeatA), right = loadFour(b, at[1], repeatB);
    Four<OUT> out;
    for (int k = 0; k < 4; k++) out.v[k] = apply(left.v[k], right.v[k]);
    ((Four<OUT> *)y)[i] = out;
  }
}

KERNEL void binary(const IN *a, const IN *b, OUT *y, const Walk<2> walk) {
  const bool wide = byFour(walk) && aligned(a) && aligned(b) && aligned(y);
  if (walk.count < SMALL) wide ? four<u32>(walk, a, b, y) : one<u32>(walk, a, b, y);
  else wide ? four<i64>(walk, a, b, y) : one<i64>(walk, a, b, y);
}
