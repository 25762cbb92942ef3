/**
 * The grid of real images beside the sample grids of a run: as many, of the same size, in the same places. A training
 * writes it once (real.png).
 */
import {access} from 'node:fs/promises';
import {messageOf} from '../errors.js';
import {createSource} from '../config/parts.js';
import {dataSource} from '../config/data.js';
import type {Callback} from '../gan/callback.js';
import {firstImages} from '../gan/data/first-images.js';
import {imageGrid, writePng} from '../gan/data/grid.js';
import type {Pixels} from '../gan/data/pixels.js';
import {arePoints} from '../gan/data/points.js';
import type {DataLoaders} from '../gan/data/types.js';
import type {RunConfig} from '../options/run-config.js';
import type {Registry} from '../plugin/registry.js';
import {makeDataLoaders} from './data.js';
import type {RunFolder} from './run-folder.js';
import {sampleCount} from './sample-count.js';

/**
 * Writes the grid beside the training, once the first steps have read its images: the loader keeps what it has decoded.
 * Points have none: their plots show the real ones already.
 * @param keep one that is there stays: the training goes on
 */
export function writeRealGrid(
  dls: DataLoaders,
  folder: RunFolder,
  {keep, warn, mayWrite}: {keep: boolean; warn(message: string): void; mayWrite(): boolean},
): Callback & {done(): Promise<void>} {
  const wanted = Math.min(dls.train.length, Math.ceil(sampleCount.images / dls.train.batchSize));
  let batches = 0;
  let writing: Promise<void> | undefined;
  const begin = async (): Promise<void> => {
    if (keep && (await isThere(folder.realPath))) return;
    const grid = await gridOf(dls).catch(() => undefined); // of images that cannot be read the training itself tells
    if (!grid || !mayWrite()) return;
    await writePng(folder.realPath, grid).catch((error: unknown) =>
      warn(`${folder.realPath} cannot be written, and the training goes on without: ${messageOf(error)}`),
    );
  };
  return {
    name: 'write-real-grid',
    afterBatch: ({training}) => {
      if (training && ++batches >= wanted) writing ??= begin();
    },
    afterFit: () => {
      writing ??= begin();
    },
    done: () => writing ?? Promise.resolve(),
  };
}

/** The first images of epoch 0; undefined for points. */
async function gridOf({train, normalization}: DataLoaders): Promise<Pixels | undefined> {
  const {data, shape} = await firstImages(train, sampleCount.images);
  if (arePoints(shape)) return undefined;
  const images = data instanceof Uint8Array ? {data, shape} : normalization.undo(data, shape);
  return imageGrid(images, Math.ceil(Math.sqrt(sampleCount.images)));
}

/** Whether the grid of a run can be drawn without looking at files that its configuration names. */
export const needsNoFiles = ({data}: Pick<RunConfig, 'data'>, registry: Registry): boolean => {
  const name = dataSource(data);
  return name !== undefined && registry.ownerOf('source', name) === undefined;
};

/**
 * The grid of a run whose folder has none, from its data; without augmentations. Undefined for points.
 * @throws GanError when the data is gone or cannot be read
 */
export async function drawRealGrid(config: RunConfig, registry: Registry): Promise<Pixels | undefined> {
  const source = await createSource(registry, config.data, config.source);
  return gridOf(await makeDataLoaders({...config, conditional: false}, source ? {source} : {}));
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
