/**
 * Convolutions with PyTorch's arguments in one to three dimensions, composed of tfjs's 2-D ones, so that a backend with
 * good kernels for conv2d has good ones for all of them, gradients of every order included.
 */
import {tf, type Tensor, type Tensor4D} from '../tf.js';
import {groupedConv, groupedConvTranspose, type GroupedConvAttrs} from './grouped-conv.js';
import {spread} from './spread.js';

export interface ConvArgs {
  /** One number for each spatial dimension. */
  stride: readonly number[];
  padding: readonly number[];
  dilation: readonly number[];
  groups: number;
}

export interface ConvTransposeArgs extends ConvArgs {
  /** Added to one side of the result. */
  outputPadding: readonly number[];
}

/**
 * Convolution with zero padding (torch.nn.functional.conv1d, conv2d, conv3d).
 * @param x [batch, ...spatial, in]
 * @param filter [...kernel, in / groups, out]
 * @returns [batch, ...spatial', out], spatial' = floor((spatial + 2 padding - dilation (kernel - 1) - 1) / stride) + 1
 */
export function conv(x: Tensor, filter: Tensor, args: ConvArgs): Tensor {
  if (x.rank === 3) return onRow(x, filter, (wide, weights) => conv(wide, weights, widen(args)));
  if (x.rank === 4 && args.groups > 1) return groupedConv(x, filter, groupedArgs(x, filter, args));
  const weights = dilate(filter, args.dilation);
  if (x.rank === 5) return conv3d(x, weights, args);
  return tf.conv2d(x as Tensor4D, weights as Tensor4D, pair(args.stride), explicit(args.padding));
}

/**
 * Transposed convolution (torch.nn.functional.conv_transpose1d, 2d, 3d): the gradient of `conv` with respect to its
 * input.
 * @param x [batch, ...spatial, in]
 * @param filter [...kernel, out / groups, in]
 * @returns [batch, ...spatial', out], spatial' = (spatial - 1) stride - 2 padding + dilation (kernel - 1) +
 * outputPadding + 1
 */
export function convTranspose(x: Tensor, filter: Tensor, args: ConvTransposeArgs): Tensor {
  if (x.rank === 3)
    return onRow(x, filter, (wide, weights) =>
      convTranspose(wide, weights, {...widen(args), outputPadding: [0, ...args.outputPadding]}),
    );
  if (x.rank === 4 && args.groups > 1) return groupedConvTranspose(x, filter, groupedTransposeArgs(x, filter, args));
  const weights = dilate(filter, args.dilation);
  if (x.rank === 5) return convTranspose3d(x, weights, args);
  const sides = [0, 1].map((i) => transposedSide(x.shape[i + 1]!, weights.shape[i]!, i, args));
  const shape: [number, number, number, number] = [x.shape[0], sides[0]!.size, sides[1]!.size, weights.shape[2]!];
  const ends = sides.map(({end}) => end);
  const y = tf.conv2dTranspose(
    x as Tensor4D,
    weights as Tensor4D,
    shape,
    pair(args.stride),
    explicit(args.padding, ends),
  );
  return sides.some(({zeros}) => zeros > 0)
    ? tf.pad(y, [
        [0, 0],
        [0, sides[0]!.zeros],
        [0, sides[1]!.zeros],
        [0, 0],
      ])
    : y;
}

/**
 * A side of what tfjs computes of a transposed convolution's result, how much is cut off at its end, and how many zeros
 * follow. An output padding as large as the stride (a dilation allows it) is more than tfjs's kernels take: they would
 * read past the input. There, as much less is cut off, and what the input does not reach is zero.
 */
function transposedSide(
  size: number,
  kernel: number,
  i: number,
  args: ConvTransposeArgs,
): {size: number; end: number; zeros: number} {
  const whole = transposedSize(size, kernel, i, args);
  const [padding, extra] = [args.padding[i]!, args.outputPadding[i]!];
  if (extra < args.stride[i]!) return {size: whole, end: padding, zeros: 0};
  const zeros = Math.max(extra - padding, 0);
  return {size: whole - zeros, end: Math.max(padding - extra, 0), zeros};
}

/** Side of a transposed convolution's result; `kernel` is the dilated one. */
function transposedSize(size: number, kernel: number, i: number, args: ConvTransposeArgs): number {
  return (size - 1) * args.stride[i]! - 2 * args.padding[i]! + kernel + args.outputPadding[i]!;
}

/** One dimension is two with a height of 1. */
function onRow(x: Tensor, filter: Tensor, run: (x: Tensor, filter: Tensor) => Tensor): Tensor {
  return tf.squeeze(run(tf.expandDims(x, 1), tf.expandDims(filter, 0)), [1]);
}

function widen(args: ConvArgs): ConvArgs {
  return {
    stride: [1, ...args.stride],
    padding: [0, ...args.padding],
    dilation: [1, ...args.dilation],
    groups: args.groups,
  };
}

function groupedArgs(x: Tensor, filter: Tensor, args: ConvArgs): GroupedConvAttrs {
  const outSize = [0, 1].map((i) => {
    const reach = args.dilation[i]! * (filter.shape[i]! - 1) + 1;
    return Math.floor((x.shape[i + 1]! + 2 * args.padding[i]! - reach) / args.stride[i]!) + 1;
  });
  return groupedGeometry(x.shape.slice(1, 3), filter, outSize, args);
}

/** The convolution whose transpose it is: from the result to x. */
function groupedTransposeArgs(x: Tensor, filter: Tensor, args: ConvTransposeArgs): GroupedConvAttrs {
  const inSize = [0, 1].map((i) =>
    transposedSize(x.shape[i + 1]!, args.dilation[i]! * (filter.shape[i]! - 1) + 1, i, args),
  );
  return groupedGeometry(inSize, filter, x.shape.slice(1, 3), args);
}

function groupedGeometry(
  inSize: number[],
  filter: Tensor,
  outSize: number[],
  {groups, stride, padding, dilation}: ConvArgs,
): GroupedConvAttrs {
  return {
    groups,
    stride: pair(stride),
    dilation: pair(dilation),
    padding: pair(padding),
    inSize: pair(inSize),
    kernelSize: pair(filter.shape),
    outSize: pair(outSize),
  };
}

/** The filter with its taps `dilation` apart and zeros between: tfjs has no gradient for dilated convolutions. */
function dilate(filter: Tensor, dilation: readonly number[]): Tensor {
  return dilation.reduce((weights, rate, axis) => spread(weights, axis, rate), filter);
}

/** A 3-D convolution is a sum of 2-D ones, one for each slice of the filter along the depth. */
function conv3d(x: Tensor, filter: Tensor, args: ConvArgs): Tensor {
  const [strideDepth = 1, ...stride] = args.stride;
  const [padDepth = 0, ...padding] = args.padding;
  const padded = tf.pad(x, [
    [0, 0],
    [padDepth, padDepth],
    [0, 0],
    [0, 0],
    [0, 0],
  ]);
  const depth = Math.floor((padded.shape[1]! - filter.shape[0]) / strideDepth) + 1;
  const layers = unstack(padded, 1);
  const taps = unstack(filter, 0);
  const sums = Array.from({length: depth}, (_, d) =>
    tf.addN(
      taps.map((tap, k) =>
        conv(layers[d * strideDepth + k]!, tap, {stride, padding, dilation: [1, 1], groups: args.groups}),
      ),
    ),
  );
  return tf.stack(sums, 1);
}

function convTranspose3d(x: Tensor, filter: Tensor, args: ConvTransposeArgs): Tensor {
  const [strideDepth = 1, ...stride] = args.stride;
  const [padDepth = 0, ...padding] = args.padding;
  const flat: ConvTransposeArgs = {
    stride,
    padding,
    dilation: [1, 1],
    groups: args.groups,
    outputPadding: args.outputPadding.slice(1),
  };
  const depth = transposedSize(x.shape[1]!, filter.shape[0], 0, args);
  const layers = unstack(x, 1);
  const taps = unstack(filter, 0);
  const contributions = Array.from({length: depth}, (): Tensor[] => []);
  layers.forEach((layer, d) => {
    taps.forEach((tap, k) => {
      const at = contributions[d * strideDepth + k - padDepth];
      at?.push(convTranspose(layer, tap, flat));
    });
  });
  // on the tape, so that a result that nothing reaches has gradients too: zeros
  const nothing = (): Tensor =>
    tf.mul(contributions.find((parts) => parts.length > 0)?.[0] ?? convTranspose(layers[0]!, taps[0]!, flat), 0);
  return tf.stack(
    contributions.map((parts) => (parts.length > 0 ? tf.addN(parts) : nothing())),
    1,
  );
}

/** Like tf.unstack, whose gradient fails along an axis of length 1. */
function unstack(x: Tensor, axis: number): Tensor[] {
  return x.shape[axis] === 1 ? [tf.squeeze(x, [axis])] : tf.unstack(x, axis);
}

function pair(values: readonly number[]): [number, number] {
  return [values[0]!, values[1]!];
}

/** @param ends zeros after the rows and columns, where they are not as many as before them */
function explicit(
  padding: readonly number[],
  ends = padding,
): [[number, number], [number, number], [number, number], [number, number]] {
  const [rows, columns] = pair(padding);
  const [rowsEnd, columnsEnd] = pair(ends);
  return [
    [0, 0],
    [rows, rowsEnd],
    [columns, columnsEnd],
    [0, 0],
  ];
}
