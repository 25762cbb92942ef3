import {isAddress} from '../address.js';
import {GanError} from '../errors.js';
import type {GanConfig} from '../config/define.js';
import {createSource} from '../config/parts.js';
import {resolveConfig} from '../config/resolve.js';
import {fromSource, type SourceOptions} from '../gan/data/data-loaders.js';
import type {CriticAugmentation} from '../gan/augmentations/critic-augmentation.js';
import type {Augmentation} from '../gan/data/augment.js';
import {identifySource, type DataIdentity} from '../gan/data/identity.js';
import type {Classes} from '../gan/classes.js';
import {conditionalSource} from '../gan/data/conditional-source.js';
import {cachedSource, describeOthers} from '../gan/data/image-files.js';
import {Normalization} from '../gan/data/normalize.js';
import {commonFacts, type CommonFacts} from '../gan/data/common-facts.js';
import {recordSource} from '../gan/data/record-source.js';
import {describeRecords, openRecords} from '../gan/data/records/open.js';
import {sourceRecords} from '../gan/data/records/source-records.js';
import type {Records} from '../gan/data/records/types.js';
import {randomSplitter} from '../gan/data/splitters.js';
import type {DataLoaders, Source} from '../gan/data/types.js';
import {openRegistry} from '../plugin/discover.js';
import type {SourceFactory} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import type {RunConfig} from '../options/run-config.js';
import {imageShapeOf, sidesOf} from '../options/image-size.js';
import {attemptSeed} from './attempt.js';

/** The content of a configuration file, or the complete configuration of a run. */
export type Settings = GanConfig | RunConfig;

type DataConfig = Pick<
  RunConfig,
  | 'data'
  | 'size'
  | 'channels'
  | 'resize'
  | 'depth'
  | 'decoding'
  | 'batchSize'
  | 'accumulate'
  | 'latent'
  | 'validPct'
  | 'seed'
  | 'attempt'
  | 'conditional'
>;

/** The parts of a run that its data are made with. */
export interface DataParts {
  source?: SourceFactory;
  /** Those of items on their way into a batch are used here; those of what the critic sees are the learner's. */
  augmentations?: readonly (Augmentation | CriticAugmentation)[];
}

/** The loaders of a run, and what tells its data from others. */
export interface RunData extends DataLoaders {
  /** What the data are, in one line: `zip archive, 1,200 pictures, 10 labels`; absent of a data source. */
  description?: string;
  /** What most pictures have in common before they are resized; absent of a data source, and of data on a server. */
  commonFacts?(): Promise<CommonFacts>;
  /** What is to be told of the data, once. */
  notes: string[];
  identify(): Promise<DataIdentity>;
  /** What the batches' labels are of, where the training is conditional. */
  classes?: Classes;
}

/**
 * The loaders of a run, whose batches are those of its optimiser steps: of its data source when it has one, else of the
 * pictures that its path names.
 * @param loading over what the configuration says
 */
export async function makeDataLoaders(
  config: DataConfig,
  {source, augmentations = []}: DataParts,
  loading: Omit<Partial<SourceOptions>, 'seed'> = {},
): Promise<RunData> {
  const {data, channels, resize, depth, decoding, batchSize, accumulate, latent, validPct, seed} = config;
  const shared = {
    batchSize: batchSize * accumulate,
    latentSize: latent,
    seed: attemptSeed(config),
    augment: augmentations.filter((augmentation) => typeof augmentation === 'function'),
    normalization: Normalization.symmetric(channels),
    ...(validPct > 0 && {splitter: randomSplitter(validPct, seed)}),
    ...loading,
  };
  if (!source) {
    const records = await openRecords(data, {decoding});
    const images = recordSource(records, {
      size: sidesOf(config.size),
      channels,
      resize,
      depth,
      decoding,
      ...(loading.warn && {warn: loading.warn}),
    });
    const {source: items, classes} = withClasses(cachedSource(images), config);
    const loaders = fromSource(items, shared);
    return {
      ...loaders,
      ...(classes && {classes}),
      notes: [...(records.otherKinds ? [describeOthers(records.otherKinds)] : []), ...noneHeldOut(loaders, validPct)],
      description: describeRecords(records),
      ...(!records.files.some(isAddress) && {commonFacts: () => commonFacts(records)}),
      identify: () => records.identify(),
    };
  }
  const shape = imageShapeOf(config);
  const made = await source({...shape, resize, decoding});
  const wanted = [shape.height, shape.width, channels];
  if (made.shape.join() !== wanted.join()) {
    throw new GanError(
      'data',
      'GAN_DATA_SHAPE',
      `${data} has items of shape [${made.shape.join(', ')}], but the networks need [${wanted.join(', ')}]`,
      {
        suggestions: [
          ...(made.shape.length === 3
            ? [`--size ${made.shape.slice(0, 2).join('x')} --channels ${made.shape[2]}`]
            : []),
          'set size and channels to those of the data, or use an architecture for such data',
        ],
      },
    );
  }
  const {source: items, classes} = withClasses(made, config);
  const loaders = fromSource(items, shared);
  return {
    ...loaders,
    ...(classes && {classes}),
    notes: noneHeldOut(loaders, validPct),
    identify: () => Promise.resolve(identifySource(made)),
  };
}

/** @throws GanError GAN_LABELS as `conditionalSource` */
const withClasses = (source: Source, {conditional, data}: DataConfig): {source: Source; classes?: Classes} =>
  conditional ? conditionalSource(source, data) : {source};

/** That a share of the images to hold out is less than one of them. */
function noneHeldOut({train, valid}: DataLoaders, percent: number): string[] {
  if (percent === 0 || valid) return [];
  const enough = Math.ceil(100 / train.size);
  return [
    `nothing is held out: ${percent} % of ${train.size} images is less than one; --valid-pct ${enough} holds one out`,
  ];
}

/**
 * The data of settings alone, without networks and device: what `gan show-batch` draws from. Nothing is augmented or
 * held out.
 * @param loading of the loaders, over what the settings say
 */
export async function openData(
  settings: Settings,
  {registry = openRegistry(), ...loading}: {registry?: Registry} & Omit<Partial<SourceOptions>, 'seed'> = {},
): Promise<{config: RunConfig; dls: RunData}> {
  const {config} = await resolveConfig({registry, settings: {values: settings, origin: 'openData'}});
  const source = await createSource(registry, config.data, config.source);
  return {
    config,
    dls: await makeDataLoaders({...config, validPct: 0, conditional: false}, source ? {source} : {}, loading),
  };
}

/**
 * The pictures of settings as they are kept, before they are resized: what `gan data` looks at and packs.
 * @throws GanError of the data
 */
export async function openPictures(
  settings: Settings,
  {registry = openRegistry()}: {registry?: Registry} = {},
): Promise<{config: RunConfig; records: Records}> {
  const {config} = await resolveConfig({registry, settings: {values: settings, origin: 'openPictures'}});
  const {data, resize, decoding} = config;
  const source = await createSource(registry, data, config.source);
  if (!source) return {config, records: await openRecords(data, {decoding})};
  return {config, records: sourceRecords(await source({...imageShapeOf(config), resize, decoding}), data)};
}
