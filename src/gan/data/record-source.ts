import {decodeImage} from './decode.js';
import type {DecodeOptions} from './decode-options.js';
import {warningOfItems} from './items.js';
import {blackWhereClear, hasAlpha, padTo, toChannels, type Channels, type Pixels} from './pixels.js';
import {classesOfAll, labellingOf} from './records/labels.js';
import type {Records} from './records/types.js';
import type {FiniteSource} from './types.js';

/**
 * The pictures of a set as items [height, width, channels]: decoded and resized when they are read. They have labels
 * where each picture has one.
 * @param only positions of the pictures to take. Default: all
 */
export function recordSource(records: Records, options: DecodeOptions, only?: ArrayLike<number>): FiniteSource {
  const [height, width] = options.size;
  const at = (index: number): number => only?.[index] ?? index;
  const {labels} = records;
  const of = labels && (only ? Int32Array.from(only, (index) => labels.of[index]!) : labels.of);
  const warn = warningOfItems(options.warn);
  const classes = labels && classesOfAll({classes: labels.classes, of: of!});
  return {
    shape: [height, width, options.channels ?? 3],
    size: only?.length ?? records.size,
    async read(index) {
      try {
        const stored = await records.read(at(index));
        if (typeof stored === 'string' || stored instanceof Uint8Array)
          return await decodeImage(stored, {...options, warn: warn(records.describe(at(index)))});
        return await fromPixels(stored, options);
      } catch (error) {
        await records.lookInto?.(at(index));
        throw error;
      }
    },
    describe: (index) => records.describe(at(index)),
    ...(classes !== undefined && {classes, label: (index: number) => of![index]!}),
    ...(labels && {labelling: labellingOf(labels, at)}),
  };
}

/** Pixels of the wanted size as they are; `pad` puts smaller ones into the middle of black. */
export function fromPixels(pixels: Pixels, options: DecodeOptions): Uint8Array | Promise<Uint8Array> {
  const {size, channels = 3, resize = 'crop', background = [255, 255, 255]} = options;
  const {width, height} = pixels;
  const fits = resize === 'pad' ? height <= size[0] && width <= size[1] : height === size[0] && width === size[1];
  if (!fits) return decodeImage(inColour(pixels), {...options, padMode: 'zeros'});
  const given = pixels.channels === channels ? pixels.data : toChannels(...colours(pixels), channels, background);
  const data = hasAlpha(channels) && options.decoding !== 1 ? blackWhereClear(given, channels) : given;
  return height === size[0] && width === size[1] ? data : padTo({data, width, height, channels}, size, 'zeros');
}

const colours = (pixels: Pixels): [Uint8Array, 3 | 4] => {
  const {data, channels} = inColour(pixels);
  return [data, channels as 3 | 4];
};

/** Grey pixels as red, green and blue. */
function inColour(pixels: Pixels): Pixels {
  const {data, channels} = pixels;
  if (channels > 2) return pixels;
  const wanted: Channels = channels === 1 ? 3 : 4;
  const out = new Uint8Array((data.length / channels) * wanted);
  for (let from = 0, to = 0; from < data.length; from += channels, to += wanted) {
    out.fill(data[from]!, to, to + 3);
    if (channels === 2) out[to + 3] = data[from + 1]!;
  }
  return {...pixels, data: out, channels: wanted};
}
