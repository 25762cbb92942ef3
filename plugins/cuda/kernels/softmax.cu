/**
 * exp(x) over its sum along the last axis of [lines, length]. The greatest number is taken off first, so that nothing overflows.
 * A block takes `team.lines` lines with `team.rows` threads each.
 */
#include "tree.cuh"

struct Sum {
  static __device__ inline float of(float a, float b) { return a + b; }
};
struct Max {
  static __device__ inline float of(float a, float b) { return a > b || a != a ? a : b; }
};

/** Gives the value of row 0 of a line to all threads of the line. */
__device__ inline float share(float *shared, const Team &team, int row) {
  __syncthreads();
  const float value = shared[threadIdx.x - row];
  __syncthreads();
  return value;
}

KERNEL void softmax(const float *x, float *y, const Shape3 shape, const Team team) {
  __shared__ float shared[THREADS];
  const Place place = placeOf(shape, team);
  const i64 start = place.line * shape.length;
  float greatest = -3.402823466e38f;
  float sum = 0;
  if (place.inside)
    for (i64 k = place.row; k < shape.length; k += team.rows) greatest = Max::of(greatest, x[start + k]);
  reduceRows<float, Max>(greatest, team, place.row, shared);
  greatest = share(shared, team, place.row);
  if (place.inside)
    for (i64 k = place.row; k < shape.length; k += team.rows) sum += expf(x[start + k] - greatest);
  reduceRows<float, Sum>(sum, team, place.row, shared);
  sum = share(shared, team, place.row);
  if (place.inside)
    for (i64 k = place.row; k < shape.length; k += team.rows) y[start + k] = expf(x[start + k] - greatest) / sum;
}
