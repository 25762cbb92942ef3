import {tf} from '../../../backends/tf.js';
import type {OperationCase} from '../operation.js';
import {at, build, map, meanOver, reshape, sumOver, zip, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

const image = {shape: [3, 4, 5, 6]};
const {sum, curve} = tolerances;

function reduction(title: string, axes: number[], keepDims: boolean): OperationCase[] {
  const shape = image.shape.flatMap((n, axis) => (axes.includes(axis) ? (keepDims ? [1] : []) : [n]));
  return [
    {
      title: `sum over ${title}`,
      inputs: [image],
      compute: (x) => tf.sum(x, axes, keepDims),
      plain: (x) => reshape(sumOver(x, axes), shape),
      tolerance: sum,
    },
    {
      title: `mean over ${title}`,
      inputs: [image],
      compute: (x) => tf.mean(x, axes, keepDims),
      plain: (x) => reshape(meanOver(x, axes), shape),
      tolerance: sum,
    },
  ];
}

/** exp(x) over its sum along the last axis. */
function softmax(x: Plain): Plain {
  const rows = map(x, Math.exp);
  return zip((value, all) => value / all, rows, sumOver(rows, [x.shape.length - 1]));
}

export const reductions: OperationCase[] = [
  ...reduction('everything', [0, 1, 2, 3], false),
  ...reduction('all but the channels', [0, 1, 2], false),
  ...reduction('the space, axes kept', [1, 2], true),
  ...reduction('the last axis', [3], false),
  ...reduction('the batch', [0], true),
  {
    title: 'sum of 20 000 numbers',
    inputs: [{shape: [20_000], low: 0, high: 1}],
    compute: (x) => tf.mean(x),
    plain: (x) => reshape(meanOver(x, [0]), []),
    tolerance: sum,
    orders: 1,
    directions: 2,
  },
  {
    title: 'softmax',
    inputs: [{shape: [4, 3, 7], low: -3, high: 3}],
    compute: (x) => tf.softmax(x, -1),
    plain: softmax,
    tolerance: curve,
  },
  {
    title: 'softmax of one',
    inputs: [{shape: [4, 1]}],
    compute: (x) => tf.softmax(x, -1),
    plain: (x) => build(x.shape, () => 1),
    tolerance: curve,
    orders: 0,
  },
  {
    title: 'standard deviation along the batch',
    inputs: [{shape: [6, 4]}],
    tolerance: tolerances.norm,
    compute: (x) => tf.sqrt(tf.add(tf.mean(tf.square(tf.sub(x, tf.mean(x, 0))), 0), 1e-8)),
    plain: (x) => {
      const mean = meanOver(x, [0]);
      const variance = meanOver(
        zip((value, centre) => (value - centre) ** 2, x, mean),
        [0],
      );
      return build([x.shape[1]!], ([c]) => Math.sqrt(at(variance, [0, c!]) + 1e-8));
    },
  },
];
