/**
 * Convolution in groups: x [n, h, w, c], filter [fh, fw, c / groups, k], y [n, oh, ow, k]. An output channel sees the inputs of its group: all of
 * them in one group, one of them in a depthwise convolution. The window's depth is 1.
 *
 * A thread computes PLACES neighbours of a row at once, IN inputs or OUT outputs of each, so that what it loads serves several times. IN divides
 * c / groups and OUT divides k / groups. DEPTHWISE: groups of one input and one output; IN and OUT are equal and count groups.
 */
#include "pixels.cuh"
#include "tree.cuh"
#include "window.cuh"

/** Places of a row that a thread computes together. */
#define PLACES 2

/** Channels of a group, and of y. */
struct Groups {
  i64 in, out, outChannels;
};

__device__ inline int tilesOf(i64 width) { return ((int)width + PLACES - 1) / PLACES; }

template <int IN, int OUT, bool DEPTHWISE, class Index>
__device__ inline void forwardAll(const float *x, const float *filter, float *y, const Groups &groups, const Window &window, Index count) {
  const int channels = (int)window.channels, outChannels = (int)groups.outChannels, width = (int)window.out[2];
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    Pixel share = pixelOf<Index>(i, (int)window.out[1], tilesOf(width), outChannels, OUT);
    share.column *= PLACES;
    const int first = DEPTHWISE ? share.channel : share.channel / (int)groups.out * (int)groups.in;
    Numbers<OUT> sum[PLACES] = {};
    for (int a = 0; a < (int)window.size[1]; a++) {
      const int row = inputThrough(window, 1, share.row, a);
      if (row < 0) continue;
      const float *line = x + (share.image * window.in[1] + row) * window.in[2] * channels + first;
      for (int b = 0; b < (int)window.size[2]; b++) {
        const float *tap = filter + (a * window.size[2] + b) * groups.in * outChannels + share.channel;
        int from[PLACES];
        for (int p = 0; p < PLACES; p++) from[p] = inputThrough(window, 2, share.column + p, b) * channels;
        if (DEPTHWISE) {
          const Numbers<OUT> weight = load<OUT>(tap);
          for (int p = 0; p < PLACES; p++) {
            if (from[p] < 0) continue;
            const Numbers<OUT> value = load<OUT>(line + from[p]);
            for (int k = 0; k < OUT; k++) sum[p].v[k] += value.v[k] * weight.v[k];
          }
          continue;
        }
#pragma unroll 1
        for (int c = 0; c < (int)groups.in; c += IN) {
          Numbers<IN> value[PLACES] = {};
          for (int p = 0; p < PLACES; p++)
            if (from[p] >= 0) value[p] = load<IN>(line + from[p] + c);
          for (int j = 0; j < IN; j++) {
            const Numbers<OUT> weight = load<OUT>(tap + (i64)(c + j) * outChannels);
            for (int p = 0; p < PLACES; p++)
              for (int k = 0; k < OUT; k++) sum[p].v[k] += value[p].v[j] * weight.v[k];
          }
        }
      }
    }
    float *to = y + ((share.image * window.out[1] + share.row) * width + share.column) * outChannels + share.channel;
    for (int p = 0; p < PLACES; p++)
      if (share.column + p < width) store<OUT>(to + p * outChannels, sum[p]);
  }
}

template <int IN, int OUT, bool DEPTHWISE, class Index>
__device__ inline void inputAll(const float *dy, const float *filter, float *dx, const Groups &groups, const Window &window, Index count) {
  const int channels = (int)window.channels, outChannels = (int)groups.outChannels, width = (int)window.in[2];
  for (Index i = (Index)firstIndex(); i < count; i += (Index)indexStep()) {
    Pixel share = pixelOf<Index>(i, (int)window.in[1], tilesOf(width), channels, IN);
    share.column *= PLACES;
    const int group = DEPTHWISE ? share.channel : share.channel / (int)groups.in, first = group * (int)groups.out;
    const int own = DEPTHWISE ? 0 : share.channel - group * (int)groups.in; // the input's number in its group
    Numbers<IN> sum[PLACES] = {};
    for (int a = 0; a < (int)window.size[1]; a++) {
      const int row = outputThrough(window, 1, share.row, a);
      if (row < 0) continue;
      const float *line = dy + (share.image * window.out[1] + row) * window.out[2] * outChannels + first;
      for (int b = 0; b < (int)window.size[2]; b++) {
        const float *tap = filter + ((a * window.size[2] + b) * groups.in + own) * outChannels + first;
        int from[PLACES];
        for (int p = 0; p < PLACES; p++) from[p] = outputThrough(window, 2, share.column + p, b) * outChannels;
        if (DEPTHWISE) {
          const Numbers<IN> weight = load<IN>(tap);
          for (int p = 0; p < PLACES; p++) {
            if (from[p] < 0) continue;
            const Numbers<IN> slope = load<IN>(line + from[p]);
            for (int j = 0; j < IN; j++) sum[p].v[j] += slope.v[j] * weight.v[j];
          }
          continue;
        }
#pragma unroll 1
        for (int o = 0; o < (int)groups.out; o += OUT) {
          Numbers<OUT> slope[PLACES] = {};
          for (int p = 0; p < PLACES; p++)
            if (from[p] >= 0) slope[p] = load<OUT>(line + from[p] + o);
          for (int j = 0; j < IN; j++) {
            const Numbers<OUT> weight = load<OUT>(tap + (i64)j * outChannels + o);
            for (int p = 0; p < PLACES; p++)
              for (int k = 0; k < OUT; k++) sum[p].v[j] += slope[p].v[k] * weight.v[k];
          }
        }
      }
    }
    float *to = dx + ((share.image * window.in[1] + share.row) * width + share.column) * channels + share.channel;
    for (int p = 0; p < PLACES; p++)
      if (share.column + p < width) store<IN>(to + p * channels, sum[p]);
  }
}

template <int N> struct Sums {
  static __device__ inline Numbers<N> of(const Numbers<N> &a, const Numbers<N> &b) {
    Numbers<N> sum;
    for (int k = 0; k < N; k++) sum.v[k] = a.v[k] + b.v[k];
    return sum;
  }
};

/**
 * The lines of y, [n oh], are the rows of a team, the numbers of the filter its columns, IN x OUT of them at a time. partial [pieces, the filter].
 */
template <int IN, int OUT, bool DEPTHWISE>
__device__ inline void filterAll(const float *x, const float *dy, float *partial, const Groups &groups, const Window &window, const Shape3 &shape, const Team &team) {
  const int N = DEPTHWISE ? OUT : IN * OUT;
  __shared__ Numbers<N> shared[THREADS];
  const Place place = placeOf(shape, team);
  const int outChannels = (int)groups.outChannels, lanes = outChannels / OUT, depth = DEPTHWISE ? 1 : (int)groups.in / IN;
  const int columns = (int)window.size[2], height = (int)window.out[1], width = (int)window.out[2];
  int rest = (int)place.column;
  const int channel = rest % lanes * OUT;
  rest /= lanes;
  const int own = DEPTHWISE ? 0 : rest % depth * IN;
  const int tap = rest / depth;
  Numbers<N> sum = {};
  if (place.inside) {
    const int first = DEPTHWISE ? channel : channel / (int)groups.out * (int)groups.in + own;
    for (int line = (int)place.begin + place.row; line < (int)place.end; line += (int)team.rows) {
      const int image = line / height, row = inputThrough(window, 1, line - image * height, tap / columns);
      if (row < 0) continue;
      const float *values = x + ((i64)image * window.in[1] + row) * window.in[2] * window.channels + first;
      const float *slopes = dy + (i64)line * width * outChannels + channel;
#pragma unroll 2
      for (int column = 0; column < width; column++) {
        const int from = inputThrough(window, 2, column, tap % columns);
        if (from < 0) continue;
        const Numbers<OUT> slope = load<OUT>(slopes + (i64)column * outChannels);
        const Numbers<DEPTHWISE ? OUT : IN> value = load<DEPTHWISE ? OUT : IN>(values + (i64)from * (int)window.channels);
        for (int j = 0; j < (DEPTHWISE ? 1 : IN); j++)
          for (int k = 0; k < OUT; k++) sum.v[j * OUT + k] += value.v[DEPTHWISE ? k : j] * slope.v[k];
      }
    }
  }
  sum = reduceRows<Numbers<N>, Sums<N>>(sum, team, place.row, shared);
  if (!place.inside || place.row != 0) return;
  float *to = partial + place.piece * window.size[1] * columns * groups.in * outChannels + (tap * groups.in + own) * outChannels + channel;
  for (int j = 0; j < (DEPTHWISE ? 1 : IN); j++)
    for (int k = 0; k < OUT; k++) to[(i64)j * outChannels + k] = sum.v[j * OUT + k];
}

#define COUNT(height, width, lanes) (window.batch * (height) * tilesOf(width) * (lanes))

KERNEL void forward(const float *x, const float *filter, float *y, const Groups groups, const Window window) {
  const i64 count = COUNT(window.out[1], window.out[2], groups.outChannels / STEP_OUT);
  if (count < SMALL) forwardAll<STEP_IN, STEP_OUT, EACH, u32>(x, filter, y, groups, window, (u32)count);
  else forwardAll<STEP_IN, STEP_OUT, EACH, i64>(x, filter, y, groups, window, count);
}

KERNEL void inputGradient(const float *dy, const float *filter, float *dx, const Groups groups, const Window window) {
  const i64 count = COUNT(window.in[1], window.in[2], window.channels / STEP_IN);
  if (count < SMALL) inputAll<STEP_IN, STEP_OUT, EACH, u32>(dy, filter, dx, groups, window, (u32)count);
  else inputAll<STEP_IN, STEP_OUT, EACH, i64>(dy, filter, dx, groups, window, count);
}

KERNEL void filterGradient(const float *x, const float *dy, float *partial, const Groups groups, const Window window, const Shape3 shape, const Team team) {
  filterAll<STEP_IN, STEP_OUT, EACH>(x, dy, partial, groups, window, shape, team);
}

/** The pieces of a filter's gradient put together in their order. */
KERNEL void total(const float *partial, float *dFilter, i64 pieces, i64 count) {
  for (i64 i = firstIndex(); i < count; i += indexStep()) {
    float sum = 0;
    for (i64 piece = 0; piece < pieces; piece++) sum += partial[piece * count + i];
    dFilter[i] = sum;
  }
}
