/** The order of an epoch over several sets, of which each has its share whatever its size. */
import type {Rng} from '../rng.js';

/** A set among others, in the order of their items. */
export interface Part {
  /** Number of items. */
  size: number;
  /** Its share, with those of the others as measure. */
  weight: number;
}

/**
 * The items of an epoch, as positions in `indices`: as many as there are, of each set its share, rounded so that the
 * sum is right. Within a set, every item comes once before one comes again, over epochs. It depends on the seed and the
 * epoch only, so that any epoch can be had at once.
 * @param indices the items to choose from, numbered over all parts
 */
export function mixedOrder(rng: Rng, epoch: number, indices: ArrayLike<number>, parts: readonly Part[]): Uint32Array {
  const positions = positionsOf(indices, parts);
  const counts = shares(
    indices.length,
    parts.map(({weight}, part) => (positions[part]!.length > 0 ? weight : 0)),
  );
  const drawn = new Uint32Array(indices.length);
  let at = 0;
  positions.forEach((own, part) => {
    const count = counts[part]!;
    let round = -1;
    let order: ArrayLike<number> = [];
    for (let i = 0; i < count; i++) {
      const number = epoch * count + i;
      if (Math.floor(number / own.length) !== round) {
        round = Math.floor(number / own.length);
        order = rng.fork('part', part, round).permutation(own.length);
      }
      drawn[at++] = own[order[number % own.length]!]!;
    }
  });
  const mixed = rng.fork('order', epoch).permutation(drawn.length);
  return drawn.map((_, slot) => drawn[mixed[slot]!]!);
}

/** For each part, where its items are in `indices`. */
function positionsOf(indices: ArrayLike<number>, parts: readonly Part[]): number[][] {
  let end = 0;
  const ends = parts.map(({size}) => (end += size));
  const positions: number[][] = parts.map(() => []);
  for (let i = 0; i < indices.length; i++) positions[ends.findIndex((each) => indices[i]! < each)]!.push(i);
  return positions;
}

/** Whole numbers that are as the weights, with this sum: the largest remainders are rounded up. */
function shares(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  const exact = weights.map((weight) => (total * weight) / sum);
  const counts = exact.map(Math.floor);
  const left = total - counts.reduce((a, b) => a + b, 0);
  const byRemainder = exact.map((_, i) => i).sort((a, b) => exact[b]! - counts[b]! - (exact[a]! - counts[a]!) || a - b);
  for (const i of byRemainder.slice(0, left)) counts[i]!++;
  return counts;
}
