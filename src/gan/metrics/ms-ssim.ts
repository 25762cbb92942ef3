import type {HostTensor} from '../data/types.js';
import type {Rng} from '../rng.js';
import {tooFewImages} from './too-few-images.js';

/** Exponents of the scales, the finest first (Wang, Simoncelli, Bovik 2003, "Multiscale structural similarity"). */
const exponents = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333];
/** Side of the Gaussian window and its standard deviation; where the image is smaller, both shrink. */
const [windowSide, windowSigma] = [11, 1.5];
/** (K L)^2 for pixels from 0 to 255. */
const [c1, c2] = [(0.01 * 255) ** 2, (0.03 * 255) ** 2];

/** A plane of one channel. */
interface Plane {
  values: Float64Array;
  height: number;
  width: number;
}

/**
 * Mean multi-scale structural similarity of random pairs of different images of a set: 1 when all are the same. A
 * generator whose pairs are more alike than pairs of real images lacks variety (arXiv 1610.09585).
 * @param images bytes [n, height, width, channels], n >= 2
 * @param pairs how many; at most n / 2, so that no image is in two
 */
export function meanSimilarity({data, shape}: HostTensor, pairs: number, rng: Rng): number {
  const [n = 0, height = 0, width = 0, channels = 0] = shape;
  if (n < 2) throw tooFewImages('pairs', n, 2);
  const order = rng.permutation(n);
  const count = Math.min(pairs, n >> 1);
  const length = height * width * channels;
  const image = (i: number): PlainImage => ({
    data: data.subarray(order[i]! * length, (order[i]! + 1) * length),
    height,
    width,
    channels,
  });
  let total = 0;
  for (let i = 0; i < count; i++) total += msSsim(image(2 * i), image(2 * i + 1));
  return total / count;
}

interface PlainImage {
  data: ArrayLike<number>;
  height: number;
  width: number;
  channels: number;
}

/**
 * MS-SSIM of two images of pixels 0 to 255. Each scale's means are over positions and channels; below 0 counts as 0.
 */
export function msSsim(a: PlainImage, b: PlainImage): number {
  let [left, right] = [planes(a), planes(b)];
  let product = 1;
  exponents.forEach((exponent, scale) => {
    const both = left.map((plane, c) => similarity(plane, right[c]!));
    const key = scale === exponents.length - 1 ? 'whole' : 'contrast';
    const mean = both.reduce((sum, each) => sum + each[key], 0) / both.length;
    product *= Math.max(mean, 0) ** exponent;
    if (scale < exponents.length - 1) [left, right] = [left.map(halved), right.map(halved)];
  });
  return product;
}

function planes({data, height, width, channels}: PlainImage): Plane[] {
  return Array.from({length: channels}, (_, c) => ({
    values: Float64Array.from({length: height * width}, (_, i) => data[i * channels + c]!),
    height,
    width,
  }));
}

/** Means over positions of SSIM, and of its factor of contrast and structure alone. */
function similarity(a: Plane, b: Plane): {whole: number; contrast: number} {
  const side = Math.min(windowSide, a.height, a.width);
  const window = gaussian(side, (windowSigma * side) / windowSide);
  const product = (x: Float64Array, y: Float64Array): Float64Array => x.map((value, i) => value * y[i]!);
  const smooth = (values: Float64Array): Float64Array => filtered({...a, values}, window);
  const [meanA, meanB] = [smooth(a.values), smooth(b.values)];
  const [aa, bb, ab] = [
    smooth(product(a.values, a.values)),
    smooth(product(b.values, b.values)),
    smooth(product(a.values, b.values)),
  ];
  let [whole, contrast] = [0, 0];
  for (let i = 0; i < meanA.length; i++) {
    const [ma, mb] = [meanA[i]!, meanB[i]!];
    const both = (2 * (ab[i]! - ma * mb) + c2) / (aa[i]! - ma * ma + bb[i]! - mb * mb + c2);
    contrast += both;
    whole += (both * (2 * ma * mb + c1)) / (ma * ma + mb * mb + c1);
  }
  return {whole: whole / meanA.length, contrast: contrast / meanA.length};
}

function gaussian(side: number, sigma: number): Float64Array {
  const weights = Float64Array.from({length: side}, (_, i) =>
    Math.exp(-((i - (side - 1) / 2) ** 2) / (2 * sigma ** 2)),
  );
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => weight / sum);
}

/** Filtered along both axes where the window lies inside. */
function filtered({values, height, width}: Plane, window: Float64Array): Float64Array {
  const [outHeight, outWidth] = [height - window.length + 1, width - window.length + 1];
  const wide = new Float64Array(height * outWidth);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (let t = 0; t < window.length; t++) sum += window[t]! * values[y * width + x + t]!;
      wide[y * outWidth + x] = sum;
    }
  }
  const out = new Float64Array(outHeight * outWidth);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (let t = 0; t < window.length; t++) sum += window[t]! * wide[(y + t) * outWidth + x]!;
      out[y * outWidth + x] = sum;
    }
  }
  return out;
}

/** Means of 2x2 pixels; a side of 1 stays. Of an odd side, the last row or column is left out. */
function halved({values, height, width}: Plane): Plane {
  const [stepY, stepX] = [height > 1 ? 2 : 1, width > 1 ? 2 : 1];
  const [outHeight, outWidth] = [Math.floor(height / stepY), Math.floor(width / stepX)];
  const out = new Float64Array(outHeight * outWidth);
  for (let y = 0; y < outHeight; y++) {
    for (let x = 0; x < outWidth; x++) {
      let sum = 0;
      for (let dy = 0; dy < stepY; dy++)
        for (let dx = 0; dx < stepX; dx++) sum += values[(y * stepY + dy) * width + x * stepX + dx]!;
      out[y * outWidth + x] = sum / (stepY * stepX);
    }
  }
  return {values: out, height: outHeight, width: outWidth};
}
