/** Operations that change images on their way into a critic: they need second derivatives, for penalties. */
import {affineSample, type Outside} from '../../../backends/fused/affine-sample.js';
import {colorMap} from '../../../backends/fused/color-map.js';
import {cutOut} from '../../../backends/fused/cut-out.js';
import {tf, type Tensor} from '../../../backends/tf.js';
import type {OperationCase} from '../operation.js';
import {at, build, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

interface Seen {
  title: string;
  shape: readonly [n: number, height: number, width: number, channels: number];
  /** a, b, c, d, e, f for each image: x = a j + b i + c, y = d j + e i + f. */
  maps: readonly (readonly number[])[];
  outside: Outside;
  size: readonly [height: number, width: number];
}

/** Numbers that float32 has exactly, away from whole places, where the second derivatives would still be right. */
const turned = [0.75, -0.5, 1.25, 0.5, 0.75, -0.625];
const shrunk = [2.25, 0.125, -5.5, -0.25, 1.75, -3.25];

const seen: Seen[] = [
  {
    title: 'affine sampling, reflecting',
    shape: [2, 4, 5, 2],
    maps: [turned, shrunk],
    outside: 'reflect',
    size: [3, 6],
  },
  {title: 'affine sampling, zero outside', shape: [2, 4, 5, 3], maps: [turned, shrunk], outside: 'zero', size: [4, 5]},
  {
    title: 'affine sampling, whole pixels, reflecting',
    shape: [2, 3, 4, 3],
    maps: [
      [1, 0, -2, 0, 1, 1],
      [-1, 0, 3, 0, 1, -5],
    ],
    outside: 'reflect',
    size: [3, 5],
  },
  {
    title: 'affine sampling, whole pixels, zero outside',
    shape: [3, 3, 4, 1],
    maps: [
      [1, 0, -2, 0, 1, 1],
      [1, 0, 9, 0, 1, 0],
      [0, 1, 0, 1, 0, 0],
    ],
    outside: 'zero',
    size: [3, 4],
  },
];

const seenCase = ({title, shape, maps, outside, size}: Seen): OperationCase => {
  const [, height, width, channels] = shape;
  /** The place on an axis, reflected into it; undefined where there is nothing. */
  const place = (k: number, side: number): number | undefined => {
    if (k >= 0 && k < side) return k;
    if (outside === 'zero') return undefined;
    return place(k < 0 ? -k : 2 * (side - 1) - k, side);
  };
  return {
    title,
    inputs: [{shape}],
    tolerance: tolerances.rounded,
    compute: (x: Tensor) => affineSample(x, tf.tensor(maps.flat(), [maps.length, 6]), {outside, size}),
    plain: (x: Plain) =>
      build([shape[0], ...size, channels], ([n, i, j, c]) => {
        const [mapA, mapB, mapC, mapD, mapE, mapF] = maps[n!] as [number, number, number, number, number, number];
        const [column, row] = [mapA * j! + mapB * i! + mapC, mapD * j! + mapE * i! + mapF];
        let sum = 0;
        for (const y of [Math.floor(row), Math.floor(row) + 1])
          for (const k of [Math.floor(column), Math.floor(column) + 1]) {
            const [placeY, placeX] = [place(y, height), place(k, width)];
            if (placeY === undefined || placeX === undefined) continue;
            sum += (1 - Math.abs(row - y)) * (1 - Math.abs(column - k)) * at(x, [n!, placeY, placeX, c!]);
          }
        return sum;
      }),
  };
};

const colored = (channels: number): OperationCase => {
  const shape = [2, 3, 2, channels];
  const matrices = Array.from({length: 2 * channels * channels}, (_, i) => ((i * 7) % 11) / 8 - 0.5);
  const shifts = Array.from({length: 2 * channels}, (_, i) => i / 4 - 0.75);
  const means = [0.75, -0.5];
  return {
    title: `map of ${channels} channels`,
    inputs: [{shape}],
    tolerance: tolerances.rounded,
    compute: (x: Tensor) =>
      colorMap(x, {
        matrices: tf.tensor(matrices, [2, channels, channels]),
        shifts: tf.tensor(shifts, [2, channels]),
        means: tf.tensor(means, [2, 1]),
      }),
    plain: (x: Plain) => {
      const size = 6 * channels;
      const meanOf = (n: number): number =>
        x.data.slice(n * size, (n + 1) * size).reduce((sum, value) => sum + value, 0) / size;
      return build(shape, ([n, i, j, k]) => {
        let sum = shifts[n! * channels + k!]! + means[n!]! * meanOf(n!);
        for (let l = 0; l < channels; l++)
          sum += at(x, [n!, i!, j!, l]) * matrices[(n! * channels + l) * channels + k!]!;
        return sum;
      });
    },
  };
};

/** Inside, partly outside, outside. */
const boxes = [
  [1, 2, 3, 4],
  [-2, 3, 1, 9],
  [8, 10, 10, 12],
] as const;

const cut: OperationCase = {
  title: 'boxes cut out',
  inputs: [{shape: [3, 4, 5, 2]}],
  tolerance: tolerances.moved,
  compute: (x: Tensor) => cutOut(x, tf.tensor(boxes.flat(), [3, 4])),
  plain: (x: Plain) =>
    build(x.shape, (index) => {
      const [n, i, j] = index as [number, number, number, number];
      const [top, left, bottom, right] = boxes[n]!;
      return i >= top && i < bottom && j >= left && j < right ? 0 : at(x, index);
    }),
};

export const augmenting: OperationCase[] = [...seen.map(seenCase), colored(3), colored(2), cut];
