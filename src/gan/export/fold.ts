/**
 * Folds what follows a convolution or a matrix product channel by channel, such as a batch norm in eval mode, into its
 * weights: `((x * w) - mean) * scale + bias` becomes `x * (w scale) + (bias - mean scale)`.
 */
import {pruned, usesOf, type Constant, type Graph, type GraphNode, type Id} from './graph.js';

/** Kernels with weights, and where in the weight's shape the output channels are, counted from the end. */
const weighted: Record<string, {weight: string; channelAxis: (node: GraphNode) => number}> = {
  Conv2D: {weight: 'filter', channelAxis: () => 1},
  GroupedConv2D: {weight: 'filter', channelAxis: () => 1},
  Conv2DBackpropInput: {weight: 'filter', channelAxis: () => 2},
  BatchMatMul: {weight: 'b', channelAxis: ({attrs}) => (attrs['transposeB'] === true ? 2 : 1)},
};

/** y -> scale y + shift, a number for each channel. */
interface Affine {
  scale: Float64Array;
  shift: Float64Array;
}

/** The graph with folded weights; each chain keeps at most one Add. */
export function folded(graph: Graph): Graph {
  const uses = usesOf(graph);
  let next = Math.max(...graph.values.keys()) + 1;
  const values = new Map(graph.values);
  const constants = new Map(graph.constants);
  const replaced = new Map<GraphNode, GraphNode[]>();
  for (const node of graph.nodes) {
    const rule = weighted[node.kernel];
    const weight = rule && graph.constants.get(node.inputs[rule.weight]!);
    if (!weight || uses.get(node.inputs[rule.weight]!)!.length > 1) continue;
    const channels = Number(graph.values.get(node.outputs[0]!)!.shape.at(-1));
    const {chain, affine} = following(graph, uses, node, channels);
    if (chain.length < 2) continue; // a bias alone is as it should be
    const add = (constant: Constant): Id => {
      values.set(next, {shape: constant.shape, dtype: constant.dtype});
      constants.set(next, constant);
      return next++;
    };
    const filter = add(scaled(weight, affine.scale, weight.shape.length - rule.channelAxis(node)));
    const bias = add({shape: [channels], dtype: 'float32', data: Float32Array.from(affine.shift)});
    replaced.set(node, [{...node, inputs: {...node.inputs, [rule.weight]: filter}}]);
    for (const each of chain) replaced.set(each, []);
    const last = chain.at(-1)!;
    replaced.set(last, [
      {
        ...last,
        kernel: 'Add',
        inputs: {a: node.outputs[0]!, b: bias},
        list: false,
        attrs: {},
        path: node.path,
        layer: node.layer,
      },
    ]);
  }
  return pruned({...graph, values, constants, nodes: graph.nodes.flatMap((node) => replaced.get(node) ?? [node])});
}

/** The nodes after `node` that are one number for each channel, and what they do together. */
function following(
  graph: Graph,
  uses: Map<Id, GraphNode[]>,
  node: GraphNode,
  channels: number,
): {chain: GraphNode[]; affine: Affine} {
  const affine: Affine = {scale: new Float64Array(channels).fill(1), shift: new Float64Array(channels)};
  const chain: GraphNode[] = [];
  let value = node.outputs[0]!;
  for (;;) {
    const users = uses.get(value) ?? [];
    if (value === graph.output || users.length !== 1 || !apply(graph, users[0]!, value, affine)) return {chain, affine};
    chain.push(users[0]!);
    value = users[0]!.outputs[0]!;
  }
}

/** False, and nothing changed, when the node is something else. */
function apply(graph: Graph, {kernel, inputs}: GraphNode, value: Id, {scale, shift}: Affine): boolean {
  if (!['Add', 'Sub', 'Multiply', 'RealDiv'].includes(kernel)) return false;
  const {a, b} = inputs;
  if (a !== value && (kernel === 'Sub' || kernel === 'RealDiv')) return false;
  const constant = graph.constants.get(a === value ? b! : a!);
  const channels = scale.length;
  if (
    constant?.dtype !== 'float32' ||
    a === b ||
    !isPerChannel(constant, channels, graph.values.get(value)!.shape.length)
  )
    return false;
  for (let c = 0; c < channels; c++) {
    const number = constant.data[constant.data.length === 1 ? 0 : c]!;
    if (kernel === 'Add') shift[c]! += number;
    else if (kernel === 'Sub') shift[c]! -= number;
    else {
      const factor = kernel === 'Multiply' ? number : 1 / number;
      scale[c]! *= factor;
      shift[c]! *= factor;
    }
  }
  return true;
}

function isPerChannel({shape, data}: Constant, channels: number, rank: number): boolean {
  return shape.length <= rank && (data.length === 1 || (data.length === channels && shape.at(-1) === channels));
}

function scaled({shape, dtype, data}: Constant, scale: Float64Array, axis: number): Constant {
  const inner = shape.slice(axis + 1).reduce((x, y) => x * y, 1);
  return {
    shape,
    dtype,
    data: Float32Array.from(data, (value, i) => value * scale[Math.floor(i / inner) % shape[axis]!]!),
  };
}
