// Transforms of minimal filtering F(m, r): m outputs of a filter with r taps by n = m + r - 1 multiplications instead of
// m r (Winograd, "Arithmetic complexity of computations", 1980; Lavin and Gray, arXiv 1509.09308):
//
//     y = Output((Filter g) * (Data d)),    so    dg = Taps((Gradient dy) * (Data d)),
//
// where Gradient and Taps are the transposes of Output and Filter. N names the variant: 3 is F(2, 2) with the points 0, 1
// and infinity; 5 is F(4, 2) with 0, 1, -1, 2, infinity; 6 is F(4, 3) with 0, 1, -1, 2, -2, infinity. The matrices are
// those of Toom and Cook: for a point p, Data holds the coefficients of the product of (x - q) over the other points q,
// Filter has 1, p, p^2 divided by the value of that product at p, Output has 1, p, p^2, p^3.
#pragma once
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Outputs and taps of variant n along one axis. */
constexpr int outputsOf(int n) { return n == 3 ? 2 : 4; }
constexpr int tapsOf(int n) { return n == 6 ? 3 : 2; }

/** factor * a + b */
INLINE V plus(float factor, V a, V b) { return madd(splat(factor), a, b); }
INLINE V times(float factor, V a) { return splat(factor) * a; }

template <int N>
struct Data {
  static constexpr int inputs = N, outputs = N;
  __attribute__((always_inline)) static void apply(const V* x, V* y) {
    if constexpr (N == 3) {
      y[0] = x[0] - x[1];
      y[1] = x[1];
      y[2] = x[2] - x[1];
    } else if constexpr (N == 5) {
      const V difference = x[3] - x[1];
      y[0] = plus(2, x[0] - x[2], difference);
      y[1] = difference - x[1] - x[2];
      y[2] = plus(-3, x[2], plus(2, x[1], x[3]));
      y[3] = difference;
      y[4] = plus(-2, difference, x[4] - x[2]);
    } else {
      const V p = plus(-4, x[2], x[4]), q = plus(-4, x[1], x[3]);
      const V s = x[4] - x[2], t = times(2, x[3] - x[1]);
      y[0] = plus(4, x[0], plus(-5, x[2], x[4]));
      y[1] = p + q;
      y[2] = p - q;
      y[3] = s + t;
      y[4] = s - t;
      y[5] = plus(4, x[1], plus(-5, x[3], x[5]));
    }
  }
};

template <int N>
struct Filter {
  static constexpr int inputs = tapsOf(N), outputs = N;
  __attribute__((always_inline)) static void apply(const V* x, V* y) {
    if constexpr (N == 3) {
      y[0] = x[0];
      y[1] = x[0] + x[1];
      y[2] = x[1];
    } else if constexpr (N == 5) {
      y[0] = times(0.5f, x[0]);
      y[1] = times(-0.5f, x[0] + x[1]);
      y[2] = times(1.0f / 6, x[1] - x[0]);
      y[3] = times(1.0f / 6, plus(2, x[1], x[0]));
      y[4] = x[1];
    } else {
      const V even = times(-1.0f / 6, x[0] + x[2]), odd = times(1.0f / 6, x[1]);
      const V outer = plus(1.0f / 24, x[0], times(1.0f / 6, x[2])), twelfth = times(1.0f / 12, x[1]);
      y[0] = times(0.25f, x[0]);
      y[1] = even - odd;
      y[2] = even + odd;
      y[3] = outer + twelfth;
      y[4] = outer - twelfth;
      y[5] = x[2];
    }
  }
};

template <int N>
struct Output {
  static constexpr int inputs = N, outputs = outputsOf(N);
  __attribute__((always_inline)) static void apply(const V* x, V* y) {
    if constexpr (N == 3) {
      y[0] = x[0] + x[1];
      y[1] = x[1] + x[2];
      return;
    } else {
      const V sum = x[1] + x[2], difference = x[1] - x[2];
      if constexpr (N == 5) {
        y[0] = x[0] + sum + x[3];
        y[1] = plus(2, x[3], difference);
        y[2] = plus(4, x[3], sum);
        y[3] = plus(8, x[3], difference) + x[4];
      } else {
        const V outerSum = x[3] + x[4], outerDifference = x[3] - x[4];
        y[0] = x[0] + sum + outerSum;
        y[1] = plus(2, outerDifference, difference);
        y[2] = plus(4, outerSum, sum);
        y[3] = plus(8, outerDifference, difference) + x[5];
      }
    }
  }
};

template <int N>
struct Gradient {
  static constexpr int inputs = outputsOf(N), outputs = N;
  __attribute__((always_inline)) static void apply(const V* x, V* y) {
    y[0] = x[0];
    if constexpr (N == 3) {
      y[1] = x[0] + x[1];
      y[2] = x[1];
    } else {
      const V even = plus(4, x[2], x[0]), odd = plus(2, x[1], times(8, x[3]));
      y[1] = (x[0] + x[2]) + (x[1] + x[3]);
      y[2] = (x[0] + x[2]) - (x[1] + x[3]);
      y[3] = even + odd;
      if constexpr (N == 6) y[4] = even - odd;
      y[N - 1] = x[3];
    }
  }
};

template <int N>
struct Taps {
  static constexpr int inputs = N, outputs = tapsOf(N);
  __attribute__((always_inline)) static void apply(const V* x, V* y) {
    if constexpr (N == 3) {
      y[0] = x[0] + x[1];
      y[1] = x[1] + x[2];
    } else if constexpr (N == 5) {
      y[0] = plus(0.5f, x[0] - x[1], times(1.0f / 6, x[3] - x[2]));
      y[1] = plus(-0.5f, x[1], times(1.0f / 6, x[2])) + plus(1.0f / 3, x[3], x[4]);
    } else {
      const V sum = times(-1.0f / 6, x[1] + x[2]), difference = times(1.0f / 6, x[2] - x[1]);
      const V outerSum = x[3] + x[4], outerDifference = x[3] - x[4];
      y[0] = plus(0.25f, x[0], sum) + times(1.0f / 24, outerSum);
      y[1] = plus(1.0f / 12, outerDifference, difference);
      y[2] = plus(1.0f / 6, outerSum, sum) + x[5];
    }
  }
};

/** A transform along both axes: `read(i, j)` gives the numbers, `write(i, j, number)` takes what they become. */
template <class T, class Read, class Write>
INLINE void transform(const Read& read, const Write& write) {
  V half[T::outputs][T::inputs];
#pragma GCC unroll 6
  for (int j = 0; j < T::inputs; j++) {
    V column[T::inputs], changed[T::outputs];
#pragma GCC unroll 6
    for (int i = 0; i < T::inputs; i++) column[i] = read(i, j);
    T::apply(column, changed);
#pragma GCC unroll 6
    for (int i = 0; i < T::outputs; i++) half[i][j] = changed[i];
  }
#pragma GCC unroll 6
  for (int i = 0; i < T::outputs; i++) {
    V changed[T::outputs];
    T::apply(half[i], changed);
#pragma GCC unroll 6
    for (int j = 0; j < T::outputs; j++) write(i, j, changed[j]);
  }
}

}  // namespace
}  // namespace GAN_ISA
