/** Images with more than 8 bits a channel, as 8 bits. */
import type {Pixels} from './pixels.js';
import {saidOfSamples, type SampleRange} from './sample-range.js';
import {loadSharp, type ImageFacts} from './sharp.js';

const spaces: readonly string[] = ['rgb16', 'grey16', 'scrgb', 'b-w'];

/** True of images whose values need a range to become 8 bits. */
const isDeep = ({depth, space}: ImageFacts): boolean => depth !== 'uchar' && spaces.includes(space);

/** Brighter than this part of 16 bits is a picture that is not dark altogether. */
const dark = 1 / 8;

/**
 * An image with more than 8 bits a channel, upright, in 8 bits; undefined of other images.
 *
 * Its values are scaled by what the file says (TIFF's SMinSampleValue and SMaxSampleValue; PNG's sBIT, where the values
 * are no larger than those bits). Of a file that says nothing, whole numbers have the range of their type, and floats 0
 * to 1. What cannot be right is told to `warn`: then whole numbers stay as they are, and floats get the range that they
 * have.
 * @returns 1 to 4 channels; with the bytes of a PNG file where a colour profile is still to be applied
 */
export async function eightBits(
  file: Uint8Array,
  warn: (message: string) => void,
): Promise<Pixels | Buffer | undefined> {
  const sharp = await loadSharp();
  const facts = await sharp(file).metadata();
  if (!isDeep(facts)) return undefined;
  const whole = facts.depth === 'ushort';
  const grey = facts.channels <= 2;
  const space = whole ? (grey ? 'grey16' : 'rgb16') : grey ? 'b-w' : 'scrgb';
  const opened = () => sharp(file, {failOn: 'error', ignoreIcc: true}).autoOrient();
  const {data, info} = await opened()
    .toColourspace(space)
    .raw({depth: whole ? 'ushort' : 'float'})
    .toBuffer({resolveWithObject: true});
  const values = whole
    ? new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2)
    : new Float32Array(data.buffer, data.byteOffset, data.byteLength / 4);
  const range = whole ? rangeOfShorts(file, values, warn) : rangeOfFloats(file, values, warn);
  if (facts.hasProfile && whole && !grey) {
    // of 16 bits, sharp makes Display P3 and calls it sRGB: the profile is applied to 8 bits instead
    const scale = range ? 65535 / (range.white - range.black) : 1;
    const image = range ? opened().linear(scale, -range.black * scale) : opened();
    return image.keepIccProfile().png({compressionLevel: 1}).toBuffer();
  }
  const {width, height, channels} = info;
  return {data: range ? scaled(values, range) : cutOff(values), width, height, channels};
}

/** The upper 8 of 16 bits. */
const cutOff = (values: ArrayLike<number>): Uint8Array => Uint8Array.from(values, (value) => value >> 8);

function scaled(values: ArrayLike<number>, {black, white}: SampleRange): Uint8Array {
  const out = new Uint8ClampedArray(values.length); // rounds and clamps; NaN becomes 0
  const scale = 255 / (white - black);
  for (let i = 0; i < values.length; i++) out[i] = (values[i]! - black) * scale;
  return new Uint8Array(out.buffer);
}

/** Undefined: all 16 bits count. */
function rangeOfShorts(
  file: Uint8Array,
  values: ArrayLike<number>,
  warn: (message: string) => void,
): SampleRange | undefined {
  const {range, significantBits: bits} = saidOfSamples(file);
  if (range) return range;
  const [, most] = extremes(values);
  if (bits !== undefined && bits < 16 && most < 2 ** bits) return {black: 0, white: 2 ** bits - 1};
  if (most > 0 && most < 65535 * dark)
    warn(
      `it has 16 bits a channel, but no value above ${most}, and does not say its range: it may hold fewer bits, and is read as nearly black`,
    );
  return undefined;
}

function rangeOfFloats(file: Uint8Array, values: ArrayLike<number>, warn: (message: string) => void): SampleRange {
  const {range} = saidOfSamples(file);
  if (range) return range;
  const [least, most] = extremes(values);
  if (least >= 0 && most <= 1) return {black: 0, white: 1};
  const black = Math.min(least, 0);
  const white = Math.max(most, black + 1);
  warn(
    `its values go from ${least} to ${most}, not from 0 to 1, and it does not say its range: ${black} becomes black and ${white} white`,
  );
  return {black, white};
}

function extremes(values: ArrayLike<number>): [least: number, most: number] {
  let [least, most] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return [least, most];
}
