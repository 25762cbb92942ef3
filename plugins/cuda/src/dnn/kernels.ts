import type {Extent, Gpu, KernelSource} from '../gpu.js';

/** A float32 tensor, or one in bfloat16, which is the upper half of float32. */
export type Element = 'float' | 'bf16';

const elements = /* CUDA C */ `
struct bf16 { unsigned short bits; };
__device__ __forceinline__ float load(const float* p) { return *p; }
__device__ __forceinline__ float load(const bf16* p) { return __uint_as_float((unsigned)p->bits << 16); }
__device__ __forceinline__ void store(float* p, float value) { *p = value; }
__device__ __forceinline__ void store(bf16* p, float value) { // to nearest, ties to even
  const unsigned bits = __float_as_uint(value);
  p->bits = value != value ? 0x7fff : (unsigned short)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}
`;

const text = /* CUDA C */ `${elements}
typedef unsigned int uint32;

// out [columns, rows] = in [rows, columns]; blocks of 32 x 8 threads move tiles of 32 x 32, along z they stride.
extern "C" __global__ void transpose(const FROM* in, TO* out, uint32 rows, uint32 columns) {
  __shared__ float tile[32][33];
  const uint32 column = blockIdx.x * 32 + threadIdx.x;
  for (uint32 top = blockIdx.y * 32; top < rows; top += gridDim.y * 32) {
    for (uint32 i = threadIdx.y; i < 32; i += 8)
      if (top + i < rows && column < columns) tile[i][threadIdx.x] = load(in + (size_t)(top + i) * columns + column);
    __syncthreads();
    const uint32 row = top + threadIdx.x;
    for (uint32 i = threadIdx.y; i < 32; i += 8) {
      const uint32 c = blockIdx.x * 32 + i;
      if (row < rows && c < columns) store(out + (size_t)c * rows + row, tile[threadIdx.x][i]);
    }
    __syncthreads();
  }
}

// out [count] = in [count]
extern "C" __global__ void convert(const FROM* in, TO* out, size_t count) {
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) store(out + i, load(in + i));
}

// out [n, height, width, c] = in [n, inHeight, inWidth, c] moved down by top and right by left, zeros where nothing lies.
extern "C" __global__ void shift(const FROM* in, TO* out, uint32 n, uint32 inHeight, uint32 inWidth, uint32 height, uint32 width, uint32 c, int top, int left) {
  const size_t count = (size_t)n * height * width * c;
  for (size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x; i < count; i += (size_t)gridDim.x * blockDim.x) {
    const uint32 channel = i % c;
    const size_t pixel = i / c;
    const int x = (int)(pixel % width) - left;
    const int y = (int)(pixel / width % height) - top;
    const size_t image = pixel / width / height;
    const bool inside = x >= 0 && x < (int)inWidth && y >= 0 && y < (int)inHeight;
    store(out + i, inside ? load(in + ((image * inHeight + y) * inWidth + x) * c + channel) : 0.0f);
  }
}
`;

const source = (from: Element, to: Element): KernelSource => ({name: `dnn/${from}-to-${to}`, text, defines: {FROM: from, TO: to}});

/** By source and destination; one object each, since compiled code is kept by object. */
export const sources = {
  float: {float: source('float', 'float'), bf16: source('float', 'bf16')},
  bf16: {float: source('bf16', 'float'), bf16: source('bf16', 'bf16')},
} as const;

type Launcher = Pick<Gpu, 'launch' | 'card'>;

/** A piece of memory and what is in it. */
export interface Data {
  address: bigint;
  type: Element;
}

/** to [columns, rows] = from [rows, columns]. */
export function transpose(gpu: Launcher, from: Data, to: Data, rows: number, columns: number): void {
  gpu.launch({
    source: sources[from.type][to.type], entry: 'transpose', block: [32, 8, 1],
    grid: [Math.ceil(columns / 32), Math.min(Math.ceil(rows / 32), 65535), 1],
    args: [{type: 'pointer', value: from.address}, {type: 'pointer', value: to.address}, {type: 'u32', value: rows}, {type: 'u32', value: columns}],
  });
}

/** to = from, element by element. */
export function convert(gpu: Launcher, from: Data, to: Data, count: number): void {
  gpu.launch({
    source: sources[from.type][to.type], entry: 'convert', block: [256, 1, 1], grid: gridFor(gpu, count),
    args: [{type: 'pointer', value: from.address}, {type: 'pointer', value: to.address}, {type: 'u64', value: BigInt(count)}],
  });
}

/** Images [n, height, width, c]. */
export interface Images {
  n: number;
  height: number;
  width: number;
  c: number;
}

/** Pads images (positive offsets) or cuts their middle out (negative ones). */
export function shift(gpu: Launcher, from: Data, fromSize: Images, to: Data, toSize: Images, top: number, left: number): void {
  const {n, height, width, c} = toSize;
  gpu.launch({
    source: sources[from.type][to.type], entry: 'shift', block: [256, 1, 1], grid: gridFor(gpu, n * height * width * c),
    args: [
      {type: 'pointer', value: from.address}, {type: 'pointer', value: to.address},
      ...[n, fromSize.height, fromSize.width, height, width, c].map((value) => ({type: 'u32' as const, value})),
      {type: 'i32', value: top}, {type: 'i32', value: left},
    ],
  });
}

/** Enough blocks of 256 threads for the elements, and not more than keep the card busy. */
const gridFor = ({card}: Launcher, count: number): Extent => [Math.min(Math.ceil(count / 256), card.multiprocessors * 16), 1, 1];
