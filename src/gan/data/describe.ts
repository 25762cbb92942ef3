import type {FiniteSource} from './types.js';

/** Returns the name of an item in messages: the source's name for it, or its number. */
export const describeItem = (source: FiniteSource, index: number): string =>
  source.describe?.(index) ?? `item ${index}`;
