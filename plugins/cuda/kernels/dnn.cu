// What cuDNN wants otherwise than tfjs has it. FROM and TO are the elements read and written: float, or bf16.
#include "element.cuh"

/**
 * out [batch, columns, rows] = in [batch, rows, columns]. Blocks of 32 x 8 threads move tiles of 32 x 32; along y and z, the batch, the grid
 * takes steps.
 */
KERNEL void turn(const FROM *in, TO *out, u32 rows, u32 columns, u32 batch) {
  __shared__ float tile[32][33];
  const u32 column = blockIdx.x * 32 + threadIdx.x;
  for (u32 n = blockIdx.z; n < batch; n += gridDim.z) {
    const FROM *from = in + (i64)n * rows * columns;
    TO *to = out + (i64)n * rows * columns;
    for (u32 top = blockIdx.y * 32; top < rows; top += gridDim.y * 32) {
      for (u32 i = threadIdx.y; i < 32; i += 8)
        if (top + i < rows && column < columns) tile[i][threadIdx.x] = load(from + (i64)(top + i) * columns + column);
      __syncthreads();
      const u32 row = top + threadIdx.x;
      for (u32 i = threadIdx.y; i < 32; i += 8) {
        const u32 c = blockIdx.x * 32 + i;
        if (row < rows && c < columns) store(to + (i64)c * rows + row, tile[threadIdx.x][i]);
      }
      __syncthreads();
    }
  }
}

/** out [count] = in [count], four at a time where both are aligned. */
KERNEL void convert(const FROM *in, TO *out, i64 count) {
  i64 done = 0;
  if (aligned(in) && aligned(out)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<FROM> from = ((const Four<FROM> *)in)[i];
      Four<TO> to;
      for (int k = 0; k < 4; k++) store(to.v + k, load(from.v + k));
      ((Four<TO> *)out)[i] = to;
    }
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) store(out + i, load(in + i));
}

/** out [n, height, width, c] = in [n, inHeight, inWidth, c] moved down by `top` and right by `left`, zeros where nothing comes to lie. */
KERNEL void shift(const FROM *in, TO *out, u32 n, u32 inHeight, u32 inWidth, u32 height, u32 width, u32 c, int top, int left) {
  const i64 count = (i64)n * height * width * c;
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 pixel = i / c;
    const int x = (int)(pixel % width) - left;
    const int y = (int)(pixel / width % height) - top;
    const i64 image = pixel / width / height;
    const bool inside = x >= 0 && x < (int)inWidth && y >= 0 && y < (int)inHeight;
    store(out + i, inside ? load(in + ((image * inHeight + y) * inWidth + x) * c + i % c) : 0.0f);
  }
}
