import type {FiniteSource} from './types.js';

/** What to call an item of a source: its own name for it, or its number. */
export const describeItem = (source: FiniteSource, index: number): string =>
  source.describe?.(index) ?? `item ${index}`;
