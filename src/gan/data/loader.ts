import {availableParallelism} from 'node:os';
import {GanError} from '../../errors.js';
import type {Rng} from '../rng.js';
import {augmentItem, type Augmentation} from './augment.js';
import {describeItem, ItemReader, checkLength, ItemStack} from './items.js';
import {Limiter, readAhead} from './concurrency.js';
import {mixedOrder} from './mixed-order.js';
import {noiseBatch} from './noise.js';
import {batchAt, rowsAt} from './rows-at.js';
import type {
  Batch,
  DataLoader,
  DataReport,
  EndlessSource,
  FiniteSource,
  HostData,
  HostTensor,
  Source,
} from './types.js';

export interface LoaderOptions {
  /** Items in a batch, >= 1. */
  batchSize: number;
  /** Seeds order, noise and replacements; only forked, never drawn from. */
  rng: Rng;
  /** Another random order in every epoch. Default true. */
  shuffle?: boolean;
  /** Leave out a last batch that is not full. Default true. */
  dropLast?: boolean;
  /** Length of the noise vectors that are the input. Default 100; has no meaning beside `input`. */
  latentSize?: number;
  /** Inputs of the generator instead of noise: item i belongs to item i of the source. */
  input?: FiniteSource;
  /** Use these items only. Default all. */
  indices?: ArrayLike<number>;
  /** Augmentations of each image, in this order. Not allowed for paired data. */
  augment?: readonly Augmentation[];
  /** Items per epoch of an endless source. Default 8192. */
  epochItems?: number;
  /** Batches made ahead while the consumer is busy, >= 1. Default 2. */
  ahead?: number;
  /** Items read at a time, >= 1. Default one per processor, at least the 4 threads that Node has for such work. */
  concurrency?: number;
  /** Told about each unreadable item, once. */
  warn?: (message: string) => void;
}

/** A loader that also tells what it met. */
export interface ReportingLoader extends DataLoader {
  report(): DataReport;
}

/**
 * Makes the items of one epoch's batches.
 * @param places of the items that are wanted, of `count`; absent: all
 */
type MakeBatch = (batch: number, count: number, cancelled: () => boolean, places?: readonly number[]) => Promise<Batch>;

/**
 * Batches from a source: ordered, stacked, read ahead, with noise or the items of a second source as input.
 * @throws GanError GAN_DATA_TOO_SMALL when not even one batch can be filled; GAN_DATA_PAIRS when the two sources do not
 * fit together; GAN_LOADER_OPTIONS for counts that are not whole numbers >= 1
 */
export function createLoader(source: Source, options: LoaderOptions): ReportingLoader {
  const {batchSize, dropLast = true, ahead = 2} = options;
  checkCounts(options);
  const {size, skipped, plan} = source.size === undefined ? endless(source, options) : finite(source, options);
  if (dropLast && size < batchSize) throw tooSmall(size, batchSize, source.size);
  const length = dropLast ? Math.floor(size / batchSize) : Math.ceil(size / batchSize);
  return {
    batchSize,
    size,
    length,
    ...(source.size !== undefined && source.classes !== undefined && {classes: source.classes}),
    async *epoch(epoch, start = 0, placesOf) {
      const makeBatch = plan(epoch);
      const range = {from: start, to: length, ahead};
      yield* readAhead(range, (batch, cancelled) => {
        const count = Math.min(batchSize, size - batch * batchSize);
        return makeBatch(batch, count, cancelled, placesOf?.(count));
      });
    },
    report: () => ({items: size, skipped: skipped()}),
  };
}

function finite(source: FiniteSource, options: LoaderOptions) {
  const {batchSize, rng, input, shuffle = true, latentSize, augment = [], warn = () => {}} = options;
  if (input && input.size !== source.size) throw unpaired(input.size, source.size);
  const indices = options.indices ?? Uint32Array.from({length: source.size}, (_, i) => i);
  const size = indices.length;
  const describe = (index: number) => describeItem(source, index);
  const limiter = new Limiter(options.concurrency ?? Math.max(4, availableParallelism()));
  const reader = new ItemReader({
    indices,
    describe,
    warn,
    read: async (index): Promise<Pair> => {
      const target = await source.read(index);
      return input ? {index, target, input: await input.read(index)} : {index, target};
    },
  });

  const plan = (epoch: number): MakeBatch => {
    const {parts} = source;
    const mixed = shuffle && parts ? mixedOrder(rng, epoch, indices, parts) : undefined;
    const order = mixed ?? (shuffle ? rng.fork('order', epoch).permutation(size) : undefined);
    return async (batch, count, cancelled, places) => {
      const own = places?.length ?? count;
      const targets = new ItemStack(source.shape, own);
      const inputs = input && new ItemStack(input.shape, own);
      const labels = labelsOf(source, own);
      await allOf(own, cancelled, (position, stopped) =>
        limiter.run(async () => {
          if (stopped()) return;
          const slot = batch * batchSize + (places?.[position] ?? position);
          const pair = await reader.read(
            indices[order?.[slot] ?? slot]!,
            () => rng.fork('replacement', epoch, slot),
            stopped,
          );
          if (!pair) return;
          const target = augmentItem(augment, pair.target, source.shape, rng.fork('augment', epoch, slot));
          targets.put(position, target, () => describe(pair.index));
          labels?.put(position, pair.index);
          if (pair.input) inputs?.put(position, pair.input, () => `the input of ${describe(pair.index)}`);
        }),
      );
      return {
        input: inputs?.tensor() ?? noiseFor(rng, epoch, batch, count, latentSize, places),
        target: targets.tensor(),
        ...(labels && {labels: labels.all}),
        size: count,
      };
    };
  };
  return {size, plan, skipped: () => reader.skipped()};
}

/** The labels of a batch, put in one by one. */
function labelsOf(
  source: FiniteSource,
  count: number,
): {all: Int32Array | Float32Array; put(position: number, index: number): void} | undefined {
  if (source.labelRow) {
    const {classes = 0} = source;
    const all = new Float32Array(count * classes);
    return {all, put: (position, index) => all.set(source.labelRow!(index), position * classes)};
  }
  if (!source.label) return undefined;
  const all = new Int32Array(count);
  return {all, put: (position, index) => void (all[position] = source.label!(index))};
}

interface Pair {
  index: number;
  target: HostData;
  input?: HostData;
}

function endless(
  source: EndlessSource,
  {rng, input, latentSize, augment = [], batchSize, epochItems = 8192}: LoaderOptions,
) {
  if (input) throw unpaired(input.size, 'endless');
  const plan = (epoch: number): MakeBatch => {
    const whole = wholeBatches(epoch);
    return async (batch, count, _, places) => {
      const made = await whole(batch, count);
      return places ? batchAt(made, places) : made;
    };
  };
  const wholeBatches =
    (epoch: number) =>
    async (batch: number, count: number): Promise<Batch> => {
      const shape = [count, ...source.shape];
      const data = await source.batch(count, rng.fork('items', epoch, batch));
      checkLength(data, shape, () => `a batch of ${count} items`);
      if (augment.length > 0) {
        const targets = new ItemStack(source.shape, count);
        const item = data.length / count;
        for (let i = 0; i < count; i++) {
          targets.put(
            i,
            augmentItem(
              augment,
              data.subarray(i * item, (i + 1) * item),
              source.shape,
              rng.fork('augment', epoch, batch * batchSize + i),
            ),
            () => `augmented item ${i}`,
          );
        }
        return {input: noiseFor(rng, epoch, batch, count, latentSize), target: targets.tensor(), size: count};
      }
      return {input: noiseFor(rng, epoch, batch, count, latentSize), target: {data, shape}, size: count};
    };
  return {size: epochItems, plan, skipped: () => []};
}

/** The noise of a batch, or of some places in it: drawn for all of it, so that it does not depend on who asks. */
function noiseFor(
  rng: Rng,
  epoch: number,
  batch: number,
  count: number,
  latentSize?: number,
  places?: readonly number[],
): HostTensor {
  const all = noiseBatch(rng.fork('noise', epoch, batch), count, latentSize);
  return places ? rowsAt(all, places) : all;
}

/** Runs `task` for 0..count-1 and waits for all, even when one fails: then the others are told to stop. */
async function allOf(
  count: number,
  cancelled: () => boolean,
  task: (position: number, stopped: () => boolean) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const stopped = () => failures.length > 0 || cancelled();
  await Promise.all(
    Array.from({length: count}, (_, position) =>
      task(position, stopped).catch((error: unknown) => failures.push(error)),
    ),
  );
  if (failures.length > 0) throw failures[0];
}

function checkCounts({batchSize, latentSize = 1, epochItems = 1, ahead = 1, concurrency = 1}: LoaderOptions): void {
  for (const [name, value] of Object.entries({batchSize, latentSize, epochItems, ahead, concurrency})) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new GanError('config', 'GAN_LOADER_OPTIONS', `${name} is ${value}; a whole number of at least 1 is needed`);
  }
}

function tooSmall(items: number, batchSize: number, all = items): GanError {
  const held = all > items ? `, ${all} less the ${all - items} that are held out` : '';
  const what = `the data has ${items} items${held}, fewer than one batch of ${batchSize}`;
  return new GanError('data', 'GAN_DATA_TOO_SMALL', what, {
    suggestions: [
      ...(items > 0 ? [`Use a batch size of ${items} or less.`] : []),
      ...(held ? ['Hold out fewer.'] : []),
      'Add images.',
    ],
  });
}

function unpaired(inputs: number, targets: number | 'endless'): GanError {
  return new GanError('data', 'GAN_DATA_PAIRS', `${inputs} inputs cannot be paired with ${targets} targets`, {
    suggestions: ['Give an input source with exactly one item for each item of the target source.'],
  });
}
