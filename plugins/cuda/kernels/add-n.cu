/** The sum of up to eight arrays, added in their order. NUMBER: float or int. */
#include "common.cuh"

#define MAX_TERMS 8

struct Terms {
  i64 count;
  const NUMBER *term[MAX_TERMS];
};

KERNEL void addN(const Terms terms, NUMBER *y, i64 count) {
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    NUMBER sum = terms.term[0][i];
    for (int k = 1; k < terms.count; k++) sum += terms.term[k][i];
    y[i] = sum;
  }
}
