/**
 * y = OP of x, number by number.
 * IN, OUT: types; OP: an expression of `x` and of the two numbers `p` and `q` that an operation may take.
 */
#include "common.cuh"

__device__ inline OUT apply(IN x, float p, float q) { return (OUT)(OP); }

KERNEL void unary(const IN *x, OUT *y, i64 count, float p, float q) {
  i64 done = 0;
  if (aligned(x) && aligned(y)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<IN> in = ((const Four<IN> *)x)[i];
      Four<OUT> out;
      for (int k = 0; k < 4; k++) out.v[k] = apply(in.v[k], p, q);
      ((Four<OUT> *)y)[i] = out;
    }
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) y[i] = apply(x[i], p, q);
}
