/**
 * [batch, rows, columns] -> [batch, columns, rows], through tiles in shared memory, so that reads and writes go along rows.
 * NUMBER: a type of the size of the tensors' numbers. Blocks of 32 x 8 threads, a tile each; z is the batch.
 */
#include "common.cuh"

#define TILE 32

KERNEL void transpose(const NUMBER *x, NUMBER *y, i64 rows, i64 columns, i64 batch) {
  __shared__ NUMBER tile[TILE][TILE + 1]; // one more, so that a column's numbers lie in different banks
  const i64 left = (i64)blockIdx.x * TILE, top = (i64)blockIdx.y * TILE;
  for (i64 n = blockIdx.z; n < batch; n += gridDim.z) {
    const NUMBER *from = x + n * rows * columns;
    NUMBER *to = y + n * rows * columns;
    for (int k = threadIdx.y; k < TILE; k += blockDim.y)
      if (top + k < rows && left + threadIdx.x < columns) tile[k][threadIdx.x] = from[(top + k) * columns + left + threadIdx.x];
    __syncthreads();
    for (int k = threadIdx.y; k < TILE; k += blockDim.y)
      if (left + k < columns && top + threadIdx.x < rows) to[(left + k) * rows + top + threadIdx.x] = tile[threadIdx.x][k];
    __syncthreads();
  }
}
