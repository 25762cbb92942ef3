/**
 * Running sums or products along the middle axis of [outer, length, inner], one thread a line.
 * NUMBER: float or int; COMBINE(a, b), INIT: the operation and its neutral number.
 */
#include "common.cuh"

KERNEL void scan(const NUMBER *x, NUMBER *y, i64 outer, i64 length, i64 inner, int exclusive, int reverse) {
  for (i64 line = firstIndex(); line < outer * inner; line += indexStep()) {
    const i64 start = line / inner * length * inner + line % inner;
    NUMBER running = INIT;
    for (i64 k = 0; k < length; k++) {
      const i64 at = start + (reverse ? length - 1 - k : k) * inner;
      const NUMBER next = COMBINE(running, x[at]);
      y[at] = exclusive ? running : next;
      running = next;
    }
  }
}
