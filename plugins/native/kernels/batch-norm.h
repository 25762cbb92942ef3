// Batch normalisation in training mode with a (leaky) ReLU after it, and its gradient, over the rows of x [rows, channels],
// whose channels are a multiple of 4. Blocks of rows have a fixed size, and what they give is put together in their
// order, so that the number of threads does not show.
#pragma once
#include "pool.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Floats in a block of rows: small enough for the second-level cache, as it is read twice. */
constexpr int NORM_FLOATS = 1 << 15;
/** Elements below which no thread is woken. */
constexpr int NORM_SMALL = 1 << 13;

/** So many vectors of channels are added up side by side: one addition need not wait for the last. */
constexpr int SIDE_BY_SIDE = 4;
template <int COUNT>
struct Vectors {
  static constexpr int count = COUNT;
};

/** Calls `body(c, V{}, Vectors)` for several vectors of channels each, and for the rest of them, of V or V4, one by one. */
template <class Body>
INLINE void eachFewLanes(int channels, const Body& body) {
  int c = 0;
  for (; c + SIDE_BY_SIDE * LANES <= channels; c += SIDE_BY_SIDE * LANES) body(c, V{}, Vectors<SIDE_BY_SIDE>{});
  for (; c + LANES <= channels; c += LANES) body(c, V{}, Vectors<1>{});
  if constexpr (LANES > 4)
    for (; c + 4 <= channels; c += 4) body(c, V4{}, Vectors<1>{});
}

/** Calls `body(c, V{})` for whole vectors of channels, and `body(c, V4{})` for the rest of them. */
template <class Body>
INLINE void eachLanes(int channels, const Body& body) {
  int c = 0;
  for (; c + LANES <= channels; c += LANES) body(c, V{});
  if constexpr (LANES > 4)
    for (; c + 4 <= channels; c += 4) body(c, V4{});
}

struct Norm {
  const float* x;
  int rows;
  int channels;
  int blockRows;
  /** [channels] each; scale is weight / sqrt(variance + eps), inverse is 1 / sqrt(variance + eps). */
  const float* mean;
  const float* bias;
  float* scale;
  float* inverse;
  /** Two rows of sums for each block. */
  float* partial;
  float slope;

  int blocks() const { return divideUp(rows, blockRows); }
  bool small() const { return (int64_t)rows * channels < NORM_SMALL; }
};

/** The description, with its memory: two more rows of channels lie behind `scale` and `inverse`. */
INLINE Norm describeNorm(Pool& pool, const float* x, const float* bias, const float* mean, int rows, int channels,
                         float slope) {
  Norm b{};
  b.x = x;
  b.rows = rows;
  b.channels = channels;
  b.blockRows = most(NORM_FLOATS / channels, 1);
  b.mean = mean;
  b.bias = bias;
  b.scale = pool.memory((size_t)(2 * b.blocks() + 4) * channels);
  b.inverse = b.scale + channels;
  b.partial = b.scale + 4 * (size_t)channels;
  b.slope = slope;
  return b;
}

INLINE void normScales(const Norm& b, const float* weight, const float* variance, float eps) {
  for (int c = 0; c < b.channels; c++) {
    b.inverse[c] = 1 / __builtin_sqrtf(variance[c] + eps);
    b.scale[c] = b.inverse[c] * weight[c];
  }
}

/** y = activation((x - mean) * weight / sqrt(variance + eps) + bias), and the statistics of the batch. */
void batchNorm(Pool& pool, const float* x, const float* weight, const float* bias, float* y, float* mean,
               float* variance, int rows, int channels, float eps, float slope) {
  const Norm b = describeNorm(pool, x, bias, mean, rows, channels, slope);
  const size_t line = channels;
  pool.run(b.blocks(), b.small(), [&](int chunk, int) {
    const int first = chunk * b.blockRows, count = least(b.blockRows, rows - first);
    const float* from = x + first * line;
    float* to = b.partial + 2 * chunk * line;
    eachFewLanes(channels, [&](int c, auto zero, auto vectors) {
      using T = decltype(zero);
      constexpr int N = decltype(vectors)::count, lanes = sizeof(T) / sizeof(float);
      T center[N] = {}, squares[N] = {};
      for (int r = 0; r < count; r++)
        for (int v = 0; v < N; v++) center[v] += load<T>(from + r * line + c + v * lanes);
      for (int v = 0; v < N; v++) center[v] *= 1.0f / count;
      for (int r = 0; r < count; r++) {
        for (int v = 0; v < N; v++) {
          const T deviation = load<T>(from + r * line + c + v * lanes) - center[v];
          squares[v] = madd(deviation, deviation, squares[v]);
        }
      }
      for (int v = 0; v < N; v++) {
        store(to + c + v * lanes, center[v]);
        store(to + line + c + v * lanes, squares[v]);
      }
    });
  });
  // Puts blocks together (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for computing sample
  // variances", 1979).
  eachLanes(channels, [&](int c, auto zero) {
    using T = decltype(zero);
    T center = load<T>(b.partial + c), squares = load<T>(b.partial + line + c);
    const float* from = b.partial + 2 * line + c;
    for (int done = b.blockRows; done < rows; done += b.blockRows, from += 2 * line) {
      const int count = least(b.blockRows, rows - done);
      const float share = (float)count / (float)(done + count);
      const T difference = load<T>(from) - center;
      center += difference * share;
      squares += load<T>(from + line) + difference * difference * (done * share);
    }
    store(mean + c, center);
    store(variance + c, squares * (1.0f / rows));
  });
  normScales(b, weight, variance, eps);
  pool.run(b.blocks(), b.small(), [&](int chunk, int) {
    const int first = chunk * b.blockRows, end = least(first + b.blockRows, rows);
    for (int r = first; r < end; r++) {
      const float* from = x + r * line;
      float* to = y + r * line;
      eachLanes(channels, [&](int c, auto zero) {
        using T = decltype(zero);
        const T z = madd(load<T>(from + c) - load<T>(mean + c), load<T>(b.scale + c), load<T>(bias + c));
        store(to + c, z > 0 ? z : z * slope);
      });
    }
  });
}

/** Gradients of x, weight and bias, given that of y and the statistics of the batch. */
void batchNormGrad(Pool& pool, const float* x, const float* weight, const float* bias, const float* dy,
                   const float* mean, const float* variance, float* dx, float* dWeight, float* dBias, int rows,
                   int channels, float eps, float slope) {
  const Norm b = describeNorm(pool, x, bias, mean, rows, channels, slope);
  normScales(b, weight, variance, eps);
  const size_t line = channels;
  float* meanDz = b.inverse + line;
  float* meanDzNormal = meanDz + line;
  // dy times the derivative of the activation
  const auto slopeOf = [&](auto deviation, auto gradient, int c) {
    using T = decltype(deviation);
    const T z = madd(deviation, load<T>(b.scale + c), load<T>(bias + c));
    return z > 0 ? gradient : gradient * slope;
  };
  pool.run(b.blocks(), b.small(), [&](int chunk, int) {
    const size_t start = chunk * b.blockRows * line;
    const int count = least(b.blockRows, rows - chunk * b.blockRows);
    float* to = b.partial + 2 * chunk * line;
    eachFewLanes(channels, [&](int c, auto zero, auto vectors) {
      using T = decltype(zero);
      constexpr int N = decltype(vectors)::count, lanes = sizeof(T) / sizeof(float);
      T sum[N] = {}, products[N] = {};
      for (int r = 0; r < count; r++) {
        for (int v = 0; v < N; v++) {
          const int channel = c + v * lanes;
          const size_t at = start + r * line + channel;
          const T deviation = load<T>(x + at) - load<T>(mean + channel);
          const T dz = slopeOf(deviation, load<T>(dy + at), channel);
          sum[v] += dz;
          products[v] = madd(dz, deviation, products[v]);
        }
      }
      for (int v = 0; v < N; v++) {
        store(to + c + v * lanes, sum[v]);
        store(to + line + c + v * lanes, products[v] * load<T>(b.inverse + c + v * lanes));
      }
    });
  });
  const auto addBlocks = [&](const float* from, float* sums, float* means) {
    eachLanes(channels, [&](int c, auto sum) {
      using T = decltype(sum);
      for (int i = 0; i < b.blocks(); i++) sum += load<T>(from + 2 * i * line + c);
      store(sums + c, sum);
      store(means + c, sum * (1.0f / rows));
    });
  };
  addBlocks(b.partial, dBias, meanDz);
  addBlocks(b.partial + line, dWeight, meanDzNormal);
  pool.run(b.blocks(), b.small(), [&](int chunk, int) {
    const int first = chunk * b.blockRows, end = least(first + b.blockRows, rows);
    for (int r = first; r < end; r++) {
      eachLanes(channels, [&](int c, auto zero) {
        using T = decltype(zero);
        const size_t at = r * line + c;
        const T deviation = load<T>(x + at) - load<T>(mean + c);
        const T dz = slopeOf(deviation, load<T>(dy + at), c);
        const T normal = deviation * load<T>(b.inverse + c);
        store(dx + at, (dz - load<T>(meanDz + c) - normal * load<T>(meanDzNormal + c)) * load<T>(b.scale + c));
      });
    }
  });
}

}  // namespace
}  // namespace GAN_ISA
