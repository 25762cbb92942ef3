import {GanError} from '../errors.js';
import {fromFolder, fromSource} from '../gan/data/data-loaders.js';
import type {Augmentation} from '../gan/data/augment.js';
import {Normalization} from '../gan/data/normalize.js';
import {randomSplitter} from '../gan/data/splitters.js';
import type {DataLoaders} from '../gan/data/types.js';
import type {SourceFactory} from '../plugin/index.js';
import type {RunConfig} from '../options/run-config.js';

type DataConfig = Pick<
  RunConfig,
  'data' | 'size' | 'channels' | 'resize' | 'batchSize' | 'latent' | 'validPct' | 'seed'
>;

/** The parts of a run that its data are made with. */
export interface DataParts {
  source?: SourceFactory;
  augmentations?: readonly Augmentation[];
}

/** The loaders of a run: of its data source when it has one, else of a folder of images. */
export async function makeDataLoaders(
  config: DataConfig,
  {source, augmentations: augment = []}: DataParts,
  warn: (message: string) => void,
): Promise<DataLoaders> {
  const {data, size, channels, resize, batchSize, latent, validPct, seed} = config;
  const shared = {
    batchSize,
    latentSize: latent,
    seed,
    warn,
    augment,
    normalization: Normalization.symmetric(channels),
    ...(validPct > 0 && {splitter: randomSplitter(validPct, seed)}),
  };
  if (!source) return fromFolder(data, {...shared, size, channels, resize});
  const made = await source({size, channels});
  const wanted = [size, size, channels];
  if (made.shape.join() !== wanted.join()) {
    throw new GanError(
      'data',
      'GAN_DATA_SHAPE',
      `${data} has items of shape [${made.shape.join(', ')}], but the networks need [${wanted.join(', ')}]`,
      {
        suggestions: ['set size and channels to those of the data, or use an architecture for such data'],
      },
    );
  }
  return fromSource(made, shared);
}
