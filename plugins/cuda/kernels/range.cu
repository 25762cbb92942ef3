/** y[i] = start + i step. OUT: float or int. */
#include "common.cuh"

KERNEL void range(OUT *y, float start, float step, i64 count) {
  for (i64 i = firstIndex(); i < count; i += indexStep()) y[i] = (OUT)(start + (float)i * step);
}
