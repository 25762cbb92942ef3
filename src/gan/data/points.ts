/**
 * Points in the plane, drawn from a mixture of equal normal distributions: each is an image of 1x1 pixel with two
 * channels, x and y. As the modes are known, it can be counted which of them a generator finds.
 */
import {GanError} from '../../errors.js';
import {Rng} from '../rng.js';
import type {Source} from './types.js';

/** A mixture of normal distributions of the same weight and the same standard deviation in x and y. */
export interface Mixture {
  /** In the range of the networks, as all numbers here. */
  centres: readonly (readonly [x: number, y: number])[];
  std: number;
}

/** A mixture given in the units of the literature, divided by what lets it fit into the networks' range [-1, 1]. */
const scaled = (centres: readonly (readonly [number, number])[], std: number, by: number): Mixture => ({
  centres: centres.map(([x, y]) => [x / by, y / by]),
  std: std / by,
});

const indices = (n: number): number[] => Array.from({length: n}, (_, i) => i);

/**
 * The two mixtures that mode collapse is measured on (arXiv 1611.02163, 1705.07761, 1712.04086). The farthest centres
 * have coordinates of 0.8 in the networks' range.
 */
export const mixtures = {
  /** 8 on a circle of radius 2, standard deviation 0.02; divided by 2.5. */
  ring8: scaled(
    indices(8).map((i) => [2 * Math.cos((i * Math.PI) / 4), 2 * Math.sin((i * Math.PI) / 4)]),
    0.02,
    2.5,
  ),
  /** 5x5 at -4, -2, 0, 2 and 4, standard deviation 0.05; divided by 5. */
  grid25: scaled(
    indices(25).map((i) => [2 * (i % 5) - 4, 2 * Math.floor(i / 5) - 4]),
    0.05,
    5,
  ),
} as const satisfies Record<string, Mixture>;

export type MixtureName = keyof typeof mixtures;

/** Whether images of this shape, which ends in height, width and channels, are points. */
export const arePoints = (shape: readonly number[]): boolean => shape.slice(-3).join() === '1,1,2';

export interface PointsOptions {
  mixture: MixtureName;
  /** How many points there are. Default: endless, other ones in each epoch. */
  items?: number;
  /** Another seed, other points; an endless source follows the run's seed instead. Default 0. */
  seed?: number | string;
}

/**
 * Points as floats [1, 1, 2].
 * @throws GanError GAN_POINTS_OPTIONS when `items` is no whole number >= 1
 */
export function pointsSource({mixture, items, seed = 0}: PointsOptions): Source {
  const shape = [1, 1, 2];
  if (items === undefined) return {shape, batch: (n, rng) => drawPoints(mixtures[mixture], n, rng)};
  if (!Number.isInteger(items) || items < 1) {
    throw new GanError('config', 'GAN_POINTS_OPTIONS', `${items} points; a whole number of at least 1 is needed`);
  }
  const points = drawPoints(mixtures[mixture], items, new Rng(seed).fork('points', mixture));
  return {
    shape,
    size: items,
    read: (index) => points.subarray(2 * index, 2 * index + 2),
    describe: (index) => `builtin:${mixture} ${index}`,
  };
}

/** `n` points, [n, 2]. */
function drawPoints({centres, std}: Mixture, n: number, rng: Rng): Float32Array {
  const points = rng.normal(2 * n, 0, std);
  for (let i = 0; i < n; i++) {
    const [x, y] = centres[rng.int(centres.length)]!;
    points[2 * i]! += x;
    points[2 * i + 1]! += y;
  }
  return points;
}

/** What a set of points says about the modes of a mixture. */
export interface ModeCount {
  /** Modes with at least one point within three standard deviations of their centre. */
  modes: number;
  /** Share of points within three standard deviations of a centre, the "high-quality samples" of the literature. */
  highQuality: number;
}

/**
 * Counts modes as arXiv 1705.07761, section 4.1, and arXiv 1712.04086, section 4.1, do; they draw 2,500 points.
 * @param points flat, [n, 2], in the networks' range
 */
export function countModes(points: Float32Array, {centres, std}: Mixture): ModeCount {
  const found = new Set<number>();
  let close = 0;
  for (let i = 0; i < points.length; i += 2) {
    const mode = centres.findIndex(([x, y]) => Math.hypot(points[i]! - x, points[i + 1]! - y) <= 3 * std);
    if (mode === -1) continue;
    found.add(mode);
    close++;
  }
  return {modes: found.size, highQuality: close / (points.length / 2)};
}

/**
 * The mixture that real points come from.
 * @param points flat, [n, 2]
 * @throws GanError GAN_NO_MODES when less than nine tenths of them are within three standard deviations of a centre,
 * whichever mixture it is
 */
export function mixtureOf(points: Float32Array): MixtureName {
  const names = Object.keys(mixtures) as MixtureName[];
  const found = names.find((name) => countModes(points, mixtures[name]).highQuality >= 0.9);
  if (found) return found;
  throw noModes();
}

/** @throws GanError GAN_NO_MODES (exit 3) for items that are no points */
export function assertPoints(shape: readonly number[]): void {
  if (!arePoints(shape)) throw noModes();
}

function noModes(): GanError {
  const names = Object.keys(mixtures);
  return new GanError('config', 'GAN_NO_MODES', `the real data has no known modes; these have: ${names.join(', ')}`, {
    suggestions: [
      ...names.map((name) => `gan fit builtin:${name} --metrics point-modes,high-quality`),
      '--metrics none   for other data, or metrics of images',
    ],
  });
}
