/** How images were decoded before the rules of `decode.ts`: runs that began with it go on with it. */
import type {DecodeOptions} from './decode-options.js';
import {padTo, toChannels, type Pixels} from './pixels.js';
import {loadSharp} from './sharp.js';

/** Formats with 8 bits a channel. */
const eightBits = /\.(jpe?g|webp|gif)$/i;

/** True if a picture has a colour profile and more than 8 bits a channel. */
async function isDeepWithProfile(file: string | Uint8Array): Promise<boolean> {
  if (typeof file === 'string' && eightBits.test(file)) return false;
  const sharp = await loadSharp();
  const {depth, hasProfile, space} = await sharp(file).metadata();
  return hasProfile && depth !== 'uchar' && space === 'rgb16';
}

/** Scaled by libvips, by its linear kernel: positions are rounded, and what is enlarged moves by half a pixel. */
export async function decodeV1(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
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
