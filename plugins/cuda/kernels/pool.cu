/**
 * Pooling and its gradients, two- and three-dimensional. A gradient is collected by the thread of an input number from the windows that
 * hold it, so nothing is added by several threads. A mean is over the numbers inside the image.
 */
#include "window.cuh"

/** Calls `f` with the index of each number of an output's window that lies inside, in order. */
template <class F> __device__ inline void eachInside(const Window &window, const Site &out, F f) {
  for (i64 a = 0; a < window.size[0]; a++) {
    const i64 d = inputThrough(window, 0, out.at[0], a);
    for (i64 b = 0; d >= 0 && b < window.size[1]; b++) {
      const i64 h = inputThrough(window, 1, out.at[1], b);
      for (i64 c = 0; h >= 0 && c < window.size[2]; c++) {
        const i64 w = inputThrough(window, 2, out.at[2], c);
        if (w >= 0) f(indexOf(out.image, d, h, w, out.channel, window.in, window.channels));
      }
    }
  }
}

/** Calls `f` with each output whose window holds an input. */
template <class F> __device__ inline void eachHolder(const Window &window, const Site &in, F f) {
  for (i64 a = 0; a < window.size[0]; a++) {
    const i64 d = outputThrough(window, 0, in.at[0], a);
    for (i64 b = 0; d >= 0 && b < window.size[1]; b++) {
      const i64 h = outputThrough(window, 1, in.at[1], b);
      for (i64 c = 0; h >= 0 && c < window.size[2]; c++) {
        const i64 w = outputThrough(window, 2, in.at[2], c);
        if (w >= 0) f(Site{in.image, in.channel, {d, h, w}});
      }
    }
  }
}

__device__ inline i64 inputs(const Window &w) { return w.batch * w.in[0] * w.in[1] * w.in[2] * w.channels; }
__device__ inline i64 outputs(const Window &w) { return w.batch * w.out[0] * w.out[1] * w.out[2] * w.channels; }
__device__ inline i64 outputIndex(const Window &w, const Site &s) { return indexOf(s.image, s.at[0], s.at[1], s.at[2], s.channel, w.out, w.channels); }

/**
 * Returns the position of the largest number in an output's window: the first of equal numbers, a NaN before all
 * others, and -1 for a window outside the image.
 */
__device__ inline i64 greatest(const Window &window, const Site &out, const float *x) {
  i64 best = -1;
  eachInside(window, out, [&](i64 i) {
    if (best < 0 || x[i] > x[best] || (x[i] != x[i] && x[best] == x[best])) best = i;
  });
  return best;
}

KERNEL void maxPool(const float *x, float *y, const Window window) {
  for (i64 i = firstIndex(); i < outputs(window); i += indexStep()) {
    const i64 best = greatest(window, siteOf(i, window.out, window.channels), x);
    y[i] = best < 0 ? __int_as_float(0xff800000) : x[best]; // -infinity
  }
}

KERNEL void maxPoolGradient(const float *x, const float *dy, float *dx, const Window window) {
  for (i64 i = firstIndex(); i < inputs(window); i += indexStep()) {
    float sum = 0;
    eachHolder(window, siteOf(i, window.in, window.channels), [&](const Site &out) {
      if (greatest(window, out, x) == i) sum += dy[outputIndex(window, out)];
    });
    dx[i] = sum;
  }
}

KERNEL void avgPool(const float *x, float *y, const Window window) {
  for (i64 i = firstIndex(); i < outputs(window); i += indexStep()) {
    float sum = 0, count = 0;
    eachInside(window, siteOf(i, window.out, window.channels), [&](i64 from) {
      sum += x[from];
      count += 1.f;
    });
    y[i] = sum / count;
  }
}

KERNEL void avgPoolGradient(const float *dy, float *dx, const Window window) {
  for (i64 i = firstIndex(); i < inputs(window); i += indexStep()) {
    float sum = 0;
    eachHolder(window, siteOf(i, window.in, window.channels), [&](const Site &out) {
      float count = 0;
      eachInside(window, out, [&](i64) { count += 1.f; });
      sum += dy[outputIndex(window, out)] / count;
    });
    dx[i] = sum;
  }
}
