/**
 * Operations of this library (src/backends/fused) as kernels that tfjs has everywhere, for formats that are run without
 * this library. What cannot be said so stays, and the format refuses it.
 */
import {isBatchSize, type Attribute, type Constant, type Graph, type GraphNode, type Id, type Size} from './graph.js';

type Rule = (node: GraphNode, r: Rewriter) => GraphNode[] | undefined;

const layerOf = ({path, layer}: GraphNode): Pick<GraphNode, 'list' | 'path' | 'layer'> => ({list: false, path, layer});

/** The graph being rewritten: new values and constants. */
class Rewriter {
  readonly values: Graph['values'];
  readonly constants: Graph['constants'];
  #next: Id;

  constructor(
    {values, constants}: Graph,
    readonly kept: ReadonlySet<string>,
  ) {
    this.values = new Map(values);
    this.constants = new Map(constants);
    this.#next = Math.max(...values.keys()) + 1;
  }

  shape(id: Id): Size[] {
    return this.values.get(id)!.shape;
  }

  value(shape: Size[]): Id {
    this.values.set(this.#next, {shape, dtype: 'float32'});
    return this.#next++;
  }

  constant(shape: number[], data: Float32Array): Id {
    const id = this.value(shape);
    this.constants.set(id, {shape, dtype: 'float32', data});
    return id;
  }

  /** A node of one result of that shape. */
  node(
    of: GraphNode,
    kernel: string,
    inputs: GraphNode['inputs'],
    attrs: GraphNode['attrs'],
    shape: Size[],
  ): GraphNode {
    return {...layerOf(of), kernel, inputs, attrs, outputs: [this.value(shape)]};
  }

  rewritten(node: GraphNode): GraphNode[] {
    const chain = this.kept.has(node.kernel) ? undefined : rules[node.kernel]?.(node, this);
    if (!chain) return [node];
    chain.at(-1)!.outputs = node.outputs;
    return chain;
  }
}

/** @param kept kernels that stay, because the format has them itself */
export function portable(graph: Graph, kept: ReadonlySet<string> = new Set()): Graph {
  const rewriter = new Rewriter(graph, kept);
  const nodes = graph.nodes.flatMap((node) => rewriter.rewritten(node));
  return {...graph, values: rewriter.values, constants: rewriter.constants, nodes};
}

const times = (size: Size, factor: number): Size => (isBatchSize(size) ? {batch: size.batch * factor} : size * factor);
const sizesOf = (shape: Size[]): [batch: Size, height: number, width: number, channels: number] => [
  shape[0]!,
  ...(shape.slice(1).map(Number) as [number, number, number]),
];

/** Multiplies the result of a chain by a number. */
function scaled(r: Rewriter, chain: GraphNode[], factor: number): GraphNode[] {
  if (Math.abs(factor - 1) < 1e-12) return chain;
  const [a] = chain.at(-1)!.outputs;
  const b = r.constant([], Float32Array.of(factor));
  return [...chain, r.node(chain[0]!, 'Multiply', {a: a!, b}, {}, r.shape(a!))];
}

const rules: Record<string, Rule> = {
  UpsampleNearest(node, r) {
    const [n, h, w, c] = sizesOf(r.shape(node.inputs['x']!));
    const [factor, scale] = [Number(node.attrs['factor']), Number(node.attrs['scale'])];
    const size = [h * factor, w * factor];
    const attrs = {size, alignCorners: false, halfPixelCenters: false};
    const images = node.inputs['x']!;
    return scaled(r, [r.node(node, 'ResizeNearestNeighbor', {images}, attrs, [n, ...size, c])], scale);
  },
  BlockSum(node, r) {
    const x = node.inputs['x']!;
    const [n, h, w, c] = sizesOf(r.shape(x));
    const [factor, scale] = [Number(node.attrs['factor']), Number(node.attrs['scale'])];
    const attrs = {filterSize: [factor, factor], strides: [factor, factor], pad: 'valid'};
    const mean = r.node(node, 'AvgPool', {x}, attrs, [n, h / factor, w / factor, c]);
    return scaled(r, [mean], scale * factor ** 2);
  },
  PixelNorm(node, r) {
    const x = node.inputs['x']!;
    const shape = r.shape(x);
    const lengths = [...shape.slice(0, -1), 1];
    const squares = r.node(node, 'Square', {x}, {}, shape);
    const mean = r.node(node, 'Mean', {x: squares.outputs[0]!}, {axis: shape.length - 1, keepDims: true}, lengths);
    const eps = r.constant([], Float32Array.of(Number(node.attrs['eps'])));
    const sum = r.node(node, 'Add', {a: mean.outputs[0]!, b: eps}, {}, lengths);
    const factor = r.node(node, 'Rsqrt', {x: sum.outputs[0]!}, {}, lengths);
    return [squares, mean, sum, factor, r.node(node, 'Multiply', {a: x, b: factor.outputs[0]!}, {}, shape)];
  },
  BilinearResize(node, r) {
    const images = node.inputs['x']!;
    const [n, , , c] = sizesOf(r.shape(images));
    const size = [Number(node.attrs['height']), Number(node.attrs['width'])];
    const attrs = {size, alignCorners: false, halfPixelCenters: true};
    return [r.node(node, 'ResizeBilinear', {images}, attrs, [n, ...size, c])];
  },
  PixelShuffle(node, r) {
    const [n, h, w, all] = sizesOf(r.shape(node.inputs['x']!));
    const f = Number(node.attrs['factor']);
    const c = all / f ** 2;
    return turned(node, r, [times(n, h), w, c, f, f], [0, 3, 1, 4, 2], [n, h * f, w * f, c]);
  },
  PixelUnshuffle(node, r) {
    const [n, h, w, c] = sizesOf(r.shape(node.inputs['x']!));
    const f = Number(node.attrs['factor']);
    return turned(node, r, [times(n, h / f), f, w / f, f, c], [0, 2, 4, 1, 3], [n, h / f, w / f, c * f ** 2]);
  },
  FirResample(node, r) {
    const [up, down] = [Number(node.attrs['up']), Number(node.attrs['down'])];
    if (up > 1) return down > 1 ? undefined : enlarged(node, r, up);
    const x = node.inputs['x']!;
    const [, , , c] = sizesOf(r.shape(x));
    const [taps, padding] = [node.attrs['taps'] as number[], node.attrs['padding'] as number[]];
    const filter = depthwiseFilter(r, taps.length, taps.length, c, 1, (i, j) => taps[i]! * taps[j]!);
    return depthwise(node, r, x, filter, padding, [down, down], r.shape(node.outputs[0]!));
  },
  GroupedConv2D(node, r) {
    const {x, filter} = node.inputs as {x: Id; filter: Id};
    const given = r.constants.get(filter);
    if (!given) return undefined;
    const strides = node.attrs['stride'] as number[];
    const weights = dilated(given, node.attrs['dilation'] as number[]); // tfjs takes a stride or a dilation, not both
    const [, , , c] = sizesOf(r.shape(x));
    const groups = Number(node.attrs['groups']);
    const {before, after} = borders(node);
    // a convolution rounds its size down by itself
    const padding = [before[0]!, Math.max(after[0]!, 0), before[1]!, Math.max(after[1]!, 0)];
    const result = r.shape(node.outputs[0]!);
    if (groups === c) {
      const [height, width, , out] = weights.shape as [number, number, number, number];
      const each = r.constant([height, width, c, out / c], weights.data as Float32Array);
      return depthwise(node, r, x, each, padding, strides, result);
    }
    const pad: Attribute = [[0, 0], padding.slice(0, 2), padding.slice(2), [0, 0]];
    const attrs = {strides, pad, dataFormat: 'NHWC', dilations: [1, 1]};
    return inGroups(node, r, x, weights, (part, own, channels) =>
      r.node(node, 'Conv2D', {x: part, filter: own}, attrs, [...result.slice(0, 3), channels]),
    );
  },
  GroupedConv2DBackpropInput(node, r) {
    const {dy, filter} = node.inputs as {dy: Id; filter: Id};
    const weights = r.constants.get(filter);
    if (!weights) return undefined;
    const [n, h, w, c] = sizesOf(r.shape(node.outputs[0]!));
    const [strides, rates] = [node.attrs['stride'] as number[], node.attrs['dilation'] as number[]];
    const {before, after} = borders(node);
    // rows and columns at the end that nothing reaches are added as zeros
    const zeros = after.map((count) => Math.max(-count, 0)) as [number, number];
    const sides = [h - zeros[0], w - zeros[1]];
    const groups = Number(node.attrs['groups']);
    const pads = [0, 1].map((i) => [before[i]!, Math.max(after[i]!, 0)]);
    const inputShape: Size[] = [n, ...sides, c / groups];
    const attrs = {strides, pad: [[0, 0], ...pads, [0, 0]], dataFormat: 'NHWC', inputShape};
    const chain = inGroups(node, r, dy, dilated(weights, rates), (part, own) =>
      r.node(node, 'Conv2DBackpropInput', {dy: part, filter: own}, attrs, inputShape),
    );
    if (zeros.every((count) => count === 0)) return chain;
    const paddings = [
      [0, 0],
      [0, zeros[0]],
      [0, zeros[1]],
      [0, 0],
    ];
    const x = chain.at(-1)!.outputs[0]!;
    return [...chain, r.node(node, 'PadV2', {x}, {paddings, constantValue: 0}, [n, h, w, c])];
  },
};

function turned(node: GraphNode, r: Rewriter, split: Size[], perm: number[], shape: Size[]): GraphNode[] {
  const first = r.node(node, 'Reshape', {x: node.inputs['x']!}, {shape: split}, split);
  const order = perm.map((axis) => split[axis]!);
  const second = r.node(node, 'Transpose', {x: first.outputs[0]!}, {perm}, order);
  return [first, second, r.node(node, 'Reshape', {x: second.outputs[0]!}, {shape}, shape)];
}

/** Zeros before and after the rows and the columns of x of a grouped convolution; negative where x is not used up. */
function borders({attrs}: GraphNode): {before: number[]; after: number[]} {
  const [stride, dilation, before, inSize, kernelSize, outSize] = (
    ['stride', 'dilation', 'padding', 'inSize', 'kernelSize', 'outSize'] as const
  ).map((name) => attrs[name] as number[]) as [number[], number[], number[], number[], number[], number[]];
  const after = [0, 1].map(
    (i) => (outSize[i]! - 1) * stride[i]! + dilation[i]! * (kernelSize[i]! - 1) + 1 - inSize[i]! - before[i]!,
  );
  return {before, after};
}

/** [height, width, channels, multiplier], the same for all channels. */
function depthwiseFilter(
  r: Rewriter,
  height: number,
  width: number,
  channels: number,
  multiplier: number,
  weight: (row: number, column: number, which: number) => number,
): Id {
  const size = channels * multiplier;
  const data = Float32Array.from({length: height * width * size}, (_, at) => {
    const tap = Math.floor(at / size);
    return weight(Math.floor(tap / width), tap % width, at % multiplier);
  });
  return r.constant([height, width, channels, multiplier], data);
}

/** @param padding above, below, left, right; undefined where it is negative */
function depthwise(
  node: GraphNode,
  r: Rewriter,
  x: Id,
  filter: Id,
  padding: number[],
  strides: number[],
  shape: Size[],
): GraphNode[] | undefined {
  if (padding.some((zeros) => zeros < 0)) return undefined;
  const pad: Attribute = [[0, 0], padding.slice(0, 2), padding.slice(2), [0, 0]];
  const attrs = {strides, pad, dataFormat: 'NHWC', dilations: [1, 1]};
  return [r.node(node, 'DepthwiseConv2dNative', {x, filter}, attrs, shape)];
}

/** The up x up results that belong to one pixel are channels of a convolution, which a pixel shuffle spreads. */
function enlarged(node: GraphNode, r: Rewriter, up: number): GraphNode[] | undefined {
  const x = node.inputs['x']!;
  const [n, h, w, c] = sizesOf(r.shape(x));
  const [, height, width] = sizesOf(r.shape(node.outputs[0]!));
  if (height % up !== 0 || width % up !== 0) return undefined;
  const [taps, padding] = [node.attrs['taps'] as number[], node.attrs['padding'] as number[]];
  // result up q + phase is made of pixels q + low to q + high
  const side = (before: number, from: number, to: number) => {
    const low = Math.ceil(-before / up);
    const high = Math.floor((up - 1 + taps.length - 1 - before) / up);
    return {before, low, count: high - low + 1, zeros: [-low, to / up - 1 + high - (from - 1)]};
  };
  const [rows, columns] = [side(padding[0]!, h, height), side(padding[2]!, w, width)];
  const tap = ({before, low}: {before: number; low: number}, at: number, phase: number): number =>
    taps[up * (at + low) - phase + before] ?? 0;
  const filter = depthwiseFilter(
    r,
    rows.count,
    columns.count,
    c,
    up ** 2,
    (i, j, which) => tap(rows, i, Math.floor(which / up)) * tap(columns, j, which % up),
  );
  const shape = [n, height / up, width / up, c * up ** 2];
  const chain = depthwise(node, r, x, filter, [...rows.zeros, ...columns.zeros], [1, 1], shape);
  if (!chain) return undefined;
  const attrs = {factor: up};
  const spread = r.node(node, 'PixelShuffle', {x: chain[0]!.outputs[0]!}, attrs, r.shape(node.outputs[0]!));
  return [...chain, ...r.rewritten(spread)];
}

/** One node for each group, of its channels of x and its part of the filter, along the last axis of both. */
function inGroups(
  node: GraphNode,
  r: Rewriter,
  x: Id,
  filter: Constant,
  make: (part: Id, filter: Id, channels: number) => GraphNode,
): GraphNode[] {
  const groups = Number(node.attrs['groups']);
  const [n, h, w, c] = sizesOf(r.shape(x));
  const [width, own] = [c / groups, filter.shape[3]! / groups];
  const nodes: GraphNode[] = [];
  const parts = Array.from({length: groups}, (_, group) => {
    const size: Size[] = [n, h, w, width];
    const slice = r.node(node, 'Slice', {x}, {begin: [0, 0, 0, group * width], size}, size);
    const data = Float32Array.from(
      {length: filter.data.length / groups},
      (_each, at) => filter.data[Math.floor(at / own) * own * groups + group * own + (at % own)]!,
    );
    const weights = r.constant([...filter.shape.slice(0, 3), own], data);
    const result = make(slice.outputs[0]!, weights, own);
    nodes.push(slice, result);
    return result.outputs[0]!;
  });
  const shape = r.shape(parts[0]!);
  const inputs = Object.fromEntries(parts.map((id, i) => [i, id]));
  const joined = r.node(node, 'Concat', inputs, {axis: 3}, [...shape.slice(0, 3), times(shape[3]!, groups)]);
  return [...nodes, {...joined, list: true}];
}

/** A filter with zeros between its taps. */
function dilated({shape, dtype, data}: Constant, rates: number[]): Constant {
  const [height, width, a, b] = shape as [number, number, number, number];
  const [rows, columns] = [(height - 1) * rates[0]! + 1, (width - 1) * rates[1]! + 1];
  const result = new Float32Array(rows * columns * a * b);
  for (let i = 0; i < height; i++)
    for (let j = 0; j < width; j++) {
      const tap = (data as Float32Array).subarray((i * width + j) * a * b, (i * width + j + 1) * a * b);
      result.set(tap, (i * rates[0]! * columns + j * rates[1]!) * a * b);
    }
  return {shape: [rows, columns, a, b], dtype, data: result};
}
