/**
 * Transposed convolutions as convolutions, for devices with a fast kernel for the one and a slow one for the other
 * (tfjs's WASM). All s x s results that belong to one position of the input are channels of a convolution, which
 * depth-to-space then spreads (Shi et al., arXiv 1609.07009).
 */
import {isBatchSize, type Attribute, type Constant, type Graph, type GraphNode, type Id, type Size} from './graph.js';

/** The same graph with convolutions in place of transposed ones of stride 1 to 4 whose weights are constants. */
export function withoutTransposed(graph: Graph): Graph {
  const [values, constants] = [new Map(graph.values), new Map(graph.constants)];
  let next: Id = Math.max(...values.keys()) + 1;
  const value = (shape: Size[]): Id => {
    values.set(next, {shape, dtype: 'float32'});
    return next++;
  };
  const nodes = graph.nodes.flatMap((node): GraphNode[] => {
    const [filter, plan] = [constants.get(node.inputs['filter'] ?? -1), planOf(node, values)];
    if (!filter || !plan) return [node];
    const {stride, sides, input, batch} = plan;
    const channels = filter.shape[2]!;
    const weights = phases(filter, sides, stride);
    constants.set(next, weights);
    const weightId = value(weights.shape);
    const wide = sides.map(({steps}) => steps);
    const layer = {list: false, path: node.path, layer: node.layer};
    const pad: Attribute = [[0, 0], ...sides.map(({before, after}) => [before, after]), [0, 0]];
    const conv: GraphNode = {
      ...layer,
      kernel: 'Conv2D',
      inputs: {x: input, filter: weightId},
      attrs: {strides: [1, 1], pad, dataFormat: 'NHWC', dilations: [1, 1]},
      outputs: [value([batch, ...wide, stride * stride * channels])],
    };
    const chain = [conv];
    if (stride > 1)
      chain.push({
        ...layer,
        kernel: 'DepthToSpace',
        inputs: {x: conv.outputs[0]!},
        attrs: {blockSize: stride, dataFormat: 'NHWC'},
        outputs: [value([batch, ...wide.map((n) => n * stride), channels])],
      });
    const sizes = sides.map(({size}) => size);
    if (wide.some((n, i) => n * stride !== sizes[i])) {
      chain.push({
        ...layer,
        kernel: 'Slice',
        inputs: {x: chain.at(-1)!.outputs[0]!},
        attrs: {begin: [0, 0, 0, 0], size: [batch, ...sizes, channels]},
        outputs: [],
      });
    }
    chain.at(-1)!.outputs = node.outputs;
    return chain;
  });
  return {...graph, values, constants, nodes};
}

/** Along one axis: the result's length, and the convolution's taps, padding and number of steps. */
interface Side {
  size: number;
  steps: number;
  before: number;
  after: number;
  taps: number;
  /** Padding of the transposed convolution. */
  cut: number;
}

function planOf(
  {kernel, inputs, attrs, outputs}: GraphNode,
  values: Graph['values'],
): {stride: number; sides: Side[]; input: Id; batch: Size} | undefined {
  if (kernel !== 'Conv2DBackpropInput') return undefined;
  const [strides, pad] = [attrs['strides'], attrs['pad']];
  if (!Array.isArray(strides) || !Array.isArray(pad) || strides[0] !== strides[1]) return undefined;
  const stride = Number(strides[0]);
  const shapes = [inputs['dy']!, inputs['filter']!, outputs[0]!].map((id) => values.get(id)!.shape);
  const [input, filter, result] = shapes as [Size[], Size[], Size[]];
  // of one position: a product already
  if (stride > 4 || (Number(input[1]) === 1 && Number(input[2]) === 1)) return undefined;
  const sides = [1, 2].map((axis): Side => {
    const [size, taps, length] = [Number(result[axis]), Number(filter[axis - 1]), Number(input[axis])];
    const cut = (pad[axis] as number[])[0]!;
    const steps = Math.ceil(size / stride);
    const [low, high] = reach(taps, cut, stride);
    return {size, steps, cut, before: -low, taps: high - low + 1, after: steps - 1 + high - (length - 1)};
  });
  const batch = result[0]!;
  if (sides.some(({before, after}) => before < 0 || after < 0) || !(typeof batch === 'number' || isBatchSize(batch)))
    return undefined;
  return {stride, sides, input: inputs['dy']!, batch};
}

/** Result s q + r is made of inputs q + low to q + high, over all phases r. */
function reach(taps: number, cut: number, stride: number): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (let phase = 0; phase < stride; phase++)
    for (let tap = (phase + cut) % stride; tap < taps; tap += stride) {
      const offset = (phase + cut - tap) / stride;
      [low, high] = [Math.min(low, offset), Math.max(high, offset)];
    }
  return [low, high];
}

/**
 * [h, w, out, in] -> [h', w', in, s s out]: channel (r s + c) out + o is row phase r and column phase c of output o.
 */
function phases({shape, data, dtype}: Constant, [rows, columns]: Side[], stride: number): Constant {
  const [height, width, outs, ins] = shape as [number, number, number, number];
  const channels = stride * stride * outs;
  const result = new Float32Array(rows!.taps * columns!.taps * ins * channels);
  const tapOf = (side: Side, at: number, phase: number): number => phase + side.cut - stride * (at - side.before);
  for (let y = 0; y < rows!.taps; y++)
    for (let x = 0; x < columns!.taps; x++)
      for (let r = 0; r < stride; r++)
        for (let c = 0; c < stride; c++) {
          const [ky, kx] = [tapOf(rows!, y, r), tapOf(columns!, x, c)];
          if (ky < 0 || kx < 0 || ky >= height || kx >= width) continue;
          for (let o = 0; o < outs; o++)
            for (let i = 0; i < ins; i++) {
              result[((y * columns!.taps + x) * ins + i) * channels + (r * stride + c) * outs + o] =
                data[((ky * width + kx) * outs + o) * ins + i]!;
            }
        }
  return {shape: [rows!.taps, columns!.taps, ins, channels], dtype, data: result};
}
