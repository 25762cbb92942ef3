/** A set of small pictures that is shipped as one: squares side by side, row by row. */
import {fileURLToPath} from 'node:url';
import {GanError, messageOf} from '../../errors.js';
import {decodeImage} from './decode.js';
import type {Decoding} from './decode-options.js';
import {cachedSource} from './image-files.js';
import {toChannels, type Channels, type Pixels, type ResizeMethod} from './pixels.js';
import {loadSharp} from './sharp.js';
import type {FiniteSource} from './types.js';

/** A picture of `items` square pictures. */
export interface Sheet {
  file: URL;
  /** Pixels. */
  side: number;
  items: number;
}

/** 1,407 pictures of Fluent Emoji (MIT licence), made by scripts/make-emoji.mjs. */
export const emoji: Sheet = {file: new URL('../../../assets/emoji.webp', import.meta.url), side: 64, items: 1407};

export interface SheetOptions {
  /** Pixels, [height, width]. */
  size: readonly [number, number];
  channels: Channels;
  resize: ResizeMethod;
  /** Version of the rules by which images are scaled. Default 2. */
  decoding?: Decoding;
  /** Only the first ones. Default: all. */
  items?: number;
}

const white = [255, 255, 255] as const;

/**
 * The pictures of a sheet, [height, width, channels] bytes; transparent ones on white where there is no fourth channel.
 * @throws GanError GAN_DATA_BROKEN when the file of the sheet cannot be read: the installation is damaged
 */
export async function sheetSource({file, side, items}: Sheet, options: SheetOptions): Promise<FiniteSource> {
  const {size, channels, resize, decoding = 2} = options;
  const sheet = await decoded(file);
  const across = sheet.width / side;
  const cut = (index: number): Pixels => {
    const data = new Uint8Array(side * side * 4);
    const [left, top] = [(index % across) * side, Math.floor(index / across) * side];
    for (let y = 0; y < side; y++) {
      const from = ((top + y) * sheet.width + left) * 4;
      data.set(sheet.data.subarray(from, from + side * 4), y * side * 4);
    }
    return {data, width: side, height: side, channels: 4};
  };
  const asItIs = decoding === 1 && size[0] === side && size[1] === side;
  const source: FiniteSource = {
    shape: [...size, channels],
    size: Math.min(items, options.items ?? items),
    read: (index) =>
      asItIs
        ? toChannels(cut(index).data, 4, channels, white)
        : decodeImage(cut(index), {size, channels, resize, decoding}),
    describe: (index) => `${fileURLToPath(file)} ${index}`,
  };
  return cachedSource(source, 64 * 2 ** 20);
}

/** The pixels of a sheet, RGBA. */
async function decoded(file: URL): Promise<Pixels> {
  const sharp = await loadSharp();
  try {
    const {data, info} = await sharp(fileURLToPath(file)).ensureAlpha().raw().toBuffer({resolveWithObject: true});
    return {data, width: info.width, height: info.height, channels: 4};
  } catch (cause) {
    throw new GanError('data', 'GAN_DATA_BROKEN', `${fileURLToPath(file)} cannot be read: ${messageOf(cause)}`, {
      suggestions: ['install the package again'],
      cause,
    });
  }
}
