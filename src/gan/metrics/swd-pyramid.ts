import {tf} from '../../backends/tf.js';
import {mirrored} from '../data/pixels.js';
import type {HostTensor} from '../data/types.js';
import type {Rng} from '../rng.js';

/** Side of a patch, and of the coarsest level of the pyramid at least (arXiv 1710.10196, section 5). */
const [patchSide, coarsest] = [7, 16];
/** Filter of the pyramid, along each axis (Burt and Adelson 1983). */
const binomial = [1 / 16, 4 / 16, 6 / 16, 4 / 16, 1 / 16];
/** Directions projected at a time: bounds the memory. */
const directionsAtOnce = 128;

export interface PyramidOptions {
  /** Patches of each image and level; 128 in the paper. */
  patches: number;
  /** Random directions; 512 in the paper's evaluation. */
  directions: number;
}

export interface LevelDistance {
  side: number;
  height: number;
  width: number;
  distance: number;
}

/**
 * Sliced Wasserstein distances of patches on the levels of the Laplacian pyramid, times 1000 as in arXiv 1710.10196:
 * the
 * finest level says how alike the details are, the coarsest how alike the large forms. Patches of 7x7 pixels are
 * normalised by mean and standard deviation of each channel over all patches of their set.
 * @returns the distances by the sizes of the levels, finest first; `side` is the smaller one
 */
export async function pyramidDistances(
  {real, fake}: {real: HostTensor; fake: HostTensor},
  rng: Rng,
  {patches, directions}: PyramidOptions,
): Promise<LevelDistance[]> {
  const [a, b] = [real, fake].map((images, set) => patchesOfLevels(images, patches, rng.fork('patches', set))) as [
    Level[],
    Level[],
  ];
  const out: LevelDistance[] = [];
  for (const [level, {height, width, data, size}] of a.entries()) {
    const other = b[level]!.data;
    const distance = await slicedDistance(data, other, size, directions, rng.fork('directions', level));
    out.push({side: Math.min(height, width), height, width, distance: 1000 * distance});
  }
  return out;
}

interface Level {
  height: number;
  width: number;
  /** Numbers of a patch. */
  size: number;
  /** [images * patches, size] */
  data: Float32Array;
}

/** Pixels of one image, [height, width, channels]. */
interface Plane {
  data: Float32Array;
  height: number;
  width: number;
  channels: number;
}

function patchesOfLevels({data, shape}: HostTensor, patches: number, rng: Rng): Level[] {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  const size = patchSide * patchSide * channels;
  const levels: Level[] = [];
  for (let [h, w] = [height, width]; levels.length === 0 || Math.min(h, w) >= coarsest; [h, w] = [h >> 1, w >> 1])
    levels.push({height: h, width: w, size, data: new Float32Array(n * patches * size)});
  const length = height * width * channels;
  for (let i = 0; i < n; i++) {
    const pixels = Float32Array.from(data.subarray(i * length, (i + 1) * length));
    laplacianPyramid({data: pixels, height, width, channels}, levels.length).forEach((plane, l) => {
      copyPatches(plane, patches, rng, levels[l]!.data, i * patches * size);
    });
  }
  for (const {data: all} of levels) normalizeChannels(all, channels);
  return levels;
}

/** Details of each size, finest first; the last level is what is left. */
export function laplacianPyramid(image: Plane, levels: number): Plane[] {
  const out: Plane[] = [];
  let current = image;
  for (let level = 1; level < levels; level++) {
    const small = halved(current);
    const large = doubled(small, current);
    out.push({...current, data: current.data.map((value, i) => value - large.data[i]!)});
    current = small;
  }
  return [...out, current];
}

/** Filtered, then every second row and column. */
function halved(plane: Plane): Plane {
  const {data, width, channels} = filtered(plane, 1);
  const [height, half] = [Math.ceil(plane.height / 2), Math.ceil(width / 2)];
  const out = new Float32Array(height * half * channels);
  for (let y = 0, at = 0; y < height; y++)
    for (let x = 0; x < half; x++)
      for (let c = 0; c < channels; c++, at++) out[at] = data[(2 * y * width + 2 * x) * channels + c]!;
  return {data: out, height, width: half, channels};
}

/** Zeros between the pixels, then filtered so that the brightness stays. */
function doubled({data, width, channels}: Plane, to: Plane): Plane {
  const sparse = new Float32Array(to.data.length);
  for (let y = 0; y < to.height; y += 2)
    for (let x = 0; x < to.width; x += 2)
      for (let c = 0; c < channels; c++)
        sparse[(y * to.width + x) * channels + c] = data[((y / 2) * width + x / 2) * channels + c]!;
  return filtered({...to, data: sparse}, 4);
}

/** The binomial filter along both axes, times `gain`; edges are mirrored without repeating the edge pixel. */
function filtered({data, height, width, channels}: Plane, gain: number): Plane {
  const along = (from: Float32Array, length: number, step: number, lines: number, lineStep: number, factor: number) => {
    const out = new Float32Array(from.length);
    for (let line = 0; line < lines; line++) {
      const start = Math.floor(line / lineStep) * lineStep * length + (line % lineStep);
      for (let i = 0; i < length; i++) {
        let sum = 0;
        for (let t = -2; t <= 2; t++) sum += binomial[t + 2]! * from[start + mirrored(i + t, length) * step]!;
        out[start + i * step] = sum * factor;
      }
    }
    return out;
  };
  const wide = along(data, width, channels, height * channels, channels, 1);
  const row = width * channels;
  return {data: along(wide, height, row, row, row, gain), height, width, channels};
}

function copyPatches({data, height, width, channels}: Plane, n: number, rng: Rng, to: Float32Array, at: number): void {
  const row = patchSide * channels;
  for (let i = 0; i < n; i++) {
    const [top, left] = [rng.int(height - patchSide + 1), rng.int(width - patchSide + 1)];
    for (let y = 0; y < patchSide; y++, at += row) {
      const from = ((top + y) * width + left) * channels;
      to.set(data.subarray(from, from + row), at);
    }
  }
}

function normalizeChannels(data: Float32Array, channels: number): void {
  for (let c = 0; c < channels; c++) {
    let [sum, squares] = [0, 0];
    for (let i = c; i < data.length; i += channels) sum += data[i]!;
    const count = data.length / channels;
    const mean = sum / count;
    for (let i = c; i < data.length; i += channels) squares += (data[i]! - mean) ** 2;
    const std = Math.sqrt(squares / count) || 1; // a channel without any detail stays zero
    for (let i = c; i < data.length; i += channels) data[i] = (data[i]! - mean) / std;
  }
}

/** Mean over random directions of length 1 of the mean difference of the sorted projections. */
async function slicedDistance(
  a: Float32Array,
  b: Float32Array,
  size: number,
  directions: number,
  rng: Rng,
): Promise<number> {
  const n = a.length / size;
  let total = 0;
  for (let from = 0; from < directions; from += directionsAtOnce) {
    const count = Math.min(directionsAtOnce, directions - from);
    const axes = rng.normal(size * count);
    const projected = tf.tidy(() => {
      const wild = tf.tensor2d(axes, [size, count]);
      const lines = tf.div(wild, tf.norm(wild, 2, 0, true));
      return [a, b].map((patches) => tf.matMul(lines, tf.tensor2d(patches, [n, size]), true, true)); // [count, n]
    });
    const [left, right] = (await Promise.all(projected.map((each) => each.data()))) as [Float32Array, Float32Array];
    tf.dispose(projected);
    for (let line = 0; line < left.length; line += n) {
      const [x, y] = [left.slice(line, line + n).sort(), right.slice(line, line + n).sort()];
      let sum = 0;
      for (let i = 0; i < n; i++) sum += Math.abs(x[i]! - y[i]!);
      total += sum / n;
    }
  }
  return total / directions;
}
