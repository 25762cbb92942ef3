// Optimiser updates of a list of parameters, in one pass; rounded operation by operation as the composition
// (src/backends/fused/update.ts of gan) is.
#pragma once
#include "kernels.h"
#include "vector.h"

namespace GAN_ISA {
namespace {

/** Numbers in a chunk. */
constexpr int UPDATE_NUMBERS = 1 << 14;

/** A row of the tensor of coefficients. */
struct Coefficients {
  /** The value times this is where the step begins. */
  float keep;
  /** Weight decay that is added to the gradient. */
  float decay;
  /** Factors of the old average and of the gradient in the new one; no average if its address is 0. */
  float momentum;
  float dampening;
  /** Factors of the old average of squares and of the square in the new one; none if the address is 0. */
  float squareMomentum;
  float squareShare;
  /** Factor of the average of squares under the root. */
  float correction;
  float eps;
  float rate;
  /** New values lie in [-bound, bound]. */
  float bound;
};

template <bool AVERAGE, bool SQUARES>
INLINE void updateNumbers(const Update& u, char* heap, int first, int end) {
  const auto at = [=](uint32_t address) { return reinterpret_cast<float*>(heap + address); };
  const Coefficients c = *reinterpret_cast<const Coefficients*>(heap + u.coefficients);
  const float *value = at(u.value), *gradient = at(u.gradient), *average = at(u.average), *squares = at(u.squares);
  float *newValue = at(u.newValue), *newAverage = at(u.newAverage), *newSquares = at(u.newSquares);
#pragma GCC ivdep
  for (int i = first; i < end; i++) {
    float slope = gradient[i];
    if (c.decay != 0) slope = slope + value[i] * c.decay;
    float direction = slope;
    if (AVERAGE) {
      direction = average[i] * c.momentum + (c.dampening == 1 ? slope : slope * c.dampening);
      newAverage[i] = direction;
    }
    if (SQUARES) {
      const float square = squares[i] * c.squareMomentum + slope * slope * c.squareShare;
      newSquares[i] = square;
      direction = direction / (__builtin_sqrtf(square * c.correction) + c.eps);
    }
    // NaN stays NaN: it is not below, nor above
    float moved = value[i] * c.keep - direction * c.rate;
    moved = moved < -c.bound ? -c.bound : moved;
    newValue[i] = moved > c.bound ? c.bound : moved;
  }
}

/** `list` describes `length` parameters, one after the other. */
void updateParameters(Pool& pool, Update* list, int length) {
  int chunks = 0;
  int64_t count = 0;
  for (int i = 0; i < length; i++) {
    list[i].firstChunk = chunks;
    chunks += divideUp(list[i].count, UPDATE_NUMBERS);
    count += list[i].count;
  }
  pool.run(chunks, count < UPDATE_NUMBERS, [&](int chunk, int) {
    // The parameter that the chunk belongs to: the last one that does not begin after it.
    int low = 0, high = length;
    while (high - low > 1) {
      const int middle = (low + high) / 2;
      (list[middle].firstChunk <= chunk ? low : high) = middle;
    }
    const Update& u = list[low];
    const int first = (chunk - u.firstChunk) * UPDATE_NUMBERS, end = least(first + UPDATE_NUMBERS, u.count);
    if (u.average && u.squares) updateNumbers<true, true>(u, pool.heap, first, end);
    else if (u.average) updateNumbers<true, false>(u, pool.heap, first, end);
    else if (u.squares) updateNumbers<false, true>(u, pool.heap, first, end);
    else updateNumbers<false, false>(u, pool.heap, first, end);
  });
}

}  // namespace
}  // namespace GAN_ISA
