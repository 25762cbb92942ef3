/**
 * Batch normalisation with the statistics of the batch and a (leaky) ReLU after it, and its gradient; x is [rows, channels]. Three launches each:
 * sums of pieces of the rows, their totals for each channel, and the result. The reference is src/backends/fused/batch-norm.ts of gan.
 */
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
KERNEL void moments(const float *x, Moments *partial, const Shape3 shape, const Team team) {
  __shared__ Moments shared[THREADS];
  const Place place = placeOf(shape, team);
  float count = 0, sum = 0, squares = 0, origin = 0;
  if (place.inside) {
    origin = x[place.column];
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows) {
      const float value = x[row * shape.inner + place.column] - origin;
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

/** Totals of the pieces; the shape is [1, pieces, channels]. */
KERNEL void statistics(const Moments *partial, const float *x, float *mean, float *variance, const Shape3 shape, const Team team) {
  __shared__ Moments shared[THREADS];
  const Place place = placeOf(shape, team);
  Moments mine = {0, 0, 0};
  if (place.inside)
    for (i64 row = place.row; row < shape.length; row += team.rows) mine = MomentsPair::of(mine, partial[row * shape.inner + place.column]);
  const Moments all = reduceRows<Moments, MomentsPair>(mine, team, place.row, shared);
  if (!place.inside || place.row != 0) return;
  mean[place.column] = x[place.column] + all.mean;
  variance[place.column] = all.squares / all.count;
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
  const float *x, const float *dy, const float *weight, const float *bias, const float *mean, const float *variance,
  Slopes *partial, float eps, float slope, const Shape3 shape, const Team team
) {
  __shared__ Slopes shared[THREADS];
  const Place place = placeOf(shape, team);
  Slopes mine = {0, 0};
  if (place.inside) {
    const int c = (int)place.column;
    const float centre = mean[c], scale = 1.f / sqrtf(variance[c] + eps), w = weight[c], b = bias[c];
    for (i64 row = place.begin + place.row; row < place.end; row += team.rows) {
      const i64 i = row * shape.inner + c;
      const float normal = (x[i] - centre) * scale;
      const float dz = normal * w + b > 0.f ? dy[i] : dy[i] * slope;
      mine.bias += dz;
      mine.weight += dz * normal;
    }
  }
  const Slopes all = reduceRows<Slopes, SlopesPair>(mine, team, place.row, shared);
  if (place.inside && place.row == 0) partial[place.piece * shape.inner + place.column] = all;
}

/** The gradients of weight and bias; the shape is [1, pieces, channels]. */
KERNEL void totals(const Slopes *partial, float *dWeight, float *dBias, const Shape3 shape, const Team team) {
  __shared__ Slopes shared[THREADS];
  const Place place = placeOf(shape, team);
  Slopes mine = {0, 0};
  if (place.inside)
    for (i64 row = place.row; row < shape.length; row += team.rows) mine = SlopesPair::of(mine, partial[row * shape.inner + place.column]);
  const Slopes all = reduceRows<Slopes, SlopesPair>(mine, team, place.row, shared);
  if (!place.inside || place.row != 0) return;
  dWeight[place.column] = all.weight;
  dBias[place.column] = all.bias;
}

/** The values of a channel that the last launches use. */
struct Channel {
  float centre, scale, weight, bias;
};
__device__ inline Channel channelOf(i64 c, const float *mean, const float *variance, const float *weight, const float *bias, float eps) {
  return {mean[c], 1.f / sqrtf(variance[c] + eps), weight[c], bias[c]};
}

/** `count` numbers; where there are four channels or a multiple, four at a time. */
KERNEL void normalize(
  const float *x, const float *mean, const float *variance, const float *weight, const float *bias, float *y,
  float eps, float slope, i64 count, i64 channels
) {
  if (channels % 4 == 0 && aligned(x) && aligned(y)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<float> in = ((const Four<float> *)x)[i];
      const i64 first = count < SMALL ? (u32)(i * 4) % (u32)channels : i * 4 % channels;
      Four<float> out;
      for (int k = 0; k < 4; k++) {
        const Channel c = channelOf(first + k, mean, variance, weight, bias, eps);
        const float z = (in.v[k] - c.centre) * c.scale * c.weight + c.bias;
        out.v[k] = z < 0.f ? z * slope : z;
      }
      ((Four<float> *)y)[i] = out;
    }
    return;
  }
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const Channel c = channelOf(i % channels, mean, variance, weight, bias, eps);
    const float z = (x[i] - c.centre) * c.scale * c.weight + c.bias;
    y[i] = z < 0.f ? z * slope : z;
  }
}

/** dx = (dz - (dBias + normal dWeight) / rows) weight / deviation. */
__device__ inline float inputGradient(float x, float dy, const Channel &c, float dWeight, float dBias, float slope, float share) {
  const float normal = (x - c.centre) * c.scale;
  const float dz = normal * c.weight + c.bias > 0.f ? dy : dy * slope;
  return (dz - (dBias + normal * dWeight) * share) * (c.weight * c.scale);
}

KERNEL void inputGradients(
  const float *x, const float *dy, const float *mean, const float *variance, const float *weight, const float *bias,
  const float *dWeight, const float *dBias, float *dx, float eps, float slope, i64 count, i64 channels
) {
  const float share = 1.f / (float)(count / channels);
  if (channels % 4 == 0 && aligned(x) && aligned(dy) && aligned(dx)) {
    for (i64 i = firstIndex(); i < count / 4; i += indexStep()) {
      const Four<float> in = ((const Four<float> *)x)[i], slopes = ((const Four<float> *)dy)[i];
      const i64 first = count < SMALL ? (u32)(i * 4) % (u32)channels : i * 4 % channels;
      Four<float> out;
      for (int k = 0; k < 4; k++) {
        const Channel c = channelOf(first + k, mean, variance, weight, bias, eps);
        out.v[k] = inputGradient(in.v[k], slopes.v[k], c, dWeight[first + k], dBias[first + k], slope, share);
      }
      ((Four<float> *)dx)[i] = out;
    }
    return;
  }
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    const i64 channel = i % channels;
    const Channel c = channelOf(channel, mean, variance, weight, bias, eps);
    dx[i] = inputGradient(x[i], dy[i], c, dWeight[channel], dBias[channel], slope, share);
  }
}
