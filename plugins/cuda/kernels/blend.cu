/** y = keep a + share b, rounded operation by operation like the composition in src/backends/fused/blend.ts of gan. */
#include "common.cuh"

KERNEL void blend(const float *a, const float *b, float *y, float keep, float share, i64 count) {
  for (i64 i = firstIndex(); i < count; i += indexStep()) y[i] = __fadd_rn(__fmul_rn(a[i], keep), __fmul_rn(b[i], share));
}
