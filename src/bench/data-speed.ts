/** What data can feed a training, beside what backends take. */
import {openData} from '../runs/data.js';
import type {RunConfig} from '../options/run-config.js';
import type {Registry} from '../plugin/registry.js';
import type {BenchRow, DataSpeed} from './types.js';

/** Seconds that an epoch is read for, at most. */
const mostSeconds = 5;

/**
 * Reads data as a training does, without one: the first epoch, and a later one, for which what fits into memory is
 * decoded already.
 * @param data of `gan fit`
 * @throws GanError of the data
 */
export async function measureData(
  data: string,
  config: RunConfig,
  {registry, warn}: {registry: Registry; warn?(message: string): void},
): Promise<Omit<DataSpeed, 'backends'>> {
  const made = {...config, data, source: {}}; // options are of other data
  const {config: resolved, dls} = await openData(made, {registry, ...(warn && {warn})});
  const [first, later] = [await speedOf(dls.train.epoch(0)), await speedOf(dls.train.epoch(1))];
  return {
    data: resolved.data,
    ...(dls.description !== undefined && {description: dls.description}),
    firstEpoch: first,
    laterEpochs: later,
  };
}

/** Images per second. */
async function speedOf(batches: AsyncIterable<{size: number}>): Promise<number> {
  const start = performance.now();
  let images = 0;
  let seconds = 0;
  for await (const {size} of batches) {
    images += size;
    seconds = (performance.now() - start) / 1000;
    if (seconds > mostSeconds) break;
  }
  return images / seconds;
}

/** Who waits for whom: a training takes no more than its data give. */
export const compareWith = (speed: Omit<DataSpeed, 'backends'>, rows: readonly BenchRow[]): DataSpeed => ({
  ...speed,
  backends: rows.flatMap((row) => {
    const takes = row.ok ? row.metrics.imagesPerSecond?.median : undefined;
    if (takes === undefined) return [];
    const waits = takes <= speed.firstEpoch ? 'data' : takes <= speed.laterEpochs ? 'training at first' : 'training';
    return [{backend: row.backend, takes, waits} as const];
  }),
});

const perSecond = (speed: number): string => `${speed >= 100 ? Math.round(speed) : speed.toPrecision(2)} images/s`;

/** The comparison for people. */
export const dataLines = ({data, description, firstEpoch, laterEpochs, backends}: DataSpeed): string[] => [
  `${data}: ${description === undefined ? '' : `${description}; `}feeds ${perSecond(firstEpoch)} in the first epoch, ${perSecond(laterEpochs)} in later ones, alone on this machine`,
  ...backends.map(({backend, takes, waits}) => {
    const who = {
      data: 'the data wait for it',
      'training at first': 'it waits for the data in the first epoch',
      training: 'it waits for the data: gan data pack decodes and resizes them once',
    }[waits];
    return `  ${backend} takes ${perSecond(takes)}: ${who}`;
  }),
];
