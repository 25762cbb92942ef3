import {GanError} from '../errors.js';
import type {GanConfig} from '../config/define.js';
import {createSource} from '../config/parts.js';
import {resolveConfig} from '../config/resolve.js';
import {fromFolder, fromSource, type SourceOptions} from '../gan/data/data-loaders.js';
import type {CriticAugmentation} from '../gan/augmentations/critic-augmentation.js';
import type {Augmentation} from '../gan/data/augment.js';
import {dirname} from 'node:path';
import type {Decoding} from '../gan/data/decode.js';
import {identifyFiles, identifySource, type DataIdentity} from '../gan/data/identity.js';
import {getImageFiles, isImageFile} from '../gan/data/image-files.js';
import {findIdx, idxSource, readIdxSet} from '../gan/data/idx-set.js';
import {Normalization} from '../gan/data/normalize.js';
import {randomSplitter} from '../gan/data/splitters.js';
import type {DataLoaders} from '../gan/data/types.js';
import {openRegistry} from '../plugin/discover.js';
import type {SourceFactory} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import type {RunConfig} from '../options/run-config.js';
import {attemptSeed} from './attempt.js';

/** The content of a configuration file, or the complete configuration of a run. */
export type Settings = GanConfig | RunConfig;

type DataConfig = Pick<
  RunConfig,
  | 'data'
  | 'size'
  | 'channels'
  | 'resize'
  | 'decoding'
  | 'batchSize'
  | 'accumulate'
  | 'latent'
  | 'validPct'
  | 'seed'
  | 'attempt'
>;

/** The parts of a run that its data are made with. */
export interface DataParts {
  source?: SourceFactory;
  /** Those of items on their way into a batch are used here; those of what the critic sees are the learner's. */
  augmentations?: readonly (Augmentation | CriticAugmentation)[];
}

/** The loaders of a run, and what tells its data from others. */
export interface RunData extends DataLoaders {
  identify(): Promise<DataIdentity>;
}

/**
 * The loaders of a run, whose batches are those of its optimiser steps: of its data source when it has one, else of a
 * folder of images, or of IDX files.
 * @param loading over what the configuration says
 */
export async function makeDataLoaders(
  config: DataConfig,
  {source, augmentations = []}: DataParts,
  loading: Omit<Partial<SourceOptions>, 'seed'> = {},
): Promise<RunData> {
  const {data, size, channels, resize, decoding, batchSize, accumulate, latent, validPct, seed} = config;
  const shared = {
    batchSize: batchSize * accumulate,
    latentSize: latent,
    seed: attemptSeed(config),
    augment: augmentations.filter((augmentation) => typeof augmentation === 'function'),
    normalization: Normalization.symmetric(channels),
    ...(validPct > 0 && {splitter: randomSplitter(validPct, seed)}),
    ...loading,
  };
  const noneHeldOut = (loaders: DataLoaders): void => {
    if (validPct > 0 && !loaders.valid)
      loading.warn?.(
        `nothing is held out: ${validPct} % of ${loaders.train.size} images is less than one; --valid-pct ${Math.ceil(100 / loaders.train.size)} holds one out`,
      );
  };
  if (!source) {
    const idx = (await isImageFile(data)) ? undefined : await findIdx(data);
    if (!idx) {
      const loaders = await fromFolder(data, {...shared, size, channels, resize, decoding});
      noneHeldOut(loaders);
      return {...loaders, identify: async () => identifyImages(data, decoding)};
    }
    const source = idxSource(await readIdxSet(idx), {size: [size, size], channels, resize, decoding});
    const files = [idx.images, ...(idx.labels === undefined ? [] : [idx.labels])];
    const loaders = fromSource(source, shared);
    noneHeldOut(loaders);
    return {...loaders, identify: () => identifyFiles(dirname(idx.images), files)};
  }
  const made = await source({height: size, width: size, channels, resize, decoding});
  const wanted = [size, size, channels];
  if (made.shape.join() !== wanted.join()) {
    throw new GanError(
      'data',
      'GAN_DATA_SHAPE',
      `${data} has items of shape [${made.shape.join(', ')}], but the networks need [${wanted.join(', ')}]`,
      {
        suggestions: [
          ...(made.shape.length === 3 && made.shape[0] === made.shape[1]
            ? [`--size ${made.shape[0]} --channels ${made.shape[2]}`]
            : []),
          'set size and channels to those of the data, or use an architecture for such data',
        ],
      },
    );
  }
  const loaders = fromSource(made, shared);
  noneHeldOut(loaders);
  return {...loaders, identify: () => Promise.resolve(identifySource(made))};
}

/** The identity of the images of a folder, or of a single one, whose name counts without its place. */
async function identifyImages(data: string, decoding: Decoding): Promise<DataIdentity> {
  const files = await getImageFiles(data, {decoding});
  return identifyFiles(files[0] === data ? dirname(data) : data, files);
}

/**
 * The data of settings alone, without networks and device: what `gan show-batch` draws from. Nothing is augmented or
 * held out.
 * @param loading of the loaders, over what the settings say
 */
export async function openData(
  settings: Settings,
  {registry = openRegistry(), ...loading}: {registry?: Registry} & Omit<Partial<SourceOptions>, 'seed'> = {},
): Promise<{config: RunConfig; dls: DataLoaders}> {
  const {config} = await resolveConfig({registry, settings: {values: settings, origin: 'openData'}});
  const source = await createSource(registry, config.data, config.source);
  return {config, dls: await makeDataLoaders({...config, validPct: 0}, source ? {source} : {}, loading)};
}
