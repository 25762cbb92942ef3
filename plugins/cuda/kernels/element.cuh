#pragma once
#include "common.cuh"

/** The upper half of a float. */
struct bf16 {
  unsigned short bits;
};
__device__ inline float load(const float *from) { return *from; }
__device__ inline float load(const bf16 *from) { return __int_as_float((int)((u32)from->bits << 16)); }
__device__ inline void store(float *to, float value) { *to = value; }
/** To the nearest, of two the even one. */
__device__ inline void store(bf16 *to, float value) {
  const u32 bits = (u32)__float_as_int(value);
  to->bits = value != value ? 0x7fff : (unsigned short)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
}

/** Four numbers as floats, and back. */
template <class T> __device__ inline Four<float> loadFourAt(const T *from, i64 i) {
  const Four<T> in = *(const Four<T> *)(from + i);
  Four<float> out;
  for (int k = 0; k < 4; k++) out.v[k] = load(in.v + k);
  return out;
}
template <class T> __device__ inline void storeFourAt(T *to, i64 i, const Four<float> &values) {
  Four<T> out;
  for (int k = 0; k < 4; k++) store(out.v + k, values.v[k]);
  *(Four<T> *)(to + i) = out;
}
