/**
 * A network as a graph of tfjs's kernels: what the export formats are written from. Shapes and layouts are those of the
 * library (NHWC, filters [...kernel, in, out]); weights and all that is computed of weights alone are constants.
 */

/** A whole number, or that many times the number of items in the batch. */
export type Size = number | {batch: number};

/** An attribute of a kernel: a JSON value in which sizes may depend on the batch. */
export type Attribute = Size | string | boolean | null | undefined | Attribute[] | {[key: string]: Attribute};

export interface Value {
  shape: Size[];
  dtype: string;
}

export interface Constant {
  shape: number[];
  dtype: string;
  data: Float32Array | Int32Array | Uint8Array;
}

/** The name of a value in its graph. */
export type Id = number;

export interface GraphNode {
  /** tfjs's name: Conv2D, Relu, ... */
  kernel: string;
  /** Inputs by tfjs's names; for kernels with a list (Concat, Pack, AddN), under 0, 1, ... */
  inputs: Record<string, Id>;
  list: boolean;
  attrs: Record<string, Attribute>;
  outputs: Id[];
  /** The layer that it belongs to: its path in the network (`1.0`; '' is the network itself) and its type. */
  path: string;
  layer: string;
}

export interface Graph {
  input: Id;
  /** Of a conditional network: its second input, a share of each class, [batch, classes]. */
  labels?: Id;
  output: Id;
  /** All values: the input, constants, results of nodes. */
  values: Map<Id, Value>;
  constants: Map<Id, Constant>;
  /** Nodes in the order of execution. */
  nodes: GraphNode[];
}

/** A size for a batch of `batch` items. */
export const sizeFor = (size: Size, batch: number): number => (typeof size === 'number' ? size : size.batch * batch);

/** An attribute for a batch of `batch` items. */
export function attributeFor(value: Attribute, batch: number): unknown {
  if (Array.isArray(value)) return value.map((each) => attributeFor(each, batch));
  if (value === null || typeof value !== 'object') return value;
  if (isBatchSize(value)) return value.batch * batch;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, attributeFor(each, batch)]));
}

/** True if a value depends on the batch. */
export function isBatchSize(value: Attribute): value is {batch: number} {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    Object.keys(value).length === 1 &&
    typeof value['batch'] === 'number'
  );
}

/** The numbers of nodes that read each value; the graph's own output counts as one. */
export function usesOf(graph: Graph): Map<Id, GraphNode[]> {
  const uses = new Map<Id, GraphNode[]>();
  for (const node of graph.nodes)
    for (const id of Object.values(node.inputs)) uses.set(id, [...(uses.get(id) ?? []), node]);
  return uses;
}

/** The graph without what its output does not need. */
export function pruned(graph: Graph): Graph {
  const needed = new Set<Id>([graph.output]);
  const nodes = graph.nodes
    .toReversed()
    .filter((node) => {
      if (!node.outputs.some((id) => needed.has(id))) return false;
      for (const id of Object.values(node.inputs)) needed.add(id);
      return true;
    })
    .reverse();
  for (const node of nodes) for (const id of node.outputs) needed.add(id);
  needed.add(graph.input);
  if (graph.labels !== undefined) needed.add(graph.labels);
  const kept = <T>(map: Map<Id, T>): Map<Id, T> => new Map([...map].filter(([id]) => needed.has(id)));
  return {...graph, nodes, values: kept(graph.values), constants: kept(graph.constants)};
}
