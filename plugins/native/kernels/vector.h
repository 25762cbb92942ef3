// Vectors of the instruction set that a file is compiled for. Everything here is inlined: two files compiled for
// different instruction sets must not share a function.
#pragma once
#include <cstddef>
#include <cstdint>
#if defined(__FMA__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define INLINE static inline __attribute__((always_inline))

namespace GAN_ISA {
namespace {

typedef float V4 __attribute__((vector_size(16)));
typedef float V8 __attribute__((vector_size(32)));
typedef float V16 __attribute__((vector_size(64)));

#if defined(__AVX512F__)
typedef V16 V;
constexpr int LANES = 16;
/** Rows of a tile of a matrix product, whose sums stay in registers. */
constexpr int MOST_ROWS = 14;
#elif defined(__AVX2__)
typedef V8 V;
constexpr int LANES = 8;
constexpr int MOST_ROWS = 6;
#else
typedef V4 V;
constexpr int LANES = 4;
constexpr int MOST_ROWS = 6;
#endif
/** Columns of a tile, and of a panel of packed columns: two vectors. */
constexpr int PANEL = 2 * LANES;

template <class T>
INLINE T load(const float* from) {
  T value;
  __builtin_memcpy(&value, from, sizeof(T));
  return value;
}
INLINE V load(const float* from) { return load<V>(from); }

template <class T>
INLINE void store(float* to, T value) {
  __builtin_memcpy(to, &value, sizeof(T));
}

INLINE V splat(float value) {
#if defined(__AVX512F__)
  return (V)_mm512_set1_ps(value);
#elif defined(__AVX2__)
  return (V)_mm256_set1_ps(value);
#else
  return V{value, value, value, value};
#endif
}

/** a * b + c: in one rounding where the instruction set can. */
INLINE float madd(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
INLINE V4 madd(V4 a, V4 b, V4 c) {
#if defined(__FMA__)
  return (V4)_mm_fmadd_ps((__m128)a, (__m128)b, (__m128)c);
#elif defined(__aarch64__)
  return (V4)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
#if defined(__FMA__)
INLINE V8 madd(V8 a, V8 b, V8 c) { return (V8)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
#endif
#if defined(__AVX512F__)
INLINE V16 madd(V16 a, V16 b, V16 c) { return (V16)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
#endif

template <class T>
INLINE T least(T a, T b) {
  return a < b ? a : b;
}
template <class T>
INLINE T most(T a, T b) {
  return a > b ? a : b;
}
INLINE int divideUp(int a, int b) { return (a + b - 1) / b; }

INLINE void fill(float* to, size_t count) { __builtin_memset(to, 0, count * sizeof(float)); }
INLINE void copy(float* to, const float* from, size_t count) { __builtin_memcpy(to, from, count * sizeof(float)); }

/** Numbers of two vectors, the second one counted on from the first. g++ before 12 does not know the function of clang. */
#if defined(__clang__)
#define SHUFFLE(a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
typedef int I4 __attribute__((vector_size(16)));
#define SHUFFLE(a, b, ...) __builtin_shuffle(a, b, I4{__VA_ARGS__})
#endif

/** Four vectors become the four of their first, second, third and fourth numbers. */
INLINE void transpose(V4& a, V4& b, V4& c, V4& d) {
  const V4 ab = SHUFFLE(a, b, 0, 4, 1, 5), cd = SHUFFLE(c, d, 0, 4, 1, 5);
  const V4 ab2 = SHUFFLE(a, b, 2, 6, 3, 7), cd2 = SHUFFLE(c, d, 2, 6, 3, 7);
  a = SHUFFLE(ab, cd, 0, 1, 4, 5);
  b = SHUFFLE(ab, cd, 2, 3, 6, 7);
  c = SHUFFLE(ab2, cd2, 0, 1, 4, 5);
  d = SHUFFLE(ab2, cd2, 2, 3, 6, 7);
}

}  // namespace
}  // namespace GAN_ISA
