import {GanError, isGanError} from '../errors.js';
import {areSameClasses, rowCount, type Classes} from '../gan/classes.js';
import {firstBatches} from '../gan/data/first-images.js';
import {asBytes} from '../gan/metrics/image-meter.js';
import type {HostTensor} from '../gan/data/types.js';
import type {RunConfig} from '../options/run-config.js';
import type {SourceFactory} from '../plugin/index.js';
import {makeDataLoaders} from './data.js';

/** Real images, and what each shows. */
export interface ComparedImages {
  /** Bytes [n, height, width, channels]. */
  pictures: HostTensor;
  /** Rows of the classes of each. */
  rows: readonly (readonly number[])[];
}

const otherwise = 'measure without --by-class, or against data with the classes of the run';

/**
 * The first real images of a conditional run's data: held-out ones, where there are such.
 * @param classes of the run
 * @throws GanError GAN_LABELS (exit 5) for data without labels, GAN_DATA_CHANGED for data with other classes
 */
export async function labelledImages(
  config: RunConfig,
  classes: Classes,
  {source, count}: {source?: SourceFactory | undefined; count: number},
): Promise<ComparedImages> {
  const loading = {batchSize: 64, dropLast: false, augment: []};
  const dls = await makeDataLoaders({...config, conditional: true}, source ? {source} : {}, loading).catch(
    (error: unknown) => {
      if (!isGanError(error) || error.code !== 'GAN_LABELS') throw error;
      throw new GanError(error.kind, error.code, error.message, {suggestions: [otherwise], cause: error});
    },
  );
  if (!areSameClasses({...dls.classes!, unlabelled: classes.unlabelled}, classes))
    throw new GanError('data', 'GAN_DATA_CHANGED', `${config.data} has other classes than the run`, {
      suggestions: [otherwise],
    });
  const loader = dls.valid ?? dls.train;
  const {images, labels} = await firstBatches(loader, Math.min(count, loader.size));
  const n = images.shape[0]!;
  const width = rowCount(dls.classes!);
  const rows = Array.from({length: n}, (_, i) =>
    labels instanceof Float32Array
      ? Array.from({length: width}, (_, row) => row).filter((row) => labels[i * width + row]! > 0)
      : [labels![i]!],
  );
  return {pictures: asBytes(images, dls.normalization), rows};
}
