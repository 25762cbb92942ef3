/** y [count, depth]: `on` where the place along the last axis is the index, `off` elsewhere. NUMBER: a type of the size of the tensor's numbers. */
#include "common.cuh"

KERNEL void oneHot(const int *indices, NUMBER *y, i64 count, i64 depth, NUMBER on, NUMBER off) {
  for (i64 i = firstIndex(); i < count * depth; i += indexStep()) y[i] = indices[i / depth] == i % depth ? on : off;
}
