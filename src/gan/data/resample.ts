/** Scaling of pixels: bilinear, antialiased where it makes an image smaller; the same numbers as Pillow's BILINEAR. */
import type {Channels, Pixels} from './pixels.js';

/** A part of an image, in its pixels, from edge to edge: whole pixels or not. */
export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** Weights have so many bits behind the point, so that 255 times their sum fits into 32 bits. */
const weightBits = 22;
const half = 1 << (weightBits - 1);

/** For each position of a scaled side: the first position that it is made of, and the weights from there on. */
interface Weights {
  /** Weights of each position; those at the end may be 0. */
  taps: number;
  first: Int32Array;
  weights: Int32Array;
}

/**
 * Triangle filter, centred: half a pixel lies before the first position. It is as wide as two pixels of the larger of
 * both sides.
 * @param from where the part begins that is scaled
 */
function triangle(length: number, from: number, to: number, scaled: number): Weights {
  const scale = (to - from) / scaled;
  const reach = Math.max(scale, 1);
  const taps = Math.ceil(reach) * 2 + 1;
  const first = new Int32Array(scaled);
  const weights = new Int32Array(scaled * taps);
  const row = new Float64Array(taps);
  for (let i = 0; i < scaled; i++) {
    const centre = from + (i + 0.5) * scale;
    const start = Math.max(0, Math.trunc(centre - reach + 0.5));
    const count = Math.min(length, Math.trunc(centre + reach + 0.5)) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) sum += row[k] = Math.max(0, 1 - Math.abs((start + k - centre + 0.5) / reach));
    first[i] = Math.min(start, Math.max(0, length - taps));
    const shift = start - first[i]!; // all taps lie within the side, so that loops need no end of their own
    for (let k = 0; k < count && k + shift < taps; k++)
      weights[i * taps + k + shift] = Math.trunc(0.5 + (row[k]! / sum) * 2 ** weightBits);
  }
  return {taps: Math.min(taps, length), first, weights: taps <= length ? weights : shortened(weights, taps, length)};
}

/** Rows of weights without the last ones, which are 0. */
function shortened(weights: Int32Array, taps: number, length: number): Int32Array {
  const rows = weights.length / taps;
  const out = new Int32Array(rows * length);
  for (let i = 0; i < rows; i++) out.set(weights.subarray(i * taps, i * taps + length), i * length);
  return out;
}

/**
 * A part of an image in another size. Channels are scaled by themselves: colours are to be premultiplied by alpha.
 * @returns bytes, flat [height, width, channels]
 */
export function resample(image: Pixels, [height, width]: readonly [number, number], box: Box): Uint8Array {
  const {channels} = image;
  let {data, width: across} = image;
  let top = 0;
  const rows = triangle(image.height, box.top, box.bottom, height);
  if (width !== across || box.left !== 0 || box.right !== across) {
    top = rows.first[0]!;
    const bottom = rows.first[height - 1]! + rows.taps;
    data = scaleRows(data, across, channels, top, bottom, triangle(across, box.left, box.right, width));
    across = width;
  }
  if (height === image.height && box.top === 0 && box.bottom === height) return data;
  return scaleColumns(data, across * channels, top, rows);
}

/** Rows `top` to `bottom` with another width. */
function scaleRows(
  data: Uint8Array,
  width: number,
  channels: Channels,
  top: number,
  bottom: number,
  {taps, first, weights}: Weights,
): Uint8Array {
  const scaled = first.length;
  const out = new Uint8Array((bottom - top) * scaled * channels);
  let to = 0;
  for (let y = top; y < bottom; y++) {
    const row = y * width * channels;
    for (let x = 0; x < scaled; x++) {
      let at = row + first[x]! * channels;
      const end = (x + 1) * taps;
      if (channels === 3) {
        let [red, green, blue] = [half, half, half];
        for (let k = x * taps; k < end; k++, at += 3) {
          const weight = weights[k]!;
          red += data[at]! * weight;
          green += data[at + 1]! * weight;
          blue += data[at + 2]! * weight;
        }
        out[to++] = red >> weightBits;
        out[to++] = green >> weightBits;
        out[to++] = blue >> weightBits;
      } else {
        for (let c = 0; c < channels; c++) {
          let sum = half;
          for (let k = x * taps, from = at + c; k < end; k++, from += channels) sum += data[from]! * weights[k]!;
          out[to++] = sum >> weightBits;
        }
      }
    }
  }
  return out;
}

/**
 * All rows, made of others.
 * @param data rows of `length` bytes, from row `top` on
 */
function scaleColumns(data: Uint8Array, length: number, top: number, {taps, first, weights}: Weights): Uint8Array {
  const out = new Uint8Array(first.length * length);
  const sums = new Int32Array(length);
  for (let y = 0; y < first.length; y++) {
    sums.fill(half);
    for (let k = 0; k < taps; k++) {
      const weight = weights[y * taps + k]!;
      if (weight === 0) continue;
      const from = (first[y]! + k - top) * length;
      for (let x = 0; x < length; x++) sums[x]! += data[from + x]! * weight;
    }
    for (let x = 0; x < length; x++) out[y * length + x] = sums[x]! >> weightBits;
  }
  return out;
}
