/**
 * Arrays, seen as one vector, of a bounded length (src/backends/fused/clip-by-global-norm.ts of gan): sums of squares of chunks, the length
 * and what is multiplied by, and the products. The order of the additions depends on the sizes only.
 */
#include "chunks.cuh"
#include "tree.cuh"

/** The number that fits into the 4 KiB of a kernel's arguments. */
#define MAX_ARRAYS 96

struct Array {
  const float *x;
  float *y;
  i64 count;
  /** Chunks of the arrays before it. */
  i64 firstChunk;
};
struct Arrays {
  i64 length;
  Array item[MAX_ARRAYS];
};

struct Sum {
  static __device__ inline float of(float a, float b) { return a + b; }
};
/** The sum over the threads of the block; thread 0 has it. */
__device__ inline float sumOfBlock(float value, float *shared) { return reduceRows<float, Sum>(value, {1, THREADS, 1, 1}, (int)threadIdx.x, shared); }

/** A block for each chunk. partial [chunks]. */
KERNEL void squares(const Arrays arrays, float *partial) {
  __shared__ float shared[THREADS];
  const Array &array = arrays.item[itemOf(arrays, blockIdx.x)];
  const Span span = spanOf(array, blockIdx.x);
  float sum = 0;
  for (i64 i = span.begin + threadIdx.x; i < span.end; i += THREADS) sum += array.x[i] * array.x[i];
  const float all = sumOfBlock(sum, shared);
  if (threadIdx.x == 0) partial[blockIdx.x] = all;
}

/** One block, for all chunks. A length that is NaN makes everything NaN. */
KERNEL void lengthOf(const float *partial, const float *bound, float *length, float *share, i64 chunks) {
  __shared__ float shared[THREADS];
  float sum = 0;
  for (i64 i = threadIdx.x; i < chunks; i += THREADS) sum += partial[i];
  const float all = sqrtf(sumOfBlock(sum, shared));
  if (threadIdx.x != 0) return;
  const float wanted = *bound / (all + 1e-6f);
  *length = all;
  *share = wanted > 1.f ? 1.f : wanted;
}

/** y = share x; a block for each chunk. */
KERNEL void scaled(const Arrays arrays, const float *share) {
  const Array &array = arrays.item[itemOf(arrays, blockIdx.x)];
  const Span span = spanOf(array, blockIdx.x);
  const float factor = *share;
  for (i64 i = span.begin + threadIdx.x; i < span.end; i += THREADS) array.y[i] = array.x[i] * factor;
}
