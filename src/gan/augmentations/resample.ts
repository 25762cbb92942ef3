/** Resampling and filtering of images by one linear map of each, with derivatives of every order. */
import {affineSample} from '../../backends/fused/affine-sample.js';
import {tf, type Tensor} from '../../backends/tf.js';

/**
 * Linear low-pass filters, symmetric, with 6 and 8 vanishing moments (Cohen, Daubechies and Feauveau 1992, biorthogonal
 * 6.8): taps from the middle outwards. To upsample by the long one and downsample by the short one gives back the same.
 * ADA has an orthogonal filter of 12 taps, sym6, which cannot be symmetric: images that are reflected at their rims
 * stay so under a symmetric filter, and need no margin.
 */
const long = [
  1.168031504481563, 0.595095812691444, -0.133019801249717, -0.10926662736505129, 0.07033294661307644,
  0.01687802407961654, -0.02402839333416698, -0.00270720940600888, 0.00269949573002532,
];
const short = [
  0.5366288017916422, 0.2954639385929495, -0.02854447171517968, -0.0556648607799878, 0.01023007081935857,
  0.01020092218703837,
];
const margin = short.length - 1;

/** Rows of images through matrices [1 or n, m, h]: [n, h, w, c] to [n, m, w, c]. */
function rows(matrices: Tensor, images: Tensor): Tensor {
  const [n, height, width, channels] = images.shape as [number, number, number, number];
  const mapped = tf.matMul(matrices, tf.reshape(images, [n, height, width * channels]));
  return tf.reshape(mapped, [n, -1, width, channels]);
}

/** Rows become columns. */
const turned = (images: Tensor): Tensor => tf.transpose(images, [0, 2, 1, 3]);

/** Both sides of images through matrices: [n, h, w, c] to [n, rows of `down`, rows of `across`, c]. */
export const alongSides = (images: Tensor, down: Tensor, across: Tensor): Tensor =>
  turned(rows(across, turned(rows(down, images))));

/** The changed images of a batch, by their numbers [n, 1, 1, 1], and the others as they are, to the last bit. */
export const chosen = (images: Tensor, changed: Tensor, isChanged: Tensor): Tensor =>
  tf.add(tf.mul(images, tf.sub(1, isChanged)), tf.mul(changed, isChanged));

/** 1 for images whose numbers [n, k] are not all `same`, 0 for others: [n, 1, 1, 1]. */
export const differs = (numbers: Tensor, same: readonly number[]): Tensor =>
  tf.reshape(tf.step(tf.max(tf.abs(tf.sub(numbers, tf.tensor2d([[...same]]))), 1)), [-1, 1, 1, 1]);

/** Where a place on an axis is, in an image that is reflected at its rims. */
function reflectedPlace(place: number, side: number): number {
  if (side === 1) return 0;
  const period = 2 * (side - 1);
  const inPeriod = ((place % period) + period) % period;
  return Math.min(inPeriod, period - inPeriod);
}

/** The matrix [1, height, width] of these sums of shares. */
function matrixOf(
  height: number,
  width: number,
  each: (add: (row: number, column: number, share: number) => void) => void,
): Tensor {
  const data = new Float64Array(height * width);
  each((row, column, share) => void (data[row * width + column]! += share));
  return tf.tensor(Float32Array.from(data), [1, height, width]);
}

/** From a side to twice its places: place p of the result lies at p / 2. [1, 2 side - 1, side]. */
const upsampling = (side: number): Tensor =>
  matrixOf(2 * side - 1, side, (add) => {
    for (let row = 0; row < 2 * side - 1; row++)
      for (let tap = 1 - long.length; tap < long.length; tap++)
        if ((row + tap) % 2 === 0) add(row, reflectedPlace((row + tap) / 2, side), long[Math.abs(tap)]!);
  });

/** Back from twice the places of a side and a margin on both ends: [1, side, 2 side - 1 + 2 margin]. */
const downsampling = (side: number): Tensor =>
  matrixOf(side, 2 * side - 1 + 2 * margin, (add) => {
    for (let row = 0; row < side; row++)
      for (let tap = -margin; tap <= margin; tap++) add(row, 2 * row + margin + tap, short[Math.abs(tap)]!);
  });

/**
 * From maps of pixels to maps of upsampled, turned images, whose places are twice those of the pixels, with a margin in
 * the result: [a, b, c, d, e, f] becomes [e, d, 2 f - margin (d + e), b, a, 2 c - margin (a + b)].
 */
const toUpsampled = [
  [0, 0, 0, 0, 1, -margin],
  [0, 0, 0, 1, 0, -margin],
  [0, 0, 0, 0, 0, 2],
  [0, 1, -margin, 0, 0, 0],
  [1, 0, -margin, 0, 0, 0],
  [0, 0, 2, 0, 0, 0],
];

/**
 * Images through affine maps without aliasing, as in ADA (arXiv 2006.06676, appendix B): upsampled by a low-pass
 * filter, sampled bilinearly, low-pass filtered and downsampled. Outside are reflections of the image. An image whose
 * map is the identity stays as it is, to the last bit.
 * @param images [n, height, width, channels]
 * @param maps [n, 6] as in `affineSample`, a constant to gradients
 */
export function affineResample(images: Tensor, maps: Tensor): Tensor {
  const [, height, width] = images.shape as [number, number, number, number];
  const large = rows(upsampling(width), turned(rows(upsampling(height), images)));
  const seen = affineSample(large, tf.matMul(maps, tf.tensor2d(toUpsampled)), {
    outside: 'reflect',
    size: [2 * (width + margin) - 1, 2 * (height + margin) - 1],
  });
  const small = rows(downsampling(height), turned(rows(downsampling(width), seen)));
  return chosen(images, small, differs(maps, [1, 0, 0, 0, 1, 0]));
}

/** sym2, the orthogonal low-pass filter with two vanishing moments (Daubechies 1992). */
const sym2 = [-0.12940952255092145, 0.22414386804185735, 0.836516303737469, 0.48296291314469025];

/**
 * Filters that pass the bands 0 to 1/8, 1/8 to 1/4, 1/4 to 1/2 and 1/2 to 1 of the frequencies of an image, of 43 taps
 * each, with 1 as their sum; without phase: a cascade of sym2 with its mirror image (ADA, appendix B).
 */
function bandFilters(): number[][] {
  const squared = (filter: readonly number[]): number[] =>
    convolved(filter, [...filter].reverse()).map((value) => value / 2);
  const low = squared(sym2);
  const high = squared(sym2.map((value, i) => (i % 2 === 0 ? value : -value)));
  let bands = [[1], [0], [0], [0]];
  for (let band = 1; band < bands.length; band++) {
    bands = bands.map((filter) => convolved(stretched(filter), low));
    const first = (bands[band]!.length - high.length) / 2;
    high.forEach((value, i) => (bands[band]![first + i]! += value));
  }
  return bands;
}

function convolved(a: readonly number[], b: readonly number[]): number[] {
  const out = new Array<number>(a.length + b.length - 1).fill(0);
  a.forEach((x, i) => b.forEach((y, k) => (out[i + k]! += x * y)));
  return out;
}

/** With a 0 between neighbours. */
const stretched = (filter: readonly number[]): number[] => filter.flatMap((value) => [value, 0]).slice(0, -1);

/** How many bands `amplifyBands` knows. */
export const bandCount = 4;

/**
 * Each band of the frequencies of an image, from the lowest to the highest, times a number of its own. Outside are
 * reflections of the image. An image whose numbers are all 1 stays as it is, to the last bit.
 * @param images [n, height, width, channels]
 * @param gains [n, 4], a constant to gradients
 */
export function amplifyBands(images: Tensor, gains: Tensor): Tensor {
  const [, height, width] = images.shape as [number, number, number, number];
  const filters = bandFilters();
  /** The filters of each image as matrices: [n, side, side]. */
  const along = (side: number): Tensor => {
    const bands = filters.map((filter) => filtering(side, filter));
    return tf.reshape(tf.matMul(gains, tf.reshape(tf.concat(bands, 0), [bandCount, -1])), [-1, side, side]);
  };
  const filtered = alongSides(images, along(height), along(width));
  return chosen(images, filtered, differs(gains, new Array<number>(bandCount).fill(1)));
}

/** A filter of an odd number of taps along a side: [1, side, side]. */
function filtering(side: number, filter: readonly number[]): Tensor {
  const middle = (filter.length - 1) / 2;
  return matrixOf(side, side, (add) => {
    for (let row = 0; row < side; row++)
      filter.forEach((share, tap) => add(row, reflectedPlace(row + tap - middle, side), share));
  });
}
