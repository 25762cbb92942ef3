/**
 * The bias of a layer and a (leaky) ReLU after it, and their gradients; x is [rows, channels]. Back, the gradient of x is written and the
 * rows are added up in one pass; sums of pieces of the rows, then their totals. ELEMENT is how x, y and
 * their gradients lie: float, or bf16. The reference is src/backends/fused/bias-activation.ts of gan.
 */
#include "activation.cuh"
#include "element.cuh"
#include "tree.cuh"

/** `count` numbers; where there are four channels or a multiple, four at a time. */
KERNEL void biasActivation(const ELEMENT *x, const float *bias, ELEMENT *y, float slope, i64 count, i64 channels) {
  if (channels % 4 == 0 && aligned(x) && aligned(bias) && aligned(y)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<float> in = loadFourAt(x, i * 4), b = fourAt(bias, channelOf(i, count, channels));
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = activated(in.v[k] + b.v[k], slope);
      storeFourAt(y, i * 4, out);
    }
    return;
  }
  for (i64 i = firstIndex(); i < count; i += indexStep()) store(y + i, activated(load(x + i) + bias[i % channels], slope));
}

struct Sum {
  static __device__ inline float of(float a, float b) { return a + b; }
};

/** dx = dy, or `slope` dy where y is not positive; NaN where y is. partial [pieces, channels]: sums of dx. */
KERNEL void biasSlopes(const ELEMENT *dy, const ELEMENT *y, ELEMENT *dx, float *partial, float slope, const Shape3 shape, const Team team) {
  __shared__ float shared[THREADS];
  const Place place = placeOf(shape, team);
  float sum = 0.f;
  if (place.inside)
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows) {
      const i64 i = row * shape.inner + place.column;
      const float out = load(y + i), above = load(dy + i), dz = out > 0.f ? above : out != out ? out : above * slope;
      store(dx + i, dz);
      sum += dz;
    }
  const float all = reduceRows<float, Sum>(sum, team, place.row, shared);
  if (place.inside && place.row == 0) partial[place.piece * shape.inner + place.column] = all;
}

/** dBias = the totals of the pieces; the shape is [1, pieces, channels]. */
KERNEL void biasTotals(const float *partial, float *dBias, const Shape3 shape, const Team team) {
  __shared__ float shared[THREADS];
  const Place place = placeOf(shape, team);
  float sum = 0.f;
  if (place.inside)
    for (i64 row = place.row; row < shape.length; row += team.rows) sum += partial[row * shape.inner + place.column];
  const float all = reduceRows<float, Sum>(sum, team, place.row, shared);
  if (place.inside && place.row == 0) dBias[place.column] = all;
}
