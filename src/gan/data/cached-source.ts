import {describeItem} from './describe.js';
import type {FiniteSource, HostData} from './types.js';

/**
 * The same source, which keeps the first items read in memory, up to `bytes` in all: a set that fits is decoded once,
 * and of a larger one a part. What is kept stays, since in random order every item comes once an epoch and none is more
 * recent.
 */
export function cachedSource(source: FiniteSource, bytes: number): FiniteSource {
  const kept = new Map<number, HostData>();
  let room = bytes;
  const read = async (index: number): Promise<HostData> => {
    const known = kept.get(index);
    if (known) return known;
    const item = await source.read(index);
    if (item.byteLength <= room && !kept.has(index)) {
      room -= item.byteLength;
      kept.set(index, item);
    }
    return item;
  };
  return {shape: source.shape, size: source.size, read, describe: (index) => describeItem(source, index)};
}
