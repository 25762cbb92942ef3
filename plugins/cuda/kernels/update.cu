/**
 * The step of an optimiser for a list of parameters, in one launch. Rounded operation by operation, like the composition in
 * src/backends/fused/update.ts of gan, where the formula is; so nothing may be fused into multiply-adds.
 */
#include "chunks.cuh"

/** The number that fits into the 4 KiB of a kernel's arguments. */
#define MAX_ITEMS 48

/** A row of the tensor of coefficients. */
struct Coefficients {
  float keep, decay, momentum, dampening, squareMomentum, squareShare, correction, eps, rate, bound;
};

/** A parameter of the list; null where it has no such average. New arrays may be the old ones. */
struct Item {
  const float *value, *gradient, *average, *squares;
  float *newValue, *newAverage, *newSquares;
  const Coefficients *coefficients;
  i64 count;
  /** Chunks of the items before it. */
  i64 firstChunk;
};

struct Items {
  i64 length;
  Item item[MAX_ITEMS];
};

__device__ inline float sumOf(float a, float b) { return __fadd_rn(a, b); }
__device__ inline float productOf(float a, float b) { return __fmul_rn(a, b); }

__device__ inline void update(const Item &item, const Coefficients &c, i64 i) {
  const float value = item.value[i];
  float slope = item.gradient[i];
  if (c.decay != 0.f) slope = sumOf(slope, productOf(value, c.decay));
  float direction = slope;
  if (item.average) {
    direction = sumOf(productOf(item.average[i], c.momentum), productOf(slope, c.dampening));
    item.newAverage[i] = direction;
  }
  if (item.squares) {
    const float squares = sumOf(productOf(item.squares[i], c.squareMomentum), productOf(productOf(slope, slope), c.squareShare));
    item.newSquares[i] = squares;
    direction = __fdiv_rn(direction, sumOf(__fsqrt_rn(productOf(squares, c.correction)), c.eps));
  }
  const float moved = __fsub_rn(productOf(value, c.keep), productOf(direction, c.rate));
  item.newValue[i] = moved < -c.bound ? -c.bound : moved > c.bound ? c.bound : moved; // NaN stays
}

/** A block for each chunk. */
KERNEL void updateAll(const Items items) {
  const Item &item = items.item[itemOf(items, blockIdx.x)];
  const Coefficients c = *item.coefficients;
  const Span span = spanOf(item, blockIdx.x);
  for (i64 i = span.begin + threadIdx.x; i < span.end; i += blockDim.x) update(item, c, i);
}
