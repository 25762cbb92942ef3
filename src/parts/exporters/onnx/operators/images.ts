import {number, numbers, padding, pair, Unsupported, type Padding} from '../../graph/attributes.js';
import type {GraphId, GraphNode} from '../../../../plugin/index.js';
import {channelsFirst} from '../../graph/layouts.js';
import type {OnnxBuilder, Operators} from '../builder.js';
import type {OnnxAttribute} from '../model.js';

const image = channelsFirst(4);
/**
 * [height, width, in, out] as PyTorch has it: [out, in, height, width], or [in, out, ...] of a transposed convolution,
 * whose stored axes are [..., out, in].
 */
const filterFirst = [3, 2, 0, 1];

const sides = (b: OnnxBuilder, id: GraphId): [number, number] => [number(b.shape(id)[1]), number(b.shape(id)[2])];
/** begin of rows, begin of columns, end of rows, end of columns */
const pads = ({rows, columns}: Padding): number[] => [rows[0], columns[0], rows[1], columns[1]];
const dilated = (kernel: readonly number[], rates: readonly number[]): [number, number] =>
  [0, 1].map((i) => (kernel[i]! - 1) * rates[i]! + 1) as [number, number];

function conv(b: OnnxBuilder, node: GraphNode): void {
  const {x, filter} = node.inputs;
  const kernel = b.shape(filter!).slice(0, 2).map(Number);
  const rates = pair(node.attrs['dilations']);
  const around = padding(node, sides(b, x!), dilated(kernel, rates));
  const attrs = {kernel_shape: kernel, strides: pair(node.attrs['strides']), dilations: rates, pads: pads(around)};
  b.place(node.outputs[0]!, b.op('Conv', [b.in(x!, image), b.in(filter!, filterFirst)], attrs), image);
}

/** Strides, dilations and padding above and left are given; what lies below and right follows from the sizes. */
function grouped({attrs}: GraphNode): {
  attrs: {group: number; kernel_shape: number[]; strides: number[]; dilations: number[]};
  begins: number[];
  ends: number[];
} {
  const [kernel, strides, rates] = [pair(attrs['kernelSize']), pair(attrs['stride']), pair(attrs['dilation'])];
  const [begins, inSize, outSize] = [pair(attrs['padding']), pair(attrs['inSize']), pair(attrs['outSize'])];
  const reach = dilated(kernel, rates);
  return {
    attrs: {group: number(attrs['groups']), kernel_shape: kernel, strides, dilations: rates},
    begins,
    ends: outSize.map((size, i) => (size - 1) * strides[i]! + reach[i]! - begins[i]! - inSize[i]!),
  };
}

function groupedConv(b: OnnxBuilder, node: GraphNode): void {
  const {x, filter} = node.inputs;
  const {attrs, begins, ends} = grouped(node);
  const around = [...begins, ...ends.map((end) => Math.max(end, 0))];
  const y = b.op('Conv', [b.in(x!, image), b.in(filter!, filterFirst)], {...attrs, pads: around});
  b.place(node.outputs[0]!, y, image);
}

function groupedConvTranspose(b: OnnxBuilder, node: GraphNode): void {
  const {dy, filter} = node.inputs;
  const {attrs, begins, ends} = grouped(node);
  transposed(b, node, [b.in(dy!, image), b.in(filter!, filterFirst)], attrs, begins, ends);
}

/** A filter [height, width, in, multiplier] for each channel is a convolution in as many groups. */
function depthwise(b: OnnxBuilder, node: GraphNode): void {
  const {x, filter} = node.inputs;
  const [height, width, channels, multiplier] = b.shape(filter!).map(Number) as [number, number, number, number];
  const rates = pair(node.attrs['dilations']);
  const around = padding(node, sides(b, x!), dilated([height, width], rates));
  const weights = b.op('Reshape', [b.in(filter!, [2, 3, 0, 1]), b.int64([channels * multiplier, 1, height, width])]);
  const attrs = {
    group: channels,
    kernel_shape: [height, width],
    strides: pair(node.attrs['strides']),
    dilations: rates,
    pads: pads(around),
  };
  b.place(node.outputs[0]!, b.op('Conv', [b.in(x!, image), weights], attrs), image);
}

/**
 * The result may be larger than what the input reaches by its stride (PyTorch's output padding): then less is cut off
 * at the end, and what is still missing are zeros.
 */
function convTranspose(b: OnnxBuilder, node: GraphNode): void {
  const {dy, filter} = node.inputs;
  const result = sides(b, node.outputs[0]!);
  const kernel = b.shape(filter!).slice(0, 2).map(Number);
  const strides = pair(node.attrs['strides']);
  const around = padding(node, result, [kernel[0]!, kernel[1]!]);
  const begins = [around.rows[0], around.columns[0]];
  const ends = result.map((size, i) => (sides(b, dy!)[i]! - 1) * strides[i]! + kernel[i]! - begins[i]! - size);
  transposed(b, node, [b.in(dy!, image), b.in(filter!, filterFirst)], {kernel_shape: kernel, strides}, begins, ends);
}

/** @param ends what is cut off at the end of rows and columns, or how many zeros are missing there, as less than 0 */
function transposed(
  b: OnnxBuilder,
  node: GraphNode,
  inputs: string[],
  attrs: Record<string, OnnxAttribute>,
  begins: readonly number[],
  ends: readonly number[],
): void {
  const pads = [...begins, ...ends.map((end) => Math.max(end, 0))];
  let y = b.op('ConvTranspose', inputs, {...attrs, pads});
  if (ends.some((end) => end < 0))
    y = b.op('Pad', [y, b.int64([0, 0, 0, 0, 0, 0, ...ends.map((end) => Math.max(-end, 0))])], {mode: 'constant'});
  b.place(node.outputs[0]!, y, image);
}

const pool =
  (op: 'AveragePool' | 'MaxPool') =>
  (b: OnnxBuilder, node: GraphNode): void => {
    const x = node.inputs['x']!;
    const kernel = pair(node.attrs['filterSize']);
    const attrs = {
      kernel_shape: kernel,
      strides: pair(node.attrs['strides']),
      pads: pads(padding(node, sides(b, x), kernel)),
    };
    b.place(node.outputs[0]!, b.op(op, [b.in(x, image)], attrs), image);
  };

const resize =
  (mode: 'linear' | 'nearest') =>
  (b: OnnxBuilder, {inputs, attrs, outputs}: GraphNode): void => {
    const x = inputs['images']!;
    const [height, width] = numbers(attrs['size']);
    if (mode === 'nearest' && attrs['alignCorners'] === true)
      throw new Unsupported('alignCorners of the nearest neighbour');
    const scales = [height! / sides(b, x)[0], width! / sides(b, x)[1]];
    const coordinates =
      attrs['alignCorners'] === true
        ? 'align_corners'
        : attrs['halfPixelCenters'] === true
          ? 'half_pixel'
          : 'asymmetric';
    const scale = b.tensor([1, 1, ...scales]);
    b.place(
      outputs[0]!,
      b.op('Resize', [b.in(x, image), '', scale], {
        mode,
        coordinate_transformation_mode: coordinates,
        ...(mode === 'nearest' && {nearest_mode: 'floor'}),
      }),
      image,
    );
  };

/** Operations of this library that are operators of ONNX; others are written as the kernels that they are made of. */
export const own: Operators = {
  GroupedConv2D: groupedConv,
  GroupedConv2DBackpropInput: groupedConvTranspose,
  PixelShuffle: (b, {inputs, attrs, outputs}) => {
    const settings = {blocksize: number(attrs['factor']), mode: 'CRD'};
    b.place(outputs[0]!, b.op('DepthToSpace', [b.in(inputs['x']!, image)], settings), image);
  },
};

export const images: Operators = {
  Conv2D: conv,
  Conv2DBackpropInput: convTranspose,
  DepthwiseConv2dNative: depthwise,
  AvgPool: pool('AveragePool'),
  MaxPool: pool('MaxPool'),
  ResizeBilinear: resize('linear'),
  ResizeNearestNeighbor: resize('nearest'),
  /** (x - mean) / sqrt(variance + epsilon) * scale + offset; scale and offset may be left out. */
  FusedBatchNorm: (b, {inputs, attrs, outputs}) => {
    const x = inputs['x']!;
    const layout = b.any(x).layout;
    const operand = (key: string): string | undefined =>
      inputs[key] === undefined ? undefined : b.broadcast(inputs[key], layout);
    const deviation = b.op('Sqrt', [b.op('Add', [operand('variance')!, b.scalar(number(attrs['varianceEpsilon']))])]);
    let y = b.op('Div', [b.op('Sub', [b.any(x).name, operand('mean')!]), deviation]);
    if (inputs['scale'] !== undefined) y = b.op('Mul', [y, operand('scale')!]);
    if (inputs['offset'] !== undefined) y = b.op('Add', [y, operand('offset')!]);
    b.place(outputs[0]!, y, layout);
  },
};
