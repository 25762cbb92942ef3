import {conv, convTranspose} from '../../../backends/fused/conv.js';
import {tf} from '../../../backends/tf.js';
import type {OperationCase} from '../operation.js';
import {convPlan, convTransposePlan, multiply, type ConvGeometry, type Plan} from '../plain-conv.js';
import {at, build, type Plain} from '../plain.js';
import {tolerances} from '../tolerance.js';

const {sum} = tolerances;

interface MatMul {
  m: number;
  k: number;
  n: number;
  transposeA?: boolean;
  transposeB?: boolean;
  batch?: number[];
}

function matMul({m, k, n, transposeA = false, transposeB = false, batch = []}: MatMul): OperationCase {
  const shapeA = [...batch, ...(transposeA ? [k, m] : [m, k])];
  const shapeB = [...batch, ...(transposeB ? [n, k] : [k, n])];
  const plain = (a: Plain, b: Plain): Plain =>
    build([...batch, m, n], (index) => {
      const [outer, i, j] = [index.slice(0, -2), index.at(-2)!, index.at(-1)!];
      let result = 0;
      for (let p = 0; p < k; p++)
        result +=
          at(a, [...outer, ...(transposeA ? [p, i] : [i, p])]) * at(b, [...outer, ...(transposeB ? [j, p] : [p, j])]);
      return result;
    });
  const title = `matMul ${[...batch, ''].join(' x ')}${m}x${k}${transposeA ? ' (transposed)' : ''} . ${k}x${n}${transposeB ? ' (transposed)' : ''}`;
  const large = m * k * n > 1000;
  return {
    title,
    inputs: [{shape: shapeA}, {shape: shapeB}],
    compute: (a, b) => tf.matMul(a, b, transposeA, transposeB),
    plain,
    tolerance: sum,
    ...(large && {orders: 1 as const, directions: 3}),
  };
}

interface ConvCase extends Partial<Omit<ConvGeometry, 'groups'>> {
  title: string;
  x: number[];
  filter: number[];
  groups?: number;
  /** Too large to go through every element. */
  large?: boolean;
}

/** In groups: differentiates twice by every input, as the filter's gradient has a derivative there. */
const grouped = (given: ConvCase): OperationCase => ({...convolution(given), penalised: [0, 1]});

/** A convolution, or a transposed one if it says what to add to its result's side. */
function convolution({title, x, filter, groups = 1, large = false, ...given}: ConvCase): OperationCase {
  const dims = x.length - 2;
  const each = (values: readonly number[] | undefined, preset: number): readonly number[] =>
    values ?? new Array<number>(dims).fill(preset);
  const geometry = {
    stride: each(given.stride, 1),
    padding: each(given.padding, 0),
    dilation: each(given.dilation, 1),
    groups,
  };
  let plan: Plan | undefined;
  // tfjs has no gradient of a filter's gradient; penalties are on the gradients of images
  const shared = {
    inputs: [{shape: x}, {shape: filter}],
    tolerance: sum,
    penalised: [0],
    ...(large && {orders: 1 as const, directions: 3}),
  };
  if (!given.outputPadding) {
    const plain = (a: Plain, b: Plain): Plain => multiply((plan ??= convPlan(x, filter, geometry)), a, b);
    return {...shared, title: `convolution ${title}`, compute: (a, b) => conv(a, b, geometry), plain};
  }
  const transposed = {...geometry, outputPadding: given.outputPadding};
  const plain = (a: Plain, b: Plain): Plain => multiply((plan ??= convTransposePlan(x, filter, transposed)), a, b);
  return {
    ...shared,
    title: `transposed convolution ${title}`,
    compute: (a, b) => convTranspose(a, b, transposed),
    plain,
  };
}

export const products: OperationCase[] = [
  matMul({m: 3, k: 4, n: 5}),
  matMul({m: 3, k: 4, n: 5, transposeA: true}),
  matMul({m: 3, k: 4, n: 5, transposeB: true}),
  matMul({m: 3, k: 4, n: 5, transposeA: true, transposeB: true}),
  matMul({m: 2, k: 3, n: 4, batch: [3], transposeB: true}),
  matMul({m: 1, k: 7, n: 1}),
  matMul({m: 33, k: 65, n: 17}),
  matMul({m: 17, k: 65, n: 33, transposeA: true, transposeB: true}),

  convolution({title: '1-D 3/2, padding 1', x: [2, 7, 2], filter: [3, 2, 3], stride: [2], padding: [1]}),
  convolution({title: '1-D 1x1', x: [2, 6, 4], filter: [1, 4, 3]}),
  convolution({title: '2-D 3x3, padding 1', x: [2, 5, 4, 2], filter: [3, 3, 2, 3], padding: [1, 1]}),
  convolution({title: '2-D 4x4/2, padding 1', x: [2, 8, 6, 2], filter: [4, 4, 2, 3], stride: [2, 2], padding: [1, 1]}),
  convolution({title: '2-D 3x3/2, a row that is left over', x: [1, 6, 6, 1], filter: [3, 3, 1, 2], stride: [2, 2]}),
  convolution({title: '2-D 4x4 to one place', x: [2, 4, 4, 3], filter: [4, 4, 3, 1]}),
  convolution({
    title: '2-D 3x2 with strides 1 and 2',
    x: [1, 5, 6, 2],
    filter: [3, 2, 2, 2],
    stride: [1, 2],
    padding: [1, 0],
  }),
  convolution({title: '2-D dilated by 2', x: [1, 7, 7, 2], filter: [3, 3, 2, 2], padding: [2, 2], dilation: [2, 2]}),
  grouped({title: '2-D in two groups', x: [1, 5, 5, 4], filter: [3, 3, 2, 4], padding: [1, 1], groups: 2}),
  grouped({
    title: '2-D/2 in two groups, odd sizes',
    x: [1, 5, 6, 6],
    filter: [3, 2, 3, 2],
    stride: [2, 1],
    padding: [1, 0],
    groups: 2,
  }),
  grouped({
    title: '2-D/2 in three groups, dilated',
    x: [1, 7, 6, 3],
    filter: [2, 3, 1, 6],
    stride: [2, 2],
    padding: [1, 2],
    dilation: [2, 2],
    groups: 3,
  }),
  grouped({
    title: '2-D, a group for each channel',
    x: [1, 4, 4, 3],
    filter: [3, 3, 1, 3],
    padding: [1, 1],
    groups: 3,
  }),
  grouped({
    title: '2-D/2, a group for each channel, 4x4',
    x: [1, 5, 6, 5],
    filter: [4, 4, 1, 5],
    stride: [2, 2],
    padding: [1, 1],
    groups: 5,
  }),
  grouped({
    title: '2-D, two filters for each channel',
    x: [1, 3, 4, 2],
    filter: [3, 3, 1, 4],
    padding: [1, 1],
    groups: 2,
  }),
  ...[8, 16, 32].map((width) =>
    convolution({
      title: `2-D in groups of ${width}`,
      x: [2, 9, 7, 3 * width],
      filter: [3, 3, width, 3 * width],
      padding: [1, 1],
      groups: 3,
      large: true,
    }),
  ),
  convolution({
    title: '2-D in groups of 5 and 7',
    x: [2, 9, 7, 15],
    filter: [3, 3, 5, 21],
    stride: [2, 2],
    padding: [1, 1],
    groups: 3,
    large: true,
  }),
  ...[3, 4].map((side) =>
    convolution({
      title: `2-D, a group for each channel of many, ${side}x${side}`,
      x: [2, 13, 11, 22],
      filter: [side, side, 1, 22],
      padding: [1, 1],
      groups: 22,
      large: true,
    }),
  ),
  convolution({
    title: '3-D in two groups',
    x: [1, 3, 3, 2, 4],
    filter: [2, 2, 2, 2, 4],
    padding: [1, 0, 1],
    groups: 2,
  }),
  convolution({title: '2-D 1x1', x: [2, 3, 3, 4], filter: [1, 1, 4, 2]}),
  convolution({
    title: '3-D 3x3x3/2, padding 1',
    x: [1, 4, 4, 4, 2],
    filter: [3, 3, 3, 2, 2],
    stride: [2, 2, 2],
    padding: [1, 1, 1],
  }),
  convolution({
    title: "2-D 4x4/2 of a critic's middle",
    x: [3, 16, 16, 19],
    filter: [4, 4, 19, 33],
    stride: [2, 2],
    padding: [1, 1],
    large: true,
  }),

  convolution({
    title: '1-D 4/2, padding 1',
    x: [2, 4, 3],
    filter: [4, 2, 3],
    stride: [2],
    padding: [1],
    outputPadding: [0],
  }),
  convolution({title: '2-D 4x4 from one place', x: [2, 1, 1, 5], filter: [4, 4, 3, 5], outputPadding: [0, 0]}),
  convolution({
    title: '2-D 4x4/2, padding 1',
    x: [2, 3, 4, 3],
    filter: [4, 4, 2, 3],
    stride: [2, 2],
    padding: [1, 1],
    outputPadding: [0, 0],
  }),
  convolution({
    title: '2-D 3x3/2 with a row added',
    x: [1, 3, 3, 2],
    filter: [3, 3, 2, 2],
    stride: [2, 2],
    padding: [1, 1],
    outputPadding: [1, 1],
  }),
  convolution({
    title: '2-D dilated by 2',
    x: [1, 4, 4, 2],
    filter: [3, 3, 2, 2],
    padding: [1, 1],
    dilation: [2, 2],
    outputPadding: [0, 0],
  }),
  grouped({
    title: '2-D in two groups',
    x: [1, 3, 3, 4],
    filter: [3, 3, 2, 4],
    stride: [2, 2],
    padding: [1, 1],
    groups: 2,
    outputPadding: [1, 1],
  }),
  grouped({
    title: '2-D dilated by 3 in two groups, two rows added',
    x: [1, 2, 3, 4],
    filter: [2, 2, 1, 4],
    stride: [2, 2],
    padding: [0, 1],
    dilation: [3, 3],
    groups: 2,
    outputPadding: [2, 2],
  }),
  convolution({
    title: '3-D 4x4x4/2, padding 1',
    x: [1, 2, 2, 2, 2],
    filter: [4, 4, 4, 2, 2],
    stride: [2, 2, 2],
    padding: [1, 1, 1],
    outputPadding: [0, 0, 0],
  }),
  convolution({
    title: "2-D 4x4/2 of a generator's middle",
    x: [3, 8, 8, 33],
    filter: [4, 4, 19, 33],
    stride: [2, 2],
    padding: [1, 1],
    outputPadding: [0, 0],
    large: true,
  }),
];
