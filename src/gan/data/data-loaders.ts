import {GanError} from '../../errors.js';
import {Rng} from '../rng.js';
import {cachedSource, getImageFiles, type ImageFilesOptions, imageSource} from './image-files.js';
import type {DecodeOptions} from './decode-options.js';
import {describeItem} from './items.js';
import {createLoader, type LoaderOptions, type ReportingLoader} from './loader.js';
import {Normalization} from './normalize.js';
import {batchAt} from './rows-at.js';
import type {Splitter} from './splitters.js';
import type {Batch, DataLoader, DataLoaders, FiniteSource, Source} from './types.js';

export interface SourceOptions extends Omit<LoaderOptions, 'rng' | 'indices'> {
  /** Decides order, noise and replacements. Default 0. */
  seed?: number | string;
  /** Chooses the items for validation. Default: none. */
  splitter?: Splitter;
  /** Default mean 0.5, std 0.5: bytes become [-1, 1]. */
  normalization?: Normalization;
}

export interface FolderOptions extends SourceOptions, Omit<DecodeOptions, 'size'>, ImageFilesOptions {
  /** Pixels: the side of a square, or [height, width]. */
  size: number | readonly [number, number];
  /** Decoded images kept in memory, at most so many bytes. Default 256 MiB: 21 845 RGB images of 64x64. */
  cacheBytes?: number;
}

/**
 * Loaders for the image files of a folder.
 * @throws GanError of `getImageFiles` and of `fromSource`
 */
export async function fromFolder(dir: string, options: FolderOptions): Promise<DataLoaders> {
  const paths = await getImageFiles(dir, options);
  const size = typeof options.size === 'number' ? ([options.size, options.size] as const) : options.size;
  const images = imageSource(paths, {...options, size});
  return fromSource(cachedSource(images, options.cacheBytes ?? 256 * 2 ** 20), options);
}

/**
 * Loaders for a source: the training one with the options given; the validation one in fixed order, with all its items.
 * @throws GanError GAN_DATA_SPLIT when an endless source is to be split; those of `createLoader`
 */
export function fromSource(source: Source, options: SourceOptions): DataLoaders {
  const {seed = 0, splitter, normalization = Normalization.symmetric(source.shape.at(-1) ?? 1), ...rest} = options;
  const rng = new Rng(seed).fork('data');
  const loader = (name: string, more: Partial<LoaderOptions> = {}) =>
    createLoader(source, {...rest, rng: rng.fork(name), ...more});
  if (!splitter) return gather(normalization, loader('train'));
  if (source.size === undefined) {
    throw new GanError('config', 'GAN_DATA_SPLIT', 'an endless data source cannot be split', {
      suggestions: ['Leave out the splitter.'],
    });
  }
  const split = splitter(itemNames(source));
  const train = loader('train', {indices: split.train});
  if (split.valid.length === 0) return gather(normalization, train);
  return gather(
    normalization,
    train,
    loader('valid', {indices: split.valid, shuffle: false, dropLast: false, augment: []}),
  );
}

/** Loaders that give ready batches, the same in every epoch: for tests and recorded traces. */
export function fromBatches(
  batches: readonly Batch[],
  options: {normalization?: Normalization; valid?: readonly Batch[]} = {},
): DataLoaders {
  const {normalization = Normalization.symmetric(batches[0]?.target.shape.at(-1) ?? 1), valid} = options;
  return gather(normalization, replay(batches), valid && replay(valid));
}

function replay(batches: readonly Batch[]): ReportingLoader {
  const size = batches.reduce((sum, batch) => sum + batch.size, 0);
  return {
    batchSize: batches[0]?.size ?? 0,
    size,
    length: batches.length,
    async *epoch(_epoch, start = 0, placesOf) {
      for (const batch of batches.slice(start)) yield placesOf ? batchAt(batch, placesOf(batch.size)) : batch;
    },
    report: () => ({items: size, skipped: []}),
  };
}

function gather(normalization: Normalization, train: ReportingLoader, valid?: ReportingLoader): DataLoaders {
  const loaders: {train: DataLoader; valid?: DataLoader} = valid ? {train, valid} : {train};
  const report = () => {
    const reports = [train, ...(valid ? [valid] : [])].map((loader) => loader.report());
    return {items: reports.reduce((sum, {items}) => sum + items, 0), skipped: reports.flatMap(({skipped}) => skipped)};
  };
  return {...loaders, normalization, report};
}

const itemNames = (source: FiniteSource): string[] =>
  Array.from({length: source.size}, (_, i) => describeItem(source, i));
