/**
 * Sums of the rows that have the same number: x [rows, inner], ids [rows] -> y [segments, inner]. Each sum is one thread's, in
 * the order of the rows, so it has the same bits every time. NUMBER: float or int.
 */
#include "common.cuh"

KERNEL void segmentSum(const NUMBER *x, const int *ids, NUMBER *y, i64 rows, i64 inner, i64 segments) {
  for (i64 i = firstIndex(); i < segments * inner; i += indexStep()) {
    const i64 column = i % inner, segment = i / inner;
    NUMBER sum = 0;
    for (i64 row = 0; row < rows; row++)
      if (ids[row] == segment) sum += x[row * inner + column];
    y[i] = sum;
  }
}
