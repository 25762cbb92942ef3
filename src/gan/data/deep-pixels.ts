/** Images with more than 8 bits a channel. */
import {fromDisplayP3} from './display-p3.js';
import {toBytes, type Channels, type Pixels} from './pixels.js';
import {saidOfSamples, type SampleRange} from './sample-range.js';
import {loadSharp, type ImageFacts, type SharpImage} from './sharp.js';

const spaces: readonly string[] = ['rgb16', 'grey16', 'scrgb', 'b-w'];

/** True of images with more than 8 bits a channel, whose values need a range. */
export const isDeep = ({depth, space}: ImageFacts): boolean => depth !== 'uchar' && spaces.includes(space);

/** Brighter than this part of 16 bits is a picture that is not dark altogether. */
const dark = 1 / 8;

/** The values of an image with more than 8 bits a channel, upright, as the file has them. */
interface DeepImage {
  values: Uint16Array | Float32Array;
  /** Undefined: all 16 bits count. */
  range: SampleRange | undefined;
  width: number;
  height: number;
  channels: Channels;
  /** The image, anew, without its profile applied, where it has one that is to be. */
  profiled?: () => SharpImage;
}

/**
 * Reads an image with more than 8 bits a channel; undefined of other images.
 *
 * Its values are scaled by what the file says (TIFF's SMinSampleValue and SMaxSampleValue; PNG's sBIT, where the values
 * are no larger than those bits). Of a file that says nothing, whole numbers have the range of their type, and floats 0
 * to 1. What cannot be right is told to `warn`: then whole numbers stay as they are, and floats get the range that they
 * have.
 */
async function deepImage(file: Uint8Array, warn: (message: string) => void): Promise<DeepImage | undefined> {
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
  return {
    values,
    range: whole ? rangeOfShorts(file, values, warn) : rangeOfFloats(file, values, warn),
    width: info.width,
    height: info.height,
    channels: info.channels,
    ...(facts.hasProfile && whole && !grey && {profiled: opened}),
  };
}

/** A profiled image with its values scaled. */
function ranged({range, profiled}: Required<Pick<DeepImage, 'profiled'>> & DeepImage): SharpImage {
  if (!range) return profiled();
  const scale = 65535 / (range.white - range.black);
  return profiled().linear(scale, -range.black * scale);
}

const hasProfile = (image: DeepImage): image is DeepImage & Required<Pick<DeepImage, 'profiled'>> =>
  image.profiled !== undefined;

/**
 * An image with more than 8 bits a channel, upright, in 8 bits; undefined of other images.
 * @returns 1 to 4 channels; with the bytes of a PNG file where a colour profile is still to be applied
 */
export async function eightBits(
  file: Uint8Array,
  warn: (message: string) => void,
): Promise<Pixels | Buffer | undefined> {
  const image = await deepImage(file, warn);
  if (!image) return undefined;
  // of 16 bits, sharp makes Display P3 and calls it sRGB: the profile is applied to 8 bits instead
  if (hasProfile(image)) return ranged(image).keepIccProfile().png({compressionLevel: 1}).toBuffer();
  const {values, range, width, height, channels} = image;
  const data = range ? new Uint8Array(scaled(values, range, new Uint8ClampedArray(values.length)).buffer) : undefined;
  return {data: data ?? toBytes(values as Uint16Array), width, height, channels};
}

/** The same in 16 bits, in sRGB. @returns 1 to 4 channels */
export async function sixteenBits(
  file: Uint8Array,
  warn: (message: string) => void,
): Promise<Pixels<Uint16Array> | undefined> {
  const image = await deepImage(file, warn);
  if (!image) return undefined;
  if (hasProfile(image)) return withProfile(ranged(image));
  const {values, range, width, height, channels} = image;
  const data = range ? scaled(values, range, new Uint16Array(values.length)) : (values as Uint16Array);
  return {data, width, height, channels};
}

/** Applies the profile of an image. */
async function withProfile(image: SharpImage): Promise<Pixels<Uint16Array>> {
  const sharp = await loadSharp();
  const file = await image.toColourspace('rgb16').keepIccProfile().png({compressionLevel: 1}).toBuffer();
  const {data, info} = await sharp(file)
    .toColourspace('rgb16')
    .raw({depth: 'ushort'})
    .toBuffer({resolveWithObject: true});
  const {width, height, channels} = info;
  const values = new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2);
  return {data: fromDisplayP3(values, channels), width, height, channels};
}

/** Values of a range as whole numbers of all of another: rounded, and cut off at its ends; NaN becomes 0. */
function scaled<D extends Uint8ClampedArray | Uint16Array>(
  values: ArrayLike<number>,
  {black, white}: SampleRange,
  out: D,
): D {
  const most = out instanceof Uint16Array ? 65535 : 255;
  const scale = most / (white - black);
  for (let i = 0; i < values.length; i++) {
    const value = (values[i]! - black) * scale;
    out[i] = most === 255 ? value : Math.min(Math.max(Math.round(value), 0), most); // the array of bytes does the same
  }
  return out;
}

/** Undefined: all 16 bits count. */
function rangeOfShorts(
  file: Uint8Array,
  values: ArrayLike<number>,
  warn: (message: string) => void,
): SampleRange | undefined {
  const {range, significantBits: bits} = saidOfSamples(file);
  if (range) return range;
  if (bits !== undefined && bits < 16 && extremes(values)[1] < 2 ** bits) return {black: 0, white: 2 ** bits - 1};
  const doubt = doubtOfShorts(values);
  if (doubt !== undefined) warn(doubt);
  return undefined;
}

/** What is doubtful about values of 16 bits of which nothing says their range. */
export function doubtOfShorts(values: ArrayLike<number>): string | undefined {
  const [, most] = extremes(values);
  if (most === 0 || most >= 65535 * dark) return undefined;
  return `it has 16 bits a channel, but no value above ${most}, and does not say its range: it may hold fewer bits, and is read as nearly black`;
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
