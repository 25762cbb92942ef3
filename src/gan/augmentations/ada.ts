/** The augmentations of ADA (arXiv 2006.06676, appendix B): distributions and strengths are the paper's. */
import {colorMap} from '../../backends/fused/color-map.js';
import {cutOut} from '../../backends/fused/cut-out.js';
import {affineSample} from '../../backends/fused/affine-sample.js';
import {tf, type Tensor} from '../../backends/tf.js';
import type {Rng} from '../rng.js';
import type {AugmentationDraw, CriticAugmentation} from './critic-augmentation.js';
import {affineResample, amplifyBands, bandCount} from './resample.js';

/** Groups of augmentations. */
export type AdaGroup = 'blit' | 'geom' | 'color' | 'filter' | 'noise' | 'cutout';

/** Named sets of them, as in the paper's figure 4. */
export const adaPipes = {
  blit: ['blit'],
  geom: ['geom'],
  color: ['color'],
  filter: ['filter'],
  noise: ['noise'],
  cutout: ['cutout'],
  bg: ['blit', 'geom'],
  bgc: ['blit', 'geom', 'color'],
  bgcf: ['blit', 'geom', 'color', 'filter'],
  bgcfn: ['blit', 'geom', 'color', 'filter', 'noise'],
  bgcfnc: ['blit', 'geom', 'color', 'filter', 'noise', 'cutout'],
} as const satisfies Record<string, readonly AdaGroup[]>;

export type AdaPipe = keyof typeof adaPipes;

/**
 * ADA's augmentations one after the other, each of them for each image with the probability p, independently of the
 * others. Geometric ones are one resampling, those of colour one map of the channels.
 * @param pipe the groups that are applied
 */
export function adaAugmentation(pipe: AdaPipe = 'bgc'): Omit<CriticAugmentation, 'p'> {
  const groups: readonly AdaGroup[] = adaPipes[pipe];
  const has = (group: AdaGroup): boolean => groups.includes(group);
  return {
    repeatable: true,
    apply(images, draw) {
      const [, height, width, channels] = images.shape as [number, number, number, number];
      const size = {height, width, blit: has('blit'), geom: has('geom')};
      let x = images;
      if (size.blit || size.geom) {
        const maps = draw.perImage([6], (rng, p) => geometricMap(rng, p, size));
        // blitting alone moves whole pixels
        x = size.geom ? affineResample(x, maps) : affineSample(x, maps, {outside: 'reflect'});
      }
      if (has('color')) {
        const maps = draw.perImage([channels, channels + 1], (rng, p) => channelMap(colorMatrix(rng, p), channels));
        x = colorMap(x, {
          matrices: tf.transpose(tf.slice(maps, [0, 0, 0], [-1, channels, channels]), [0, 2, 1]),
          shifts: tf.reshape(tf.slice(maps, [0, 0, channels], [-1, channels, 1]), [-1, channels]),
        });
      }
      if (has('filter')) x = amplifyBands(x, draw.perImage([bandCount], bandGains));
      if (has('noise')) x = withNoise(x, draw);
      if (has('cutout'))
        x = cutOut(
          x,
          draw.perImage([4], (rng, p) => cutoutBox(rng, p, height, width)),
        );
      return x;
    },
  };
}

const normal = (rng: Rng, std = 1): number => rng.normal(1)[0]! * std;
/** A factor whose logarithm to the base 2 is of Normal(0, std). */
const logNormal = (rng: Rng, std: number): number => 2 ** normal(rng, std);
const angle = (rng: Rng): number => (rng.float() * 2 - 1) * Math.PI;

/** Rows of a square matrix. */
type Matrix = readonly (readonly number[])[];

const identity = (size: number): Matrix =>
  Array.from({length: size}, (_, i) => Array.from({length: size}, (__, k) => (i === k ? 1 : 0)));

const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => b[0]!.map((_, k) => row.reduce((sum, value, i) => sum + value * b[i]![k]!, 0)));

const shift2d = (x: number, y: number): Matrix => [
  [1, 0, x],
  [0, 1, y],
  [0, 0, 1],
];
const scale2d = (x: number, y: number): Matrix => [
  [x, 0, 0],
  [0, y, 0],
  [0, 0, 1],
];
const rotation2d = (cos: number, sin: number): Matrix => [
  [cos, -sin, 0],
  [sin, cos, 0],
  [0, 0, 1],
];
/** Whole quarters of a turn have exact numbers: pixels stay pixels. */
const quarters: readonly (readonly [cos: number, sin: number])[] = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
];

/**
 * Where the pixels of a changed image come from, as `affineSample` takes it: the inverses of the transforms, the first
 * one leftmost, in pixels from the middle.
 */
export function geometricMap(
  rng: Rng,
  p: number,
  {height, width, blit, geom}: {height: number; width: number; blit: boolean; geom: boolean},
): number[] {
  let inverse = identity(3);
  const then = (next: () => Matrix, probability = p): void => {
    if (rng.float() < probability) inverse = product(inverse, next());
  };
  if (blit) {
    const most = 0.125; // of a side
    const whole = (side: number): number => Math.round((rng.float() * 2 - 1) * most * side);
    then(() => scale2d(rng.int(2) === 0 ? 1 : -1, 1));
    then(() => rotation2d(...quarters[rng.int(4)]!));
    then(() => shift2d(-whole(width), -whole(height)));
  }
  if (geom) {
    const rotates = 1 - Math.sqrt(1 - p); // so that one of the two rotations comes with the probability p
    const turn = (): Matrix => {
      const by = angle(rng);
      return rotation2d(Math.cos(by), Math.sin(by));
    };
    then(() => {
      const factor = logNormal(rng, 0.2);
      return scale2d(1 / factor, 1 / factor);
    });
    then(turn, rotates);
    then(() => {
      const factor = logNormal(rng, 0.2);
      return scale2d(1 / factor, factor);
    });
    then(turn, rotates);
    then(() => shift2d(-normal(rng, 0.125) * width, -normal(rng, 0.125) * height));
  }
  const [[a, b, c], [d, e, f]] = inverse as [[number, number, number], [number, number, number], unknown];
  const [middleX, middleY] = [(width - 1) / 2, (height - 1) / 2];
  return [a, b, c + middleX - a * middleX - b * middleY, d, e, f + middleY - d * middleX - e * middleY];
}

/** Rows of a homogeneous matrix of three channels: brightness, contrast, luma flip, hue, saturation. */
export function colorMatrix(rng: Rng, p: number): Matrix {
  let all = identity(4);
  const then = (next: () => Matrix): void => {
    if (rng.float() < p) all = product(next(), all);
  };
  /** `own` times what differs between the channels, `grey` times what they have in common. */
  const aboutGrey = (own: number, grey: number): Matrix =>
    identity(4).map((row, i) => row.map((value, k) => (i === 3 || k === 3 ? value : value * own + (grey - own) / 3)));
  then(() => {
    const brightness = normal(rng, 0.2);
    return identity(4).map((row, i) => row.map((value, k) => (k === 3 && i < 3 ? brightness : value)));
  });
  then(() => {
    const contrast = logNormal(rng, 0.5);
    return aboutGrey(contrast, contrast);
  });
  then(() => aboutGrey(1, rng.int(2) === 0 ? 1 : -1));
  then(() => hueRotation(angle(rng)));
  then(() => aboutGrey(logNormal(rng, 1), 1));
  return all;
}

/** A rotation about the axis of greys (Rodrigues' formula). */
function hueRotation(by: number): Matrix {
  const [cos, sin] = [Math.cos(by), Math.sin(by)];
  const [along, across] = [(1 - cos) / 3, sin / Math.sqrt(3)];
  return [
    [along + cos, along - across, along + across, 0],
    [along + across, along + cos, along - across, 0],
    [along - across, along + across, along + cos, 0],
    [0, 0, 0, 1],
  ];
}

/**
 * The rows of a matrix of three channels for images of so many, shift included: [channels, channels + 1]. Where there
 * are no three, each channel is as a grey image of three: it has brightness, contrast and luma flip.
 */
export function channelMap(matrix: Matrix, channels: number): number[] {
  if (channels === 3) return matrix.slice(0, 3).flat();
  const [red] = matrix as [readonly [number, number, number, number]];
  const factor = red[0] + red[1] + red[2]; // of grey: the same in each row
  return identity(channels).flatMap((row) => [...row.map((value) => (value === 0 ? 0 : factor)), red[3]]);
}

/** Factors of the bands, lowest first. An image keeps the power that it is expected to have. */
export function bandGains(rng: Rng, p: number): number[] {
  const power = [10 / 13, 1 / 13, 1 / 13, 1 / 13]; // of a spectrum 1 / frequency
  const gains = power.map(() => 1);
  for (let band = 0; band < power.length; band++) {
    if (rng.float() >= p) continue;
    const factor = logNormal(rng, 1);
    const norm = Math.sqrt(1 - power[band]! + power[band]! * factor ** 2);
    gains.forEach((gain, i) => void (gains[i] = (gain * (i === band ? factor : 1)) / norm));
  }
  return gains;
}

/** Noise of Normal(0, s) in all numbers of an image, where s is of a half normal distribution of 0.1. */
function withNoise(images: Tensor, draw: AugmentationDraw): Tensor {
  const shape = images.shape.slice(1);
  const count = shape.reduce((a, b) => a * b, 1);
  const none = new Float32Array(count);
  const noise = draw.perImage(shape, (rng, p) =>
    rng.float() < p ? rng.normal(count, 0, Math.abs(normal(rng, 0.1))) : none,
  );
  return tf.add(images, noise);
}

/** A box of half of each side, its middle anywhere, as `cutOut` takes it; one without pixels where none is cut out. */
export function cutoutBox(rng: Rng, p: number, height: number, width: number): number[] {
  if (rng.float() >= p) return [0, 0, 0, 0];
  /** The pixels whose middles lie inside. */
  const along = (side: number): [number, number] => {
    const middle = rng.float() * side - 0.5;
    return [Math.floor(middle - side / 4) + 1, Math.ceil(middle + side / 4)];
  };
  const [[top, bottom], [left, right]] = [along(height), along(width)];
  return [top, left, bottom, right];
}
