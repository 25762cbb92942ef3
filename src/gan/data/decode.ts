import {toChannels, type Channels, type Pixels, type Rgb, padTo, type PadMode, type ResizeMethod} from './pixels.js';
import {openRegularFile} from '../io/regular-file.js';
import {Together} from './concurrency.js';
import {loadSharp} from './sharp.js';

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
}

/**
 * Decodes a file (or the bytes of one) to 8-bit sRGB or grey pixels of the wanted size, on a thread of libuv's pool.
 * RGB and RGBA pixels are resized in the same way.
 *
 * Palettes, CMYK, 16 bits, colour profiles and EXIF orientation are dealt with; of an animation the first frame is
 * taken. Scaling is bilinear with antialiasing, as in fastai (Pillow's BILINEAR).
 * @returns bytes, flat [height, width, channels]
 * @throws Error with the reason of this file: the system's where it cannot be read, that it is empty, or what the image
 * library says of its content
 */
export async function decodeImage(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
  try {
    return await decoding.together(() => decode(file, options));
  } catch {
    if (typeof file === 'string') await assertContent(file);
    // libvips collects the messages of all threads in one place: the reason is certain only where nothing else runs
    return decoding.alone(() => decode(file, options));
  }
}

const decoding = new Together();

/** @throws Error why nothing can be read from a file */
async function assertContent(path: string): Promise<void> {
  const file = await openRegularFile(path);
  try {
    if ((await file.stat()).size === 0) throw new Error(`${path} is empty`);
    await file.read(Buffer.alloc(1), 0, 1, 0);
  } finally {
    await file.close();
  }
}

/** Formats with 8 bits a channel. */
const eightBits = /\.(jpe?g|webp|gif)$/i;

/** True if a picture has a colour profile and more than 8 bits a channel. */
async function isDeepWithProfile(file: string | Uint8Array): Promise<boolean> {
  if (typeof file === 'string' && eightBits.test(file)) return false;
  const sharp = await loadSharp();
  const {depth, hasProfile, space} = await sharp(file).metadata();
  return hasProfile && depth !== 'uchar' && space === 'rgb16';
}

async function decode(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
  const {size, channels = 3, resize = 'crop', padMode = 'reflect', background = [255, 255, 255]} = options;
  const [height, width] = size;
  const sharp = await loadSharp();
  const fit = ({crop: 'cover', pad: 'inside', squish: 'fill'} as const)[resize];
  // 'error': pixel data that is broken or missing; the default, 'warning', also refuses harmless metadata faults
  const encoded = typeof file === 'string' || file instanceof Uint8Array;
  const deep = encoded && (await isDeepWithProfile(file));
  const opened = encoded
    ? sharp(file, {failOn: 'error', ignoreIcc: deep}).autoOrient()
    : sharp(file.data, {raw: {width: file.width, height: file.height, channels: file.channels}});
  const resized = opened.resize(width, height, {fit, kernel: 'linear'});
  // of 16 bits, sharp makes Display P3 and calls it sRGB: the profile is applied to 8 bits instead
  const image = deep ? sharp(await resized.keepIccProfile().png({compressionLevel: 1}).toBuffer()) : resized;
  // raw output is sRGB, grey images included, as no other colour space is asked for
  const {data, info} = await image.raw({depth: 'uchar'}).toBuffer({resolveWithObject: true});
  if (info.channels !== 3 && info.channels !== 4) throw new Error(`decoded to ${info.channels} channels`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength); // not a Buffer, which differs in slice()
  const pixels = toChannels(bytes, info.channels, channels, background); // cheaper here than sharp's flatten
  return resize === 'pad'
    ? padTo({data: pixels, width: info.width, height: info.height, channels}, size, padMode)
    : pixels;
}
