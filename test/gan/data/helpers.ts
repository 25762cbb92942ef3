import {mkdtemp, rm} from 'node:fs/promises';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setImmediate as tick} from 'node:timers/promises';
import type {Batch, DataLoader, FiniteSource} from '../../../dist/gan/data/types.js';

export {ganError} from '../../gan-error.js';

/** Items [i]: item i is the number i, so that batches show which items they hold. `broken` ones cannot be read. */
export function numbers(
  size: number,
  broken: Iterable<number> = [],
): FiniteSource & {reads: number[]; atOnce: number; most: number} {
  const bad = new Set(broken);
  const source = {
    shape: [1],
    size,
    reads: [] as number[],
    /** Reads under way, and the most there ever were. */
    atOnce: 0,
    most: 0,
    async read(index: number) {
      source.reads.push(index);
      source.most = Math.max(source.most, ++source.atOnce);
      await tick();
      source.atOnce--;
      if (bad.has(index)) throw new Error(`number ${index} is broken`);
      return Float32Array.of(index);
    },
    describe: (index: number) => `number ${index}`,
  };
  return source;
}

export async function collect(loader: DataLoader, epoch = 0, start?: number): Promise<Batch[]> {
  const batches: Batch[] = [];
  for await (const batch of loader.epoch(epoch, start)) batches.push(batch);
  return batches;
}

/** The numbers in the batches, in order. */
export const itemsOf = (batches: Batch[]): number[] => batches.flatMap(({target}) => [...target.data]);

/** A folder for the time of one test. */
export async function inFolder(use: (dir: string) => Promise<void>): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'gan-data-'));
  try {
    await use(dir);
  } finally {
    await rm(dir, {recursive: true, force: true});
  }
}
