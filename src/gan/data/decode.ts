import {toChannels, type Channels, type Pixels, type Rgb, padTo, type PadMode, type ResizeMethod} from './pixels.js';
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
 * Palettes, CMYK, 16 bits and EXIF orientation are dealt with; of an animation the first frame is taken. Scaling is
 * bilinear with antialiasing, as in fastai (Pillow's BILINEAR).
 * @returns bytes, flat [height, width, channels]
 * @throws what sharp throws for missing, broken and truncated files
 */
export async function decodeImage(file: string | Uint8Array | Pixels, options: DecodeOptions): Promise<Uint8Array> {
  const {size, channels = 3, resize = 'crop', padMode = 'reflect', background = [255, 255, 255]} = options;
  const [height, width] = size;
  const sharp = await loadSharp();
  const fit = ({crop: 'cover', pad: 'inside', squish: 'fill'} as const)[resize];
  // 'error': pixel data that is broken or missing; the default, 'warning', also refuses harmless metadata faults
  const opened =
    typeof file === 'string' || file instanceof Uint8Array
      ? sharp(file, {failOn: 'error'}).autoOrient()
      : sharp(file.data, {raw: {width: file.width, height: file.height, channels: file.channels}});
  const image = opened.resize(width, height, {fit, kernel: 'linear'});
  // raw output is sRGB, grey images included, as no other colour space is asked for
  const {data, info} = await image.raw({depth: 'uchar'}).toBuffer({resolveWithObject: true});
  if (info.channels !== 3 && info.channels !== 4) throw new Error(`decoded to ${info.channels} channels`);
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength); // not a Buffer, which differs in slice()
  const pixels = toChannels(bytes, info.channels, channels, background); // cheaper here than sharp's flatten
  return resize === 'pad'
    ? padTo({data: pixels, width: info.width, height: info.height, channels}, size, padMode)
    : pixels;
}
