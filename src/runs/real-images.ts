import {firstImages} from '../gan/data/first-images.js';
import {createSource} from '../config/parts.js';
import {dataSource} from '../config/data.js';
import type {HostTensor} from '../gan/data/types.js';
import type {FeatureExtractor, Features} from '../gan/metrics/features.js';
import {asBytes, featuresOf, type RealImages} from '../gan/metrics/image-meter.js';
import {pixelFeatures} from '../gan/metrics/pixel-features.js';
import type {RunConfig} from '../options/run-config.js';
import type {SourceFactory} from '../plugin/index.js';
import type {Registry} from '../plugin/registry.js';
import {makeDataLoaders} from './data.js';
import {cachedFeatures} from './feature-cache.js';

/** Added to the seed of data that a program draws, for images that the training has not seen. */
const freshSeed = 1_000_003;

/** Images read at a time. */
const batchSize = 64;

interface RealImagesOptions {
  registry: Registry;
  /** In place of the source that the configuration names. */
  source?: SourceFactory;
  /** Images wanted, at most. */
  count: number;
  /** Keeps the features of the images, where they cost more than reading them. */
  cacheFolder?: string;
  warn?(message: string): void;
}

/**
 * The real images that metrics compare with: some of the validation data, or of all data where nothing is held out.
 * Sources with a seed, such as `builtin:shapes`, draw new ones.
 */
export async function realImages(
  config: RunConfig,
  {registry, source, count, cacheFolder, warn = () => {}}: RealImagesOptions,
): Promise<RealImages> {
  const fresh = source ? undefined : await freshSource(registry, config, count);
  const made = source ?? fresh?.source ?? (await createSource(registry, config.data, config.source));
  const loading = {batchSize, dropLast: false, augment: [], warn};
  const {train, valid, normalization} = await makeDataLoaders(
    {...config, conditional: false, ...(fresh && {validPct: 0, seed: config.seed + freshSeed})},
    made ? {source: made} : {},
    loading,
  );
  const loader = valid ?? train;
  const wanted = Math.min(count, loader.size);
  let pictures: Promise<HostTensor> | undefined;
  const read = () => (pictures ??= firstImages(loader, wanted));
  let known: {identity: string; features: Promise<Features>} | undefined;
  const make = async (extractor: FeatureExtractor): Promise<Features> => {
    const compute = async () => featuresOf(asBytes(await read(), normalization), extractor);
    const isCheap = made !== undefined && extractor.identity === pixelFeatures.identity;
    if (cacheFolder === undefined || source || isCheap) return compute();
    const first = await firstImages(loader, Math.min(wanted, batchSize));
    const options = fresh ? {...config.source, ...fresh.options} : config.source;
    return cachedFeatures(
      cacheFolder,
      {config, source: options, count: wanted, first, extractor: extractor.identity},
      compute,
    );
  };
  return {
    count: wanted,
    pictures: read,
    features(extractor: FeatureExtractor) {
      if (known?.identity !== extractor.identity) known = {identity: extractor.identity, features: make(extractor)};
      return known.features;
    },
  };
}

/** The source of a configuration with another seed, and as many images as wanted; undefined when it has no seed. */
async function freshSource(
  registry: Registry,
  {data, source}: RunConfig,
  count: number,
): Promise<{source: SourceFactory; options: Readonly<Record<string, unknown>>} | undefined> {
  const name = dataSource(data);
  if (name === undefined) return undefined;
  const {options: specs = {}} = await registry.load('source', name);
  const {seed} = specs;
  if (seed?.type !== 'int') return undefined;
  const given = source['seed'] ?? seed.default ?? 0;
  const options = {...source, seed: Number(given) + freshSeed, ...('count' in specs && {count})};
  return {source: (await createSource(registry, data, options))!, options};
}
