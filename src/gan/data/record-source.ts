import {decodeDeep, decodeImage} from './decode.js';
import type {DecodeOptions} from './decode-options.js';
import {warningOfItems} from './items.js';
import {Normalization} from './normalize.js';
import {
  arrayLike,
  blackWhereClear,
  hasAlpha,
  padTo,
  toBytes,
  toChannels,
  toDeep,
  type Channels,
  type PixelData,
  type Pixels,
} from './pixels.js';
import {classesOfAll, labellingOf} from './records/labels.js';
import {isPixels, type Records, type StoredImage} from './records/types.js';
import type {FiniteSource} from './types.js';

/**
 * The pictures of a set as items [height, width, channels]: decoded and resized when they are read. They have labels
 * where each picture has one. With the depth 16, items are floats, normalised.
 * @param only positions of the pictures to take. Default: all
 */
export function recordSource(records: Records, options: DecodeOptions, only?: ArrayLike<number>): FiniteSource {
  const {channels = 3} = options;
  const shape = [...options.size, channels];
  const at = (index: number): number => only?.[index] ?? index;
  const {labels} = records;
  const of = labels && (only ? Int32Array.from(only, (index) => labels.of[index]!) : labels.of);
  const classes = labels && classesOfAll({classes: labels.classes, of: of!});
  const read = pictureReader(records, options);
  const normalization = Normalization.symmetric(channels);
  return {
    shape,
    size: only?.length ?? records.size,
    async read(index) {
      const picture = await read(at(index));
      return picture instanceof Uint16Array ? normalization.applyDeep(picture, shape) : picture;
    },
    describe: (index) => records.describe(at(index)),
    ...(records.parts && !only && {parts: records.parts}),
    ...(classes !== undefined && {classes, label: (index: number) => of![index]!}),
    ...(labels && {labelling: labellingOf(labels, at)}),
  };
}

/** Reads pictures of a set in the wanted size, channels and depth: bytes, or values of 16 bits. */
export function pictureReader(records: Records, options: DecodeOptions): (index: number) => Promise<PixelData> {
  const warn = warningOfItems(options.warn);
  const decode = options.depth === 16 ? decodeDeep : decodeImage;
  return async (index) => {
    try {
      const stored: StoredImage = await records.read(index);
      const named = warn(records.describe(index));
      if (!isPixels(stored)) return await decode(stored, {...options, warn: named});
      if (stored.doubt !== undefined) named(stored.doubt);
      return await fromPixels(stored, options);
    } catch (error) {
      await records.lookInto?.(index);
      throw error;
    }
  };
}

/** Pixels of the wanted size as they are; `pad` puts smaller ones into the middle of black. */
export async function fromPixels(pixels: Pixels<PixelData>, options: DecodeOptions): Promise<PixelData> {
  if (options.depth !== 16) return fitted({...pixels, data: toBytes(pixels.data)}, options, decodeImage);
  const {data} = pixels;
  return data instanceof Uint16Array
    ? fitted({...pixels, data}, options, decodeDeep)
    : toDeep(await fitted({...pixels, data}, options, decodeImage));
}

/** The same in the depth that the pixels have. */
function fitted<D extends PixelData>(
  pixels: Pixels<D>,
  options: DecodeOptions,
  scaled: (pixels: Pixels<D>, options: DecodeOptions) => Promise<D>,
): D | Promise<D> {
  const {size, channels = 3, resize = 'crop', background = [255, 255, 255]} = options;
  const {width, height} = pixels;
  const fits = resize === 'pad' ? height <= size[0] && width <= size[1] : height === size[0] && width === size[1];
  if (!fits) return scaled(inColour(pixels), {...options, padMode: 'zeros'});
  const given = pixels.channels === channels ? pixels.data : toChannels(...colours(pixels), channels, background);
  const data = hasAlpha(channels) && options.decoding !== 1 ? blackWhereClear(given, channels) : given;
  return height === size[0] && width === size[1] ? data : padTo({data, width, height, channels}, size, 'zeros');
}

const colours = <D extends PixelData>(pixels: Pixels<D>): [D, 3 | 4] => {
  const {data, channels} = inColour(pixels);
  return [data, channels as 3 | 4];
};

/** Grey pixels as red, green and blue. */
function inColour<D extends PixelData>(pixels: Pixels<D>): Pixels<D> {
  const {data, channels} = pixels;
  if (channels > 2) return pixels;
  const wanted: Channels = channels === 1 ? 3 : 4;
  const out = arrayLike(data, (data.length / channels) * wanted);
  for (let from = 0, to = 0; from < data.length; from += channels, to += wanted) {
    out.fill(data[from]!, to, to + 3);
    if (channels === 2) out[to + 3] = data[from + 1]!;
  }
  return {...pixels, data: out, channels: wanted};
}
