/** Next values of running averages, rounded operation by operation like the composition in src/backends/fused/blend.ts of gan. */
#include "common.cuh"

/** The number that fits into the 4 KiB of a kernel's arguments. */
#define MAX_AVERAGES 64

/** y = keep a + share b; y may be a. */
struct Average {
  const float *a, *b;
  float *y;
  float keep, share;
  i64 count;
};

struct Averages {
  i64 length;
  Average average[MAX_AVERAGES];
};

/** Blocks along y go from average to average. */
KERNEL void blend(const Averages averages) {
  for (i64 n = blockIdx.y; n < averages.length; n += gridDim.y) {
    const Average &one = averages.average[n];
    for (i64 i = firstIndex(); i < one.count; i += indexStep()) one.y[i] = __fadd_rn(__fmul_rn(one.a[i], one.keep), __fmul_rn(one.b[i], one.share));
  }
}
