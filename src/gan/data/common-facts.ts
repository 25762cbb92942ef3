/** What most pictures of a set have in common, before they are resized. */
import {isDeep} from './deep-pixels.js';
import {isPixels, type Records, type StoredImage} from './records/types.js';
import {loadSharp} from './sharp.js';

/** Pictures that are looked at, from all over the set. */
const looked = 16;
/** So many of them must be alike, with proportions at most so far from the median: 1.05 times as wide. */
const [enough, near] = [0.8, Math.log(1.05)];

export interface CommonFacts {
  /** Width over height, within 5 %; undefined where 80 % of the pictures do not share it. */
  proportions: number | undefined;
  /** Whether 80 % have more than 8 bits a channel. */
  deep: boolean;
}

interface Facts {
  width: number;
  height: number;
  deep: boolean;
}

/** Looks at some pictures of a set; those that cannot be read do not count. */
export async function commonFacts(records: Records): Promise<CommonFacts> {
  const facts = await someFacts(records);
  const logs = facts.map(({width, height}) => Math.log(width / height)).sort((a, b) => a - b);
  const median = logs[logs.length >> 1];
  const alike = (isAlike: (each: Facts) => boolean): boolean =>
    facts.length > 0 && facts.filter(isAlike).length >= enough * facts.length;
  const shared =
    median !== undefined && alike(({width, height}) => Math.abs(Math.log(width / height) - median) <= near);
  return {proportions: shared ? Math.exp(median) : undefined, deep: alike(({deep}) => deep)};
}

/** The median of the shorter sides of some pictures of a set, in pixels; undefined where none can be read. */
export async function medianSide(records: Records): Promise<number | undefined> {
  const sides = (await someFacts(records)).map(({width, height}) => Math.min(width, height)).sort((a, b) => a - b);
  return sides[sides.length >> 1];
}

async function someFacts(records: Records): Promise<Facts[]> {
  const n = Math.min(looked, records.size);
  const found = await Promise.all(
    Array.from({length: n}, async (_, i) => {
      try {
        return await factsOf(await records.read(Math.floor((i * records.size) / n)));
      } catch {
        return undefined; // who trains on it says why
      }
    }),
  );
  return found.filter((each) => each !== undefined);
}

async function factsOf(stored: StoredImage): Promise<Facts> {
  if (isPixels(stored)) return {...stored, deep: stored.data instanceof Uint16Array};
  const sharp = await loadSharp();
  const facts = await sharp(stored).metadata();
  return {...facts.autoOrient, deep: isDeep(facts)};
}

/** Sides of the smallest image in a network, at least and at most: the smaller one. */
const [leastBase, mostBase] = [4, 8];

/**
 * A size with these proportions and about as many pixels as a square, whose sides networks can halve as often.
 * @param proportions width over height
 * @param side of the square, pixels
 */
export function sizeWith(proportions: number, side: number): [height: number, width: number] {
  let best: {size: [number, number]; far: number} | undefined;
  for (let step = 2; step * leastBase <= side; step *= 2)
    for (let small = leastBase; small <= mostBase; small++)
      for (let large = small + 1; large <= 4 * small; large++) {
        const size: [number, number] = proportions > 1 ? [small * step, large * step] : [large * step, small * step];
        const area = (size[0] * size[1]) / side ** 2;
        const far = 4 * Math.abs(Math.log(size[1] / size[0] / proportions)) + Math.abs(Math.log(area));
        if (best === undefined || far < best.far) best = {size, far};
      }
  return best?.size ?? [side, side];
}
