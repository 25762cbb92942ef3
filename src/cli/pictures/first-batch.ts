import {fromFolder, fromSource} from '../../gan/data/data-loaders.js';
import type {HostTensor, SkippedItem} from '../../gan/data/types.js';
import type {RunConfig} from '../../options/run-config.js';
import {GanError} from '../../errors.js';
import type {SourceFactory} from '../../plugin/index.js';

/** The first images that a run with this configuration would see, as bytes; fewer than `n` if there are no more. */
export async function firstBatch(
  config: RunConfig,
  source: SourceFactory | undefined,
  n: number,
): Promise<{images: HostTensor; skipped: SkippedItem[]}> {
  const {size, channels, resize, seed, data} = config;
  const options = {seed, batchSize: n, dropLast: false};
  const loaders = source
    ? fromSource(await source({size, channels}), options)
    : await fromFolder(data, {...options, size, channels, resize});
  for await (const {target} of loaders.train.epoch(0)) {
    const images = target.data instanceof Uint8Array ? target : loaders.normalization.undo(target.data, target.shape);
    return {images, skipped: loaders.report().skipped};
  }
  throw new GanError('data', 'GAN_DATA_EMPTY', `There are no images in ${data}.`);
}
