/**
 * Batch normalisation with the statistics of the batch and a (leaky) ReLU after it, and its gradient; x is [rows, channels]. Three launches each:
 * sums of pieces of the rows, their totals for each channel, and the result. The totals are written as what the last launch multiplies and
 * adds, so that it loads them four at a time and takes no root. ELEMENT is how x, y and their gradients lie: float, or bf16. The reference is src/backends/fused/batch-norm.ts of gan.
 */
#include "activation.cuh"
#include "element.cuh"
#include "tree.cuh"

/** Mean of `count` numbers and the sum of squared distances from it. */
struct Moments {
  float count, mean, squares;
};
/** Put together as by Chan et al., 1979: nothing cancels. */
struct MomentsPair {
  static __device__ inline Moments of(Moments a, Moments b) {
    if (b.count == 0.f) return a;
    if (a.count == 0.f) return b;
    const float count = a.count + b.count, distance = b.mean - a.mean;
    return {count, a.mean + distance * (b.count / count), a.squares + b.squares + distance * distance * (a.count * (b.count / count))};
  }
};

/** partial [pieces, channels]. Numbers, and the means up to the last launch, are relative to a channel's first one, so that a large mean costs no digits. */
KERNEL void moments(const ELEMENT *x, Moments *partial, const Shape3 shape, const Team team) {
  __shared__ Moments shared[THREADS];
  const Place place = placeOf(shape, team);
  float count = 0, sum = 0, squares = 0, origin = 0;
  if (place.inside) {
    origin = load(x + place.column);
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows) {
      const float value = load(x + row * shape.inner + place.column) - origin;
      count += 1.f;
      sum += value;
      squares += value * value;
    }
  }
  const float mean = count > 0.f ? sum / count : 0.f;
  const float around = squares - sum * mean;
  const Moments mine = {count, mean, around < 0.f ? 0.f : around};
  const Moments all = reduceRows<Moments, MomentsPair>(mine, team, place.row, shared);
  if (place.inside && place.row == 0) partial[place.piece * shape.inner + place.column] = all;
}

/** What x - mean is multiplied by. The same expression wherever the side of the activation's bend is decided. */
__device__ inline float gainOf(float weight, float variance, float eps) { return weight * (1.f / sqrtf(variance + eps)); }

/** Totals of the pieces; the shape is [1, pieces, channels]. */
KERNEL void statistics(const Moments *partial, const ELEMENT *x, const float *weight, float *mean, float *variance, float *gain, float eps, const Shape3 shape, const Team team) {
  __shared__ Moments shared[THREADS];
  const Place place = placeOf(shape, team);
  Moments mine = {0, 0, 0};
  if (place.inside)
    for (i64 row = place.row; row < shape.length; row += team.rows) mine = MomentsPair::of(mine, partial[row * shape.inner + place.column]);
  const Moments all = reduceRows<Moments, MomentsPair>(mine, team, place.row, shared);
  if (!place.inside || place.row != 0) return;
  mean[place.column] = load(x + place.column) + all.mean;
  variance[place.column] = all.squares / all.count;
  gain[place.column] = gainOf(weight[place.column], variance[place.column], eps);
}

/** The gains of given statistics. */
KERNEL void gains(const float *variance, const float *weight, float *gain, float eps, i64 channels) {
  for (i64 c = firstIndex(); c < channels; c += indexStep()) gain[c] = gainOf(weight[c], variance[c], eps);
}

/** Sums over rows of dz, the gradient before the activation, and of dz times the normalised x. */
struct Slopes {
  float bias, weight;
};
struct SlopesPair {
  static __device__ inline Slopes of(Slopes a, Slopes b) { return {a.bias + b.bias, a.weight + b.weight}; }
};

/** partial [pieces, channels]. */
KERNEL void slopes(
  const ELEMENT *x, const ELEMENT *dy, const float *weight, const float *bias, const float *mean, const float *variance,
  Slopes *partial, float eps, float slope, const Shape3 shape, const Team team
) {
  __shared__ Slopes shared[THREADS];
  const Place place = placeOf(shape, team);
  Slopes mine = {0, 0};
  if (place.inside) {
    const int c = (int)place.column;
    const float centre = mean[c], scale = 1.f / sqrtf(variance[c] + eps), gain = gainOf(weight[c], variance[c], eps), b = bias[c];
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows) {
      const i64 i = row * shape.inner + c;
      const float distance = load(x + i) - centre, slopeHere = load(dy + i);
      const float dz = distance * gain + b > 0.f ? slopeHere : slopeHere * slope;
      mine.bias += dz;
      mine.weight += dz * (distance * scale);
    }
  }
  const Slopes all = reduceRows<Slopes, SlopesPair>(mine, team, place.row, shared);
  if (place.inside && place.row == 0) partial[place.piece * shape.inner + place.column] = all;
}

/** Arrays of numbers for each channel that the gradient of x is made of: dx = gain dz - along (x - mean) - shift. */
struct Parts {
  float *gain, *along, *shift;
};

/**
 * The gradients of weight and bias, and the parts of that of x; the shape is [1, pieces, channels].
 * dx = (dz - (dBias + normal dWeight) / rows) weight / deviation, where normal = (x - mean) / deviation.
 */
KERNEL void totals(
  const Slopes *partial, const float *weight, const float *variance, float *dWeight, float *dBias, const Parts parts,
  float eps, float share, const Shape3 shape, const Team team
) {
  __shared__ Slopes shared[THREADS];
  const Place place = placeOf(shape, team);
  Slopes mine = {0, 0};
  if (place.inside)
    for (i64 row = place.row; row < shape.length; row += team.rows) mine = SlopesPair::of(mine, partial[row * shape.inner + place.column]);
  const Slopes all = reduceRows<Slopes, SlopesPair>(mine, team, place.row, shared);
  if (!place.inside || place.row != 0) return;
  const i64 c = place.column;
  const float gain = gainOf(weight[c], variance[c], eps);
  dWeight[c] = all.weight;
  dBias[c] = all.bias;
  parts.gain[c] = gain;
  parts.along[c] = all.weight * share * gain * (1.f / sqrtf(variance[c] + eps));
  parts.shift[c] = all.bias * share * gain;
}

__device__ inline float normalized(float x, float mean, float gain, float bias, float slope) { return activated((x - mean) * gain + bias, slope); }

/** `count` numbers; where there are four channels or a multiple, four at a time. */
KERNEL void normalize(const ELEMENT *x, const float *mean, const float *gain, const float *bias, ELEMENT *y, float slope, i64 count, i64 channels) {
  if (channels % 4 == 0 && aligned(x) && aligned(y) && aligned(mean) && aligned(gain) && aligned(bias)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const i64 c = channelOf(i, count, channels);
      const Four<float> in = loadFourAt(x, i * 4), m = fourAt(mean, c), g = fourAt(gain, c), b = fourAt(bias, c);
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = normalized(in.v[k], m.v[k], g.v[k], b.v[k], slope);
      storeFourAt(y, i * 4, out);
    }
    return;
  }
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 c = i % channels;
    store(y + i, normalized(load(x + i), mean[c], gain[c], bias[c], slope));
  }
}

__device__ inline float inputGradient(float x, float dy, float mean, float gain, float along, float shift, float bias, float slope) {
  const float distance = x - mean;
  const float dz = distance * gain + bias > 0.f ? dy : dy * slope;
  return dz * gain - distance * along - shift;
}

KERNEL void inputGradients(const ELEMENT *x, const ELEMENT *dy, const float *mean, const float *bias, const Parts parts, ELEMENT *dx, float slope, i64 count, i64 channels) {
  if (channels % 4 == 0 && aligned(x) && aligned(dy) && aligned(dx) && aligned(mean) && aligned(bias)) { // the parts are
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const i64 c = channelOf(i, count, channels);
      const Four<float> in = loadFourAt(x, i * 4), slopes = loadFourAt(dy, i * 4), m = fourAt(mean, c), b = fourAt(bias, c);
      const Four<float> g = fourAt(parts.gain, c), a = fourAt(parts.along, c), s = fourAt(parts.shift, c);
      Four<float> out;
      for (int k = 0; k < 4; k++) out.v[k] = inputGradient(in.v[k], slopes.v[k], m.v[k], g.v[k], a.v[k], s.v[k], b.v[k], slope);
      storeFourAt(dx, i * 4, out);
    }
    return;
  }
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 c = i % channels;
    store(dx + i, inputGradient(load(x + i), load(dy + i), mean[c], parts.gain[c], parts.along[c], parts.shift[c], bias[c], slope));
  }
}
