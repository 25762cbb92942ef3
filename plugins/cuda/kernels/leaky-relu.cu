/** The gradient of a leaky ReLU: dy where x is positive, alpha dy elsewhere; NaN where x is. */
#include "common.cuh"

__device__ inline float slopeOf(float dy, float x, float alpha) { return x > 0.f ? dy : x != x ? x : dy * alpha; }

KERNEL void leakyReluGradient(const float *dy, const float *x, float *dx, float alpha, i64 count) {
  i64 done = 0;
  if (aligned(dy) && aligned(x) && aligned(dx)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<float> slopes = ((const Four<float> *)dy)[i], in = ((const Four<float> *)x)[i];
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = slopeOf(slopes.v[k], in.v[k], alpha);
      ((Four<float> *)dx)[i] = out;
    }
    done = count / 4 * 4;
  }
  for (i64 i = done + firstIndex(); i < count; i += indexStep()) dx[i] = slopeOf(dy[i], x[i], alpha);
}
