import {isGanError} from '../../errors.js';
import {openRegularFile} from '../io/regular-file.js';
import {Together} from './concurrency.js';
import {decodeV1} from './decode-v1.js';
import {eightBits, isDeep} from './deep-pixels.js';
import {fitTo, type Fit, type Size} from './fit.js';
import {blackWhereClear, hasAlpha, padTo, premultiplied, toChannels, unmultiplied} from './pixels.js';
import type {Channels, PadMode, Pixels, ResizeMethod, Rgb} from './pixels.js';
import {resample} from './resample.js';
import {loadSharp} from './sharp.js';

/** Versions of the rules by which files become pixels. */
export type Decoding = 1 | 2;

export interface DecodeOptions {
  /** Pixels, [height, width]. */
  size: readonly [number, number];
  /** Grey, RGB, or one of them with transparency. Default 3. */
  channels?: Channels;
  /** Default `crop`: the middle is kept, as fastai does in validation; nothing is random here. */
  resize?: ResizeMethod;
  /** Used by `pad`. Default `reflect`. */
  padMode?: PadMode;
  /** Background behind transparent images, for 1 and 3 channels. Default white. */
  background?: Rgb;
  /** 1: scaled by libvips, as in runs from before the rules described here. Default 2. */
  decoding?: Decoding;
  /** Told what is doubtful about a file that can be read. */
  warn?: (message: string) => void;
}

/**
 * Decodes a file (or the bytes of one) to 8-bit sRGB or grey pixels of the wanted size, on a thread of libuv's pool.
 *
 * Palettes, CMYK, colour profiles and EXIF orientation are dealt with; of an animation the first frame is taken. More
 * than 8 bits are scaled by what the file says (`eightBits`). Scaling is bilinear with antialiasing, with the numbers of
 * Pillow's BILINEAR; images of more than three times the wanted size are first made smaller by libvips. Transparent
 * images are laid on the background, or, with 2 and 4 channels, scaled with colours multiplied by alpha: under alpha 0
 * all is black.
 * @returns bytes, flat [height, width, channels]
 * @throws Error with the reason of this file: the system's where it cannot be read, that it is empty, or what the image
 * library says of its content
 */
export async function decodeImage(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
  const run = options.decoding === 1 ? decodeV1 : decode;
  try {
    return await decoding.together(() => run(file, options));
  } catch (error) {
    if (isGanError(error)) throw error;
    if (typeof file === 'string') await contentOf(file);
    // libvips collects the messages of all threads in one place: the reason is certain only where nothing else runs
    return decoding.alone(() => run(file, options));
  }
}

const decoding = new Together();

/** @throws Error why nothing can be read from a file */
async function contentOf(path: string): Promise<Buffer> {
  const file = await openRegularFile(path);
  try {
    const content = await file.readFile();
    if (content.length === 0) throw new Error(`${path} is empty`);
    return content;
  } finally {
    await file.close();
  }
}

async function decode(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
  const {size, channels = 3, resize = 'crop', padMode = 'reflect', background = [255, 255, 255]} = options;
  const content = typeof file === 'string' ? await contentOf(file) : file;
  const {image, fit} =
    content instanceof Uint8Array
      ? await pixelsOf(content, size, resize, options.warn)
      : {image: content, fit: fitTo([content.height, content.width], size, resize)};
  const asWanted: Pixels = {...image, data: toChannels(image.data, image.channels, channels, background), channels};
  const scaled = scale(asWanted, fit);
  return resize === 'pad' ? padTo(scaled, size, padMode) : scaled.data;
}

/** Up to this many times the wanted size, an image is scaled from the pixels that it has. */
const exactUpTo = 3;
/** Larger ones are first made so many times as large as the wanted size, while they are decoded where that is possible. */
const first = 2;

/** The pixels of a file, upright, in as many channels as it has; fewer of them where it is far larger than wanted. */
async function pixelsOf(
  file: Uint8Array,
  size: Size,
  resize: ResizeMethod,
  warn: (message: string) => void = () => {},
): Promise<{image: Pixels; fit: Fit}> {
  const sharp = await loadSharp();
  const facts = await sharp(file).metadata();
  const upright = facts.autoOrient;
  const deep = isDeep(facts) ? await eightBits(file, facts, warn) : undefined;
  const fit = fitTo([upright.height, upright.width], size, resize);
  if (deep && 'channels' in deep) return {image: deep, fit};
  // 'error': pixel data that is broken or missing; the default, 'warning', also refuses harmless metadata faults
  const opened = sharp(deep ?? file, {failOn: 'error'}).autoOrient();
  const [height, width] = fit.scaled;
  const {left, top, right, bottom} = fit.part;
  const times = Math.min((upright.width * (right - left)) / width, (upright.height * (bottom - top)) / height);
  const smaller = first / times;
  const image =
    times <= exactUpTo
      ? opened
      : // a kernel that blurs little: what blurs is the last step, which then has the width that it should have
        opened.resize(Math.round(upright.width * smaller), Math.round(upright.height * smaller), {
          fit: 'fill',
          kernel: 'cubic',
        });
  // raw output is sRGB, grey images included, as no other colour space is asked for
  const {data, info} = await image.raw({depth: 'uchar'}).toBuffer({resolveWithObject: true});
  if (info.channels !== 3 && info.channels !== 4) throw new Error(`decoded to ${info.channels} channels`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength); // not a Buffer, which differs in slice()
  return {image: {data: bytes, width: info.width, height: info.height, channels: info.channels}, fit};
}

/** The part that a fit keeps, scaled. */
function scale(image: Pixels, {part, scaled: [height, width]}: Fit): Pixels {
  const box = {
    left: part.left * image.width,
    top: part.top * image.height,
    right: part.right * image.width,
    bottom: part.bottom * image.height,
  };
  const unscaled = width === image.width && height === image.height;
  const {channels} = image;
  if (unscaled) return hasAlpha(channels) ? {...image, data: blackWhereClear(image.data, channels)} : image;
  const given = hasAlpha(channels) ? {...image, data: premultiplied(image.data, channels)} : image;
  const data = resample(given, [height, width], box);
  return {data: hasAlpha(channels) ? unmultiplied(data, channels) : data, width, height, channels};
}
