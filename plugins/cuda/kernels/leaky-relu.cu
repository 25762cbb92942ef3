/**
 * The gradient of a leaky ReLU: dy where x is positive, alpha dy elsewhere; NaN where x is. ELEMENT is how all of them lie: float, or
 * bf16.
 */
#include "element.cuh"

__device__ inline float slopeOf(float dy, float x, float alpha) { return x > 0.f ? dy : x != x ? x : dy * alpha; }

KERNEL void leakyReluGradient(const ELEMENT *dy, const ELEMENT *x, ELEMENT *dx, float alpha, i64 count) {
  i64 done = 0;
  if (aligned(dy) && aligned(x) && aligned(dx)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<float> slopes = loadFourAt(dy, i * 4), in = loadFourAt(x, i * 4);
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = slopeOf(slopes.v[k], in.v[k], alpha);
      storeFourAt(dx, i * 4, out);
    }
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) store(dx + i, slopeOf(load(dy + i), load(x + i), alpha));
}
