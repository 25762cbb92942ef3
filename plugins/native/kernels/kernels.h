// The kernels of one instruction set, as src/native.ts of gan-plugin-wasm describes them.
#pragma once
#include <cstdint>
#include "pool.h"
#include "window.h"

/** A parameter of an optimiser's step, as src/kernels/update.ts of gan-plugin-wasm writes it: addresses on the heap. */
struct Update {
  uint32_t value;
  uint32_t gradient;
  uint32_t average;
  uint32_t squares;
  uint32_t newValue;
  uint32_t newAverage;
  uint32_t newSquares;
  uint32_t coefficients;
  int count;
  /** Chunks of the parameters before it; filled in by the kernel. */
  int firstChunk;
};

/** Calls `KERNEL(name, arguments)` for each of them. */
#define GAN_KERNELS(KERNEL)                                                                                            \
  KERNEL(conv2d, const Window*, const float*, const float*, float*)                                                    \
  KERNEL(conv2dBackpropFilter, const Window*, const float*, const float*, float*)                                      \
  KERNEL(conv2dBackpropInput, const Window*, const float*, const float*, float*)                                       \
  KERNEL(matmul, const float*, bool, const float*, bool, float*, int, int, int)                                        \
  KERNEL(batchNorm, const float*, const float*, const float*, float*, float*, float*, int, int, float, float)          \
  KERNEL(batchNormGrad, const float*, const float*, const float*, const float*, const float*, const float*, float*,    \
         float*, float*, int, int, float, float)                                                                       \
  KERNEL(updateParameters, Update*, int)                                                                               \
  KERNEL(depthwiseConv, const GroupedWindow*, const float*, const float*, float*, bool)                                \
  KERNEL(depthwiseFilter, const GroupedWindow*, const float*, const float*, float*)                                    \
  KERNEL(groupedConv, const GroupedWindow*, const float*, const float*, float*)                                        \
  KERNEL(groupedInput, const GroupedWindow*, const float*, const float*, float*)                                       \
  KERNEL(groupedFilter, const GroupedWindow*, const float*, const float*, float*)                                      \
  KERNEL(resample, const float*, float*, int, int, int, int, int, int, const int*, const int*)                         \
  KERNEL(pixelNorm, const float*, float*, int, int, float)                                                             \
  KERNEL(pixelNormGrad, const float*, const float*, float*, int, int, float)                                           \
  KERNEL(shuffle, const float*, float*, int, int, int, int, int, bool)                                                 \
  KERNEL(sum, const float*, float*, int, int, int, float)                                                              \
  KERNEL(arithmetic, int, const float*, int, int, int, const float*, int, int, int, float*, int, int)                  \
  KERNEL(leakyRelu, const float*, float*, int, float)                                                                  \
  KERNEL(leakyReluGrad, const float*, const float*, float*, int, float)                                                \
  KERNEL(square, const float*, float*, int)                                                                            \
  KERNEL(sqrt, const float*, float*, int)                                                                              \
  KERNEL(rsqrt, const float*, float*, int)                                                                             \
  KERNEL(tanh, const float*, float*, int)                                                                              \
  KERNEL(greater, const float*, int, const float*, int, unsigned char*, int, bool)                                     \
  KERNEL(extremum, const float*, int, const float*, int, float*, int, bool)                                            \
  KERNEL(select, const unsigned char*, const float*, const float*, float*, int)

struct Kernels {
#define GAN_KERNEL(NAME, ...) void (*NAME)(Pool&, __VA_ARGS__);
  GAN_KERNELS(GAN_KERNEL)
#undef GAN_KERNEL
};
