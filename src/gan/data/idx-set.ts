import {opendir, stat} from 'node:fs/promises';
import {extname, join} from 'node:path';
import {isAddress, lastName} from '../../address.js';
import {GanError} from '../../errors.js';
import {placeBeside} from '../io/beside.js';
import {Rng} from '../rng.js';
import {decodeImage} from './decode.js';
import type {Decoding} from './decode-options.js';
import {idxRank, readIdx, wrongIdx, type IdxFile} from './idx.js';
import {cachedSource, imageExtensions} from './image-files.js';
import {padTo, toChannels, type Channels, type Pixels, type ResizeMethod} from './pixels.js';
import type {FiniteSource} from './types.js';

/** Grey images, and their classes where they are known. */
export interface IdxSet {
  /** The file of the images. */
  path: string;
  /** [items, height, width] */
  images: IdxFile;
  /** [items] */
  labels?: IdxFile;
}

/**
 * Paths of the images, and of their labels, that data names: a file of images, its address, or a folder whose own files
 * have IDX files among them, and no images of other formats. Files of a folder called `test...` or `t10k...` are left
 * out where there are others, as they are not for training. Undefined: this is other data.
 */
export async function findIdx(path: string): Promise<{images: string; labels?: string} | undefined> {
  const stats = isAddress(path) ? undefined : await stat(path).catch(() => undefined);
  if (stats?.isFile() || isAddress(path)) {
    if ((await rankIfReadable(path)) !== 3) {
      await readIdx(path); // says what is wrong with it
      throw wrongIdx(path, 'holds no images [items, height, width]');
    }
    const labels = labelsBeside(path);
    return {images: path, ...(labels !== undefined && (await idxRank(labels)) === 1 && {labels})};
  }
  if (!stats) return undefined;
  const entries = await opendir(path).catch(() => []); // who looks for images in it says why it cannot be listed
  const found: string[] = [];
  for await (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.')) continue;
    if (imageExtensions.includes(extname(entry.name).slice(1).toLowerCase())) return undefined;
    if ((await rankIfReadable(join(path, entry.name))) === 3) found.push(entry.name);
  }
  found.sort();
  const images = found.find((name) => !/^(test|t10k)/i.test(name)) ?? found[0];
  return images === undefined ? undefined : findIdx(join(path, images));
}

/** As `idxRank`; undefined, too, for a file on a disk that cannot be read: who reads it says why. */
const rankIfReadable = (path: string): Promise<number | undefined> =>
  idxRank(path).catch((error: unknown) => {
    if (isAddress(path)) throw error;
    return undefined;
  });

/** `x/train-images-idx3-ubyte.gz` to `x/train-labels-idx1-ubyte.gz`; undefined for other names. */
function labelsBeside(path: string): string | undefined {
  const name = lastName(path);
  const labels = name.replace(/images([-.]idx)3/, (_, idx: string) => `labels${idx}1`);
  return labels === name ? undefined : placeBeside(path, labels);
}

/** @throws GanError as `readIdx`; GAN_DATA_PAIRS when the labels are those of other images */
export async function readIdxSet({images: path, labels}: {images: string; labels?: string}): Promise<IdxSet> {
  const images = await readIdx(path);
  if (images.shape.length !== 3)
    throw wrongIdx(path, `has the shape [${images.shape.join(', ')}]; images are [items, height, width]`);
  if (labels === undefined) return {path, images};
  const classes = await readIdx(labels);
  if (classes.shape.length === 1 && classes.shape[0] === images.shape[0]) return {path, images, labels: classes};
  throw new GanError(
    'data',
    'GAN_DATA_PAIRS',
    `${labels} has labels [${classes.shape.join(', ')}] for the ${images.shape[0]} images of ${path}`,
    {suggestions: ['Put the labels of these images beside them, or remove the file.']},
  );
}

export interface IdxOptions {
  /** Pixels, [height, width]. */
  size: readonly [number, number];
  channels: Channels;
  /** `pad` puts images that fit into the middle of black, as they are; otherwise as with image files. */
  resize: ResizeMethod;
  /** Version of the rules by which images are scaled. Default 2. */
  decoding?: Decoding;
  /** Only the first ones. Default: all. */
  items?: number;
  /**
   * Three random images of the set as the red, green and blue of one, with the class 100 a + 10 b + c of ten classes
   * (arXiv 1611.02163, appendix): a set with 1,000 modes.
   */
  stacked?: boolean;
  /** Decides which images are stacked. Default 0. */
  seed?: number | string;
  /** Names of the classes. Default: their numbers. */
  classNames?: readonly string[];
}

/** Images of an IDX set, [height, width, channels] bytes. */
export function idxSource({path, images, labels}: IdxSet, options: IdxOptions): FiniteSource {
  const {size, channels, resize, decoding = 2, stacked = false, seed = 0, classNames} = options;
  const [all = 0, height = 0, width = 0] = images.shape;
  const items = Math.min(all, options.items ?? all);
  const classes = labels && labels.data.reduce((most, label) => Math.max(most, label), 0) + 1;
  if (stacked && channels !== 3) {
    throw new GanError('config', 'GAN_DATA_SHAPE', `stacked images have 3 channels, and ${channels} are wanted`, {
      suggestions: ['--channels 3'],
    });
  }
  /** The images of the set that item `index` is made of. */
  const partsOf = (index: number): number[] => {
    if (!stacked) return [index];
    const rng = new Rng(seed).fork('stacked', index);
    return [rng.int(items), rng.int(items), rng.int(items)];
  };
  const pixels = (index: number): Pixels => {
    const parts = partsOf(index).map((part) =>
      images.data.subarray(part * height * width, (part + 1) * height * width),
    );
    return {
      data: interleaved(parts.length === 3 ? parts : [parts[0]!, parts[0]!, parts[0]!]),
      width,
      height,
      channels: 3,
    };
  };
  const fits = resize === 'pad' && height <= size[0] && width <= size[1];
  const source: FiniteSource = {
    shape: [...size, channels],
    size: items,
    read: (index) => {
      const image = pixels(index);
      if (!fits) return decodeImage(image, {size, channels, resize, decoding, padMode: 'zeros'});
      return padTo({...image, data: toChannels(image.data, 3, channels, [0, 0, 0]), channels}, size, 'zeros');
    },
    describe: (index) => `${path} ${partsOf(index).join(', ')}`,
    ...(labels &&
      classes !== undefined && {
        classes: stacked ? classes ** 3 : classes,
        label: (index: number) => partsOf(index).reduce((label, part) => label * classes + labels.data[part]!, 0),
      }),
    ...(labels &&
      classNames &&
      !stacked && {
        labelling: {names: classNames, each: 'one' as const, of: (index: number) => [labels.data[index]!]},
      }),
  };
  return fits ? source : cachedSource(source, 256 * 2 ** 20);
}

/** One array of pixels from one for each channel. */
function interleaved(channels: readonly Uint8Array[]): Uint8Array {
  const n = channels.length;
  const out = new Uint8Array(channels[0]!.length * n);
  channels.forEach((values, c) => {
    for (let i = 0; i < values.length; i++) out[i * n + c] = values[i]!;
  });
  return out;
}
