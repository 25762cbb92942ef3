import {isGanError} from '../../errors.js';
import {openRegularFile} from '../io/regular-file.js';
import {Together} from './concurrency.js';
import type {DecodeOptions} from './decode-options.js';
import {decodeV1} from './decode-v1.js';
import {eightBits, sixteenBits} from './deep-pixels.js';
import {hasEightBits, isJpeg} from './image-content.js';
import {blackWhereClear, hasAlpha, padTo, toBytes, toChannels, toDeep} from './pixels.js';
import type {PixelData, Pixels} from './pixels.js';
import {readBytes, readDeep, scaled, type ReadPixels} from './scale.js';
import {loadSharp, type SharpImage} from './sharp.js';

/**
 * Decodes a file (or the bytes of one) to 8-bit sRGB or grey pixels of the wanted size, on a thread of libuv's pool.
 *
 * Palettes, CMYK, colour profiles and EXIF orientation are dealt with; of an animation the first frame is taken. More
 * than 8 bits are scaled by what the file says (`eightBits`). Scaling is bilinear with antialiasing, as in fastai
 * (Pillow's BILINEAR), by libvips, where a format allows it while it is decoded. Colours are scaled multiplied by
 * alpha; with 2 and 4 channels all is black under alpha 0.
 * @returns bytes, flat [height, width, channels]
 * @throws Error with the reason of this file: the system's where it cannot be read, that it is empty, or what the image
 * library says of its content
 */
export async function decodeImage(
  file: string | Uint8Array | Pixels<PixelData>,
  options: DecodeOptions,
): Promise<Uint8Array> {
  const given = isDeepPixels(file) ? {...file, data: toBytes(file.data)} : (file as string | Uint8Array | Pixels);
  return decodedWith(options.decoding === 1 ? decodeV1 : decode, given, options);
}

/**
 * The same in 16 bits, by the same rules, whatever `decoding` says: of an image with more than 8 bits a channel all are
 * kept, floats in steps of 1/65535 of their range. An image of 8 bits is decoded as such, and its values times 257.
 */
export function decodeDeep(
  file: string | Uint8Array | Pixels<PixelData>,
  options: DecodeOptions,
): Promise<Uint16Array> {
  return decodedWith(deep, file, options);
}

const isDeepPixels = (file: string | Uint8Array | Pixels<PixelData>): file is Pixels<Uint16Array> =>
  typeof file === 'object' && 'channels' in file && file.data instanceof Uint16Array;

async function decodedWith<File extends string | Uint8Array | Pixels<PixelData>, D extends PixelData>(
  run: (file: File, options: DecodeOptions) => Promise<D>,
  file: File,
  options: DecodeOptions,
): Promise<D> {
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
  const content = typeof file === 'string' ? await contentOf(file) : file;
  // of JPEG, to leave more to libvips costs nothing; WebP is scaled by libwebp, which then would not do it at all
  const fast = !(content instanceof Uint8Array && isJpeg(content));
  return sized(await opener(content, options.warn ?? (() => {})), readBytes, {...options, fast});
}

async function deep(file: string | Uint8Array | Pixels<PixelData>, options: DecodeOptions): Promise<Uint16Array> {
  const sharp = await loadSharp();
  const ofPixels = ({data, width, height, channels}: Pixels<Uint16Array>): Promise<Uint16Array> =>
    sized(() => sharp(data, {raw: {width, height, channels}}), readDeep, {...options, fast: true});
  if (typeof file !== 'string' && !(file instanceof Uint8Array))
    return isDeepPixels(file) ? ofPixels(file) : toDeep(await decode(file as Pixels, options));
  const content = typeof file === 'string' ? await contentOf(file) : file;
  const image = hasEightBits(content) ? undefined : await sixteenBits(content, options.warn ?? (() => {}));
  return image ? ofPixels(image) : toDeep(await decode(content, options));
}

/** The pixels of an image in the wanted size and channels. @param open the image upright, anew each time */
async function sized<D extends PixelData>(
  open: () => SharpImage,
  read: ReadPixels<D>,
  options: DecodeOptions & {fast: boolean},
): Promise<D> {
  const {size, channels = 3, resize = 'crop', padMode = 'reflect', background = [255, 255, 255], fast} = options;
  const asWanted = (image: Pixels<D>): Pixels<D> => {
    const data = toChannels(image.data, image.channels, channels, background); // cheaper here than sharp's flatten
    return {...image, data: hasAlpha(channels) ? blackWhereClear(data, channels) : data, channels};
  };
  const image = await scaled(open, size, {resize, fast, read, asWanted});
  return resize === 'pad' ? padTo(image, size, padMode) : image.data;
}

/** What opens an image, upright and with 8 bits a channel. */
async function opener(content: Uint8Array | Pixels, warn: (message: string) => void): Promise<() => SharpImage> {
  const sharp = await loadSharp();
  const ofPixels =
    ({data, width, height, channels}: Pixels) =>
    () =>
      sharp(data, {raw: {width, height, channels}});
  if (!(content instanceof Uint8Array)) return ofPixels(content);
  const deep = hasEightBits(content) ? undefined : await eightBits(content, warn);
  if (deep && 'channels' in deep) return ofPixels(deep);
  // 'error': pixel data that is broken or missing; the default, 'warning', also refuses harmless metadata faults
  return () => sharp(deep ?? content, {failOn: 'error'}).autoOrient();
}
