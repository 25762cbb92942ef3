/**
 * What the kernels share. The same text is compiled by NVRTC, which has no headers of its own, by nvcc, and in the tests as C++
 * for the CPU (test/plugins/cuda/emulator). `bool` tensors are bytes.
 */
#pragma once

#ifndef KERNEL
#define KERNEL extern "C" __global__
#endif

typedef unsigned char u8;
typedef unsigned int u32;
typedef long long i64;

/** Threads of a block in kernels that share memory; the host launches these with as many. */
#define THREADS 256

/** Four numbers that are loaded and stored at once. */
template <class T> struct alignas(4 * sizeof(T)) Four {
  T v[4];
};

template <class T> __device__ inline bool aligned(const T *address) {
  return ((unsigned long long)address & (sizeof(Four<T>) - 1)) == 0;
}

/** The first number of a thread, and how far it is to its next: blocks go through arrays that are longer than the grid. */
__device__ inline i64 firstIndex() { return (i64)blockIdx.x * blockDim.x + threadIdx.x; }
__device__ inline i64 indexStep() { return (i64)gridDim.x * blockDim.x; }

/** Indices below this fit 32 bits, whose division is several times as fast; a step of the grid is added to them. */
#ifndef SMALL
#define SMALL (1LL << 31)
#endif

/** The channel of the first of the four numbers at 4 i, where there are four channels or a multiple. */
__device__ inline i64 channelOf(i64 i, i64 count, i64 channels) { return count < SMALL ? (u32)(i * 4) % (u32)channels : i * 4 % channels; }
__device__ inline Four<float> fourAt(const float *x, i64 i) { return *(const Four<float> *)(x + i); }
