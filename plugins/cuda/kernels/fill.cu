/** Arrays that are computed from nothing. */
#include "common.cuh"

/** NUMBER: a type of the size of the tensor's numbers. */
KERNEL void fill(NUMBER *y, NUMBER value, i64 count) {
  i64 done = 0;
  if (aligned(y)) {
    const Four<NUMBER> values = {{value, value, value, value}};
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) ((Four<NUMBER> *)y)[i] = values;
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) y[i] = value;
}
