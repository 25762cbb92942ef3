/**
 * Resizing of images for feature networks, in floats, so that no rounding to bytes comes between (clean-fid, arXiv
 * 2104.11222, shows what that costs).
 */

/** An output position's first input position and its weights from there on. */
interface Taps {
  first: number;
  weights: Float64Array;
}

/** Bytes or floats of one image, [height, width, channels]. */
export interface PlainImage {
  data: ArrayLike<number>;
  height: number;
  width: number;
  channels: number;
}

/**
 * Bilinear with antialiasing, as Pillow's BILINEAR: the triangle filter is as wide as an output pixel where the image
 * shrinks. First along the rows, then along the columns.
 * @returns floats [height, width, channels] in the range of the input
 */
export function resizeAntialiased(image: PlainImage, height: number, width: number): Float32Array {
  return resizeWith(image, height, width, triangleTaps);
}

/**
 * Bilinear as in TensorFlow 1 with align_corners off: output pixel i is at i * input / output, two neighbours count,
 * the last pixel is repeated. The Inception network of FID was trained to see images that were resized so.
 */
export function resizeTf1(image: PlainImage, height: number, width: number): Float32Array {
  return resizeWith(image, height, width, tf1Taps);
}

function resizeWith(
  {data, height, width, channels}: PlainImage,
  toHeight: number,
  toWidth: number,
  taps: (from: number, to: number) => Taps[],
): Float32Array {
  const [columns, rows] = [taps(width, toWidth), taps(height, toHeight)];
  const wide = new Float32Array(height * toWidth * channels);
  for (let y = 0, at = 0; y < height; y++) {
    for (const {first, weights} of columns) {
      for (let c = 0; c < channels; c++, at++) {
        let sum = 0;
        for (let t = 0; t < weights.length; t++) sum += weights[t]! * data[(y * width + first + t) * channels + c]!;
        wide[at] = sum;
      }
    }
  }
  const line = toWidth * channels;
  const out = new Float32Array(toHeight * line);
  rows.forEach(({first, weights}, y) => {
    for (let i = 0; i < line; i++) {
      let sum = 0;
      for (let t = 0; t < weights.length; t++) sum += weights[t]! * wide[(first + t) * line + i]!;
      out[y * line + i] = sum;
    }
  });
  return out;
}

function triangleTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const reach = Math.max(scale, 1);
  return Array.from({length: to}, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(Math.trunc(centre - reach + 0.5), 0);
    const last = Math.min(Math.trunc(centre + reach + 0.5), from);
    const weights = Float64Array.from({length: last - first}, (_, t) =>
      Math.max(1 - Math.abs(first + t - centre + 0.5) / reach, 0),
    );
    const sum = weights.reduce((a, b) => a + b, 0);
    return {first, weights: weights.map((weight) => weight / sum)};
  });
}

function tf1Taps(from: number, to: number): Taps[] {
  return Array.from({length: to}, (_, i) => {
    const at = (i * from) / to;
    const first = Math.floor(at);
    const share = at - first;
    return first + 1 < from
      ? {first, weights: Float64Array.of(1 - share, share)}
      : {first, weights: Float64Array.of(1)};
  });
}
