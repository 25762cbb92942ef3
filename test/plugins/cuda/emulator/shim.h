// CUDA C as C++ for the CPU: what the kernels use of the language and of its built-in functions.
#pragma once
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

struct Extent3 {
  unsigned x, y, z;
};
#ifdef REAL_THREADS
extern thread_local Extent3 threadIdx, blockIdx;
extern Extent3 blockDim, gridDim;
#else
extern Extent3 threadIdx, blockIdx, blockDim, gridDim;
#endif

#define __global__
#define __device__
#define __host__
#define __restrict__
#define __launch_bounds__(...)
// One block runs at a time, so what its threads share may be static.
#define __shared__ static

// Waits for the other threads of the block. Lets the emulator run them.
void __syncthreads();

// Rounded each by itself: this is compiled without contraction.
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fsub_rn(float a, float b) { return a - b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __fsqrt_rn(float a) { return std::sqrt(a); }
inline float __int_as_float(int bits) {
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}
inline int __float_as_int(float value) {
  int bits;
  std::memcpy(&bits, &value, 4);
  return bits;
}
inline unsigned __umulhi(unsigned a, unsigned b) { return unsigned((uint64_t(a) * b) >> 32); }

// A kernel as the host sees it: the kind and the size of each parameter, and a call with their bytes.
struct KernelEntry {
  const char *source, *name;
  void (*call)(const unsigned char *const *arguments);
  const char *kinds;
  const unsigned *sizes;
  bool waits;
};

template <class P> constexpr char kindOf() {
  return std::is_pointer_v<P> ? 'p' : std::is_floating_point_v<P> ? 'f' : std::is_integral_v<P> ? 'i' : 's';
}

template <class P> P argument(const unsigned char *bytes) {
  P value;
  std::memcpy(static_cast<void *>(&value), bytes, sizeof(P));
  return value;
}

template <auto F> struct Callable;
template <class... P, void (*F)(P...)> struct Callable<F> {
  static constexpr char kinds[] = {kindOf<std::remove_const_t<P>>()..., 0};
  static constexpr unsigned sizes[] = {sizeof(P)..., 0};
  static void call(const unsigned char *const *arguments) { callWith(arguments, std::index_sequence_for<P...>()); }
  template <size_t... I> static void callWith(const unsigned char *const *arguments, std::index_sequence<I...>) {
    F(argument<std::remove_const_t<P>>(arguments[I])...);
  }
};
