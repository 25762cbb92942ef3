/** How kernels of tfjs are written as operations of TensorFlow, which tfjs-converter turns into kernels again. */
import {
  axes,
  axis,
  number,
  numbers,
  padding,
  pair,
  pairs,
  sizes,
  Unsupported,
  type Padding,
} from '../graph/attributes.js';
import type {GraphNode, GraphSize} from '../../../plugin/index.js';
import {bool, float, int, list, text, type, type TfAttribute, type TfBuilder} from './builder.js';

/** Keyed by the kernel's name. Each function returns the names of the results. */
type Operations = Record<string, (b: TfBuilder, node: GraphNode) => string[]>;

/** Operations of the same inputs, without attributes, by TensorFlow's name. */
const plain: Record<string, string> = {
  Add: 'AddV2',
  Multiply: 'Mul',
  Select: 'SelectV2',
  ...Object.fromEntries(
    [
      'Abs',
      'Ceil',
      'Cos',
      'Elu',
      'Erf',
      'Exp',
      'Expm1',
      'Floor',
      'Identity',
      'Log',
      'Log1p',
      'Neg',
      'Reciprocal',
      'Relu',
      'Relu6',
      'Round',
      'Rsqrt',
      'Selu',
      'Sigmoid',
      'Sign',
      'Sin',
      'Softplus',
      'Sqrt',
      'Square',
      'Tanh',
      'ZerosLike',
      'AddN',
      'Greater',
      'GreaterEqual',
      'Less',
      'LessEqual',
      'Maximum',
      'Minimum',
      'Pow',
      'Prelu',
      'RealDiv',
      'SquaredDifference',
      'Sub',
      'Softmax',
    ].map((name) => [name, name]),
  ),
};

const inputsOf = (b: TfBuilder, {inputs}: GraphNode): string[] => Object.values(inputs).map((id) => b.name(id));
const rankOf = (b: TfBuilder, {inputs}: GraphNode): number => b.shape(Object.values(inputs)[0]!).length;

/** One result of the node's inputs and what else the operation wants after them. */
const one =
  (op: string, more: (b: TfBuilder, node: GraphNode) => {input?: string[]; attr?: Record<string, TfAttribute>}) =>
  (b: TfBuilder, node: GraphNode): string[] => {
    const {input = [], attr = {}} = more(b, node);
    return [b.node(op, [...inputsOf(b, node), ...input], attr)];
  };

const reduction = (op: string) =>
  one(op, (b, node) => ({
    input: [b.ints(axes(node.attrs['axis'] ?? node.attrs['reductionIndices'], rankOf(b, node)))],
    attr: {keep_dims: bool(node.attrs['keepDims'] === true)},
  }));

const strides = (value: GraphNode['attrs'][string]): TfAttribute => list([1, ...pair(value), 1]);
const sides = (b: TfBuilder, id: number): [number, number] => [number(b.shape(id)[1]), number(b.shape(id)[2])];
const explicit = ({rows, columns}: Padding): Record<string, TfAttribute> => ({
  padding: text('EXPLICIT'),
  explicit_paddings: list([0, 0, ...rows, ...columns, 0, 0]),
});

function window(b: TfBuilder, node: GraphNode, image: number, kernel: [number, number]): Record<string, TfAttribute> {
  return {
    strides: strides(node.attrs['strides']),
    data_format: text('NHWC'),
    ...explicit(padding(node, sides(b, image), kernel)),
  };
}

const conv = (op: string) =>
  one(op, (b, node) => {
    const rates = pair(node.attrs['dilations']);
    const [height, width] = b.shape(node.inputs['filter']!).map(Number);
    const kernel: [number, number] = [(height! - 1) * rates[0] + 1, (width! - 1) * rates[1] + 1];
    return {attr: {...window(b, node, node.inputs['x']!, kernel), dilations: list([1, ...rates, 1])}};
  });

function convTranspose(b: TfBuilder, node: GraphNode): string[] {
  const [dy, filter] = [b.name(node.inputs['dy']!), b.name(node.inputs['filter']!)];
  const result = node.outputs[0]!;
  const [height, width] = b.shape(node.inputs['filter']!).map(Number);
  const rest = b
    .shape(result)
    .slice(1)
    .map((size) => number(size));
  return [
    b.node('Conv2DBackpropInput', [b.withBatchOf(dy, rest), filter, dy], window(b, node, result, [height!, width!])),
  ];
}

/** TensorFlow pools without explicit padding. */
const pool = (op: string) =>
  one(op, (_, {attrs}) => {
    const pad = attrs['pad'];
    if (pad !== 'same' && pad !== 'valid' && pad !== 0) throw new Unsupported('pooling with explicit padding');
    return {
      attr: {
        ksize: list([1, ...pair(attrs['filterSize']), 1]),
        strides: strides(attrs['strides']),
        padding: text(pad === 'same' ? 'SAME' : 'VALID'),
        data_format: text('NHWC'),
      },
    };
  });

const resize = (op: string) =>
  one(op, (b, {attrs}) => ({
    input: [b.ints(numbers(attrs['size']))],
    attr: {
      align_corners: bool(attrs['alignCorners'] === true),
      half_pixel_centers: bool(attrs['halfPixelCenters'] === true),
    },
  }));

function slice(b: TfBuilder, node: GraphNode): string[] {
  const shape = b.shape(node.inputs['x']!);
  const begin = sizes(node.attrs['begin']).map((value) => number(value));
  const size = sizes(node.attrs['size']).map((value, i) =>
    begin[i] === 0 && isSize(value, shape[i]!) ? -1 : number(value),
  );
  const rest = shape.slice(begin.length);
  return [
    b.node('Slice', [
      b.name(node.inputs['x']!),
      b.ints([...begin, ...rest.map(() => 0)]),
      b.ints([...size, ...rest.map(() => -1)]),
    ]),
  ];
}

const isSize = (a: GraphSize, b: GraphSize): boolean => JSON.stringify(a) === JSON.stringify(b);
const parts = (name: string, {outputs}: GraphNode): string[] =>
  outputs.map((_, i) => (i === 0 ? name : `${name}:${i}`));

function batchNorm(b: TfBuilder, {inputs, attrs}: GraphNode): string[] {
  const channels = number(b.shape(inputs['x']!).at(-1));
  const each = (key: string, other: number): string =>
    inputs[key] === undefined
      ? b.constant({shape: [channels], dtype: 'float32', data: new Float32Array(channels).fill(other)})
      : b.name(inputs[key]);
  const input = [
    b.name(inputs['x']!),
    each('scale', 1),
    each('offset', 0),
    b.name(inputs['mean']!),
    b.name(inputs['variance']!),
  ];
  return [
    b.node('FusedBatchNormV3', input, {
      epsilon: float(number(attrs['varianceEpsilon'])),
      data_format: text('NHWC'),
      is_training: bool(false),
    }),
  ];
}

export const operations: Operations = {
  ...Object.fromEntries(
    Object.entries(plain).map(([kernel, op]) => [
      kernel,
      one(op, (_, {list: isList, inputs}) => (isList ? {attr: {N: int(Object.keys(inputs).length)}} : {})),
    ]),
  ),
  Cast: one('Cast', (b, {outputs}) => ({attr: {DstT: type(b.dtype(outputs[0]!))}})),
  LeakyRelu: one('LeakyRelu', (_, {attrs}) => ({attr: {alpha: float(number(attrs['alpha']))}})),
  ClipByValue: one('ClipByValue', (b, {attrs}) => ({
    input: [b.scalar(number(attrs['clipValueMin'])), b.scalar(number(attrs['clipValueMax']))],
  })),
  BatchMatMul: one('BatchMatMulV2', (_, {attrs}) => ({
    attr: {adj_x: bool(attrs['transposeA'] === true), adj_y: bool(attrs['transposeB'] === true)},
  })),
  Sum: reduction('Sum'),
  Mean: reduction('Mean'),
  Max: reduction('Max'),
  Min: reduction('Min'),
  Prod: reduction('Prod'),
  Conv2D: conv('Conv2D'),
  Conv2DBackpropInput: convTranspose,
  DepthwiseConv2dNative: conv('DepthwiseConv2dNative'),
  AvgPool: pool('AvgPool'),
  MaxPool: pool('MaxPool'),
  ResizeBilinear: resize('ResizeBilinear'),
  ResizeNearestNeighbor: resize('ResizeNearestNeighbor'),
  FusedBatchNorm: batchNorm,
  Reshape: one('Reshape', (b, {outputs}) => ({input: [b.target(b.shape(outputs[0]!))]})),
  ExpandDims: one('Reshape', (b, {outputs}) => ({input: [b.target(b.shape(outputs[0]!))]})),
  Transpose: one('Transpose', (b, {attrs}) => ({input: [b.ints(numbers(attrs['perm']))]})),
  Slice: slice,
  Concat: one('ConcatV2', (b, node) => ({
    input: [b.ints(axis(node.attrs['axis'], rankOf(b, node)))],
    attr: {N: int(Object.keys(node.inputs).length)},
  })),
  SplitV: (b, node) => {
    const along = axis(node.attrs['axis'], rankOf(b, node));
    const lengths = node.outputs.map((id) => number(b.shape(id)[along]));
    return parts(
      b.node('SplitV', [...inputsOf(b, node), b.ints(lengths), b.ints(along)], {num_split: int(lengths.length)}),
      node,
    );
  },
  Pack: one('Pack', (b, node) => ({
    attr: {axis: int(axis(node.attrs['axis'], rankOf(b, node) + 1)), N: int(Object.keys(node.inputs).length)},
  })),
  Unpack: (b, node) =>
    parts(
      b.node('Unpack', inputsOf(b, node), {
        axis: int(axis(node.attrs['axis'], rankOf(b, node))),
        num: int(node.outputs.length),
      }),
      node,
    ),
  Tile: one('Tile', (b, {attrs}) => ({input: [b.ints(numbers(attrs['reps']))]})),
  Reverse: one('ReverseV2', (b, node) => ({input: [b.ints(axes(node.attrs['dims'], rankOf(b, node)))]})),
  PadV2: one('PadV2', (b, {attrs}) => ({
    input: [b.intPairs(pairs(attrs['paddings'])), b.scalar(number(attrs['constantValue'] ?? 0))],
  })),
  MirrorPad: one('MirrorPad', (b, {attrs}) => ({
    input: [b.intPairs(pairs(attrs['paddings']))],
    attr: {mode: text(attrs['mode'] === 'reflect' ? 'REFLECT' : 'SYMMETRIC')},
  })),
  DepthToSpace: one('DepthToSpace', (_, {attrs}) => {
    if (attrs['dataFormat'] !== 'NHWC') throw new Unsupported('images with the channels first');
    return {attr: {block_size: int(number(attrs['blockSize'])), data_format: text('NHWC')}};
  }),
};
