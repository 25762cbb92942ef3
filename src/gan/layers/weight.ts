/** The weight of a layer: a plain parameter, or one of fastai's two reparametrisations. */
import {noGrad} from '../../backends/fused/no-grad.js';
import {tf, type Tensor} from '../../backends/tf.js';
import {Buffer, Parameter, type Layout} from '../module.js';
import type {Rng} from '../rng.js';

export interface Weight {
  /** The state of the layer, in PyTorch's names. */
  entries: [string, Parameter | Buffer][];
  /** The weight to compute with. */
  value(training: boolean): Tensor;
}

/**
 * Shape [...kernel, a, b] as stored, and whether it is a transposed convolution's ([...kernel, out, in]) or not ([...,
 * in, out]).
 */
export interface WeightShape {
  shape: readonly number[];
  transposed: boolean;
  /** How it becomes PyTorch's; `filterLayout` unless given. */
  layout?: Layout;
}

/** [...kernel, a, b] is [b, a, ...kernel] in PyTorch, for both kinds of convolution. */
export function filterLayout(rank: number): Layout {
  return {permutation: [rank - 1, rank - 2, ...Array.from({length: rank - 2}, (_, axis) => axis)]};
}

/** A weight of the kind wanted. */
export function makeWeight(
  kind: 'spectral' | 'weight' | undefined,
  data: Float32Array,
  shape: WeightShape,
  rng: Rng,
): Weight {
  if (kind === 'spectral') return spectralWeight(data, shape, rng);
  return kind === 'weight' ? normWeight(data, shape) : plainWeight(data, shape);
}

/** The state of a layer with this weight and bias in PyTorch's order, in which a reparametrised weight comes last. */
export function ordered({entries}: Weight, bias: Parameter | undefined): Weight['entries'] {
  const own: Weight['entries'] = bias ? [['bias', bias]] : [];
  return entries[0]![0] === 'weight' ? [...entries, ...own] : [...own, ...entries];
}

function plainWeight(data: Float32Array, {shape, layout = filterLayout(shape.length)}: WeightShape): Weight {
  const weight = new Parameter(data, shape, layout);
  return {entries: [['weight', weight]], value: () => weight.variable};
}

/**
 * Spectral normalisation (arXiv 1802.05957), as torch.nn.utils.spectral_norm: the weight is divided by an estimate of
 * its largest singular value, improved by one power iteration at each forward pass in training. The gradient flows
 * through both the weight and the estimate; the singular vectors count as constants.
 */
function spectralWeight(
  data: Float32Array,
  {shape, transposed, layout = filterLayout(shape.length)}: WeightShape,
  rng: Rng,
): Weight {
  const rank = shape.length;
  const [a, b] = [shape[rank - 2]!, shape[rank - 1]!];
  const [inputs, outputs] = transposed ? [b, a] : [a, b];
  const kernel = shape.slice(0, -2);
  const columns = inputs * kernel.reduce((x, y) => x * y, 1);
  const original = new Parameter(data, shape, layout);
  const left = new Buffer(unit(rng.normal(outputs)), [outputs]);
  // stored in the order of [...kernel, in]; PyTorch's is [in, ...kernel]
  const right = new Buffer(unit(rng.normal(columns)), [...kernel, inputs], {
    permutation: [rank - 2, ...kernel.map((_, axis) => axis)],
    shape: [columns],
  });

  return {
    entries: [
      ['weight_orig', original],
      ['weight_u', left],
      ['weight_v', right],
    ],
    value(training) {
      const weight = original.variable;
      const inOut = transposed ? tf.transpose(weight, [...kernel.map((_, axis) => axis), rank - 1, rank - 2]) : weight;
      const matrix = tf.reshape(inOut, [columns, outputs]);
      if (training) {
        right.assign(
          noGrad(() =>
            tf.reshape(normalized(tf.matMul(matrix, tf.reshape(left.variable, [outputs, 1]))), [...kernel, inputs]),
          ),
        );
        left.assign(
          noGrad(() => tf.reshape(normalized(tf.matMul(tf.reshape(right.variable, [1, columns]), matrix)), [outputs])),
        );
      }
      const sigma = tf.sum(tf.mul(tf.matMul(tf.reshape(right.variable, [1, columns]), matrix), left.variable));
      return tf.div(weight, sigma);
    },
  };
}

/**
 * Weight normalisation (arXiv 1602.07868), as torch.nn.utils.weight_norm with dim 0: direction and length are
 * parameters of their own, one length for each slice along PyTorch's first axis, which is the last one here.
 */
function normWeight(data: Float32Array, {shape}: WeightShape): Weight {
  const last = shape.at(-1)!;
  const lengths = new Float32Array(last);
  data.forEach((value, i) => (lengths[i % last]! += value * value));
  const direction = new Parameter(data, shape, filterLayout(shape.length));
  const length = new Parameter(
    lengths.map(Math.sqrt),
    [...shape.slice(0, -1).map(() => 1), last],
    filterLayout(shape.length),
  );
  const axes = shape.slice(0, -1).map((_, axis) => axis);
  return {
    entries: [
      ['weight_g', length],
      ['weight_v', direction],
    ],
    value: () =>
      tf.mul(direction.variable, tf.div(length.variable, tf.sqrt(tf.sum(tf.square(direction.variable), axes, true)))),
  };
}

function normalized(x: Tensor): Tensor {
  return tf.div(x, tf.maximum(tf.sqrt(tf.sum(tf.square(x))), 1e-12)); // eps of torch's spectral_norm
}

function unit(values: Float32Array): Float32Array {
  const length = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  return values.map((value) => value / length);
}
