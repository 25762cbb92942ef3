/**
 * Padding: with a number, or with what is inside, mirrored.
 * NUMBER: a type of the size of the tensors' numbers. INSIDE(at, size): where, along an axis, a place takes its number from; -1 for the fill value.
 */
#include "walk.cuh"

/** Sizes of y, sizes and strides of x, and what is added before each axis. */
struct Padding {
  i64 count;
  i64 rank;
  i64 size[MAX_RANK];
  i64 inside[MAX_RANK];
  i64 stride[MAX_RANK];
  i64 before[MAX_RANK];
};

__device__ inline i64 source(i64 at, i64 size) { return INSIDE(at, size); }

template <class Index> __device__ void padAll(const Padding &padding, const NUMBER *x, NUMBER *y, NUMBER value) {
  for (Index i = (Index)firstIndex(); i < (Index)padding.count; i += (Index)indexStep()) {
    Index rest = i;
    i64 offset = 0;
    bool filled = false;
    for (int axis = (int)padding.rank - 1; axis >= 0; axis--) {
      const Index size = (Index)padding.size[axis], next = rest / size;
      const i64 from = source((i64)(rest - next * size) - padding.before[axis], padding.inside[axis]);
      filled = filled || from < 0;
      offset += from * padding.stride[axis];
      rest = next;
    }
    y[i] = filled ? value : x[offset];
  }
}

KERNEL void pad(const NUMBER *x, NUMBER *y, NUMBER value, const Padding padding) {
  if (padding.count < SMALL) padAll<u32>(padding, x, y, value);
  else padAll<i64>(padding, x, y, value);
}
