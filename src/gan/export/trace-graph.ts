/**
 * A network as a graph, from two forward passes with 2 and 3 items: what is the same in both is part of the network,
 * sizes that grow with the batch are sizes of the batch, and a network that differs in more cannot be a graph.
 */
import {tf, type Tensor} from '../../backends/tf.js';
import type {Module} from '../module.js';
import {Rng} from '../rng.js';
import {ExportError, type Fault} from './export-error.js';
import {
  pruned,
  type Attribute,
  type Constant,
  type Graph,
  type GraphNode,
  type Id,
  type Size,
  type Value,
} from './graph.js';
import {watchForward, type ForwardPass, type NetworkCall, type PassValue} from './forward-pass.js';

const [few, more] = [2, 3];

export interface TraceOptions {
  /** What to call the network in an error. */
  subject?: string;
  /** Of a conditional network: how many; its second input is a share of each, [batch, classes]. */
  classes?: number | undefined;
}

/**
 * @param network in eval mode
 * @param itemShape of one item of its input: [latentSize], or [height, width, channels]
 * @throws ExportError (exit 2) that names the layers whose result depends on more than the input and the weights
 */
export async function traceGraph(
  network: Module,
  itemShape: readonly number[],
  {subject, classes}: TraceOptions = {},
): Promise<Graph> {
  const passes: ForwardPass[] = [];
  const inputs: Tensor[] = [];
  try {
    for (const batch of [few, more]) {
      const shape = [batch, ...itemShape];
      const values = new Rng(0).fork('trace', batch).normal(shape.reduce((a, b) => a * b, 1));
      const labels = classes === undefined ? undefined : labelsOf(batch, classes);
      if (labels) inputs.push(labels);
      const input = tf.tensor(values, shape, 'float32');
      inputs.push(input);
      passes.push(watchForward(network, input, labels));
    }
    return pruned(await merge(passes[0]!, passes[1]!, network, subject));
  } finally {
    for (const pass of passes) pass.free();
    for (const input of inputs) input.dispose();
  }
}

/** Random shares of the classes, [batch, classes]. */
const labelsOf = (batch: number, classes: number): Tensor =>
  tf.tensor2d(new Rng(0).fork('labels', batch).uniform(batch * classes), [batch, classes]);

/** Both passes as one graph. */
async function merge(a: ForwardPass, b: ForwardPass, network: Module, subject: string | undefined): Promise<Graph> {
  const [callsA, callsB] = [dependent(a), dependent(b)];
  const outline = (calls: NetworkCall[]): string => calls.map(({kernel, path}) => `${path} ${kernel}`).join('\n');
  if (outline(callsA) !== outline(callsB))
    throw new ExportError(
      [{path: '', layer: network.kind, what: 'does not run the same operations for every batch'}],
      subject,
    );

  const ids = new Map<string, Id>([[a.input.key, 0]]);
  const values = new Map<Id, Value>([[0, {shape: shapeOf(a.input, b.input), dtype: a.input.dtype}]]);
  if (a.labels && b.labels) {
    ids.set(a.labels.key, 1);
    values.set(1, {shape: shapeOf(a.labels, b.labels), dtype: a.labels.dtype});
  }
  const constants = new Map<Id, Constant>();
  const faults: Fault[] = [];
  const name = (value: PassValue, other: PassValue): Id => {
    const id = values.size;
    ids.set(value.key, id); // a kernel may return its input's data: from here on it is this value
    values.set(id, {shape: shapeOf(value, other), dtype: value.dtype});
    return id;
  };
  const made = new Set([a.input.key, ...(a.labels ? [a.labels.key] : [])]);
  for (const {outputs} of callsA) for (const each of outputs) made.add(each.key);

  const nodes: GraphNode[] = [];
  for (const [i, call] of callsA.entries()) {
    const twin = callsB[i]!;
    const inputs: Record<string, Id> = {};
    for (const [key, value] of Object.entries(call.inputs)) {
      const other = twin.inputs[key]!;
      const isNew = !ids.has(value.key);
      inputs[key] = ids.get(value.key) ?? name(value, other);
      if (!isNew || made.has(value.key)) continue;
      const constant = await constantOf(value.tensor, other.tensor);
      if (constant) constants.set(inputs[key], constant);
      else faults.push({...call, what: 'uses values that are drawn anew or made for each batch'});
    }
    const attrs = attribute(call.attrs, twin.attrs) as GraphNode['attrs'] | undefined;
    if (!attrs)
      faults.push({...call, what: `the attributes of ${call.kernel} depend on more than the size of the batch`});
    nodes.push({
      ...call,
      inputs,
      attrs: attrs ?? {},
      outputs: call.outputs.map((each, at) => name(each, twin.outputs[at]!)),
    });
  }
  const output = ids.get(a.output.key);
  if (output === undefined)
    faults.push({path: '', layer: network.kind, what: 'its result does not depend on its input'});
  if (faults.length > 0) throw new ExportError(faults, subject);
  return {
    input: 0,
    ...(a.labels && {labels: 1}),
    output: output!,
    values,
    constants,
    nodes: nodes.map(({kernel, inputs, list, attrs, outputs, path, layer}) => ({
      kernel,
      inputs,
      list,
      attrs,
      outputs,
      path,
      layer,
    })),
  };
}

/** The calls whose results depend on the input, or on the labels. */
function dependent({input, labels, calls}: ForwardPass): NetworkCall[] {
  const reached = new Set([input.key, ...(labels ? [labels.key] : [])]);
  return calls.filter(({inputs, outputs}) => {
    if (!Object.values(inputs).some(({key}) => reached.has(key))) return false;
    for (const {key} of outputs) reached.add(key);
    return true;
  });
}

/** Undefined when the two differ. */
async function constantOf(a: Tensor, b: Tensor): Promise<Constant | undefined> {
  if (a.shape.join() !== b.shape.join() || a.dtype !== b.dtype) return undefined;
  const data: Constant['data'] = await a.data();
  const other: Constant['data'] = a.dataId === b.dataId ? data : await b.data();
  return data.every((value, i) => Object.is(value, other[i]))
    ? {shape: a.shape, dtype: a.dtype, data: data.slice()}
    : undefined;
}

const shapeOf = (a: PassValue, b: PassValue): Size[] => a.shape.map((size, i) => sizeOf(size, b.shape[i]!) ?? size);

function sizeOf(a: number, b: number): Size | undefined {
  if (Object.is(a, b)) return a;
  return a * more === b * few ? {batch: a / few} : undefined;
}

/** Undefined when the two differ in more than sizes of the batch. */
function attribute(a: unknown, b: unknown): Attribute {
  if (typeof a === 'number' && typeof b === 'number') return sizeOf(a, b);
  if (Array.isArray(a) && Array.isArray(b) && a.length === b.length)
    return each(a.map((value: unknown, i) => [value, b[i]]));
  if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
    const keys = Object.keys(left).filter((key) => left[key] !== undefined);
    const all = each(keys.map((key) => [left[key], right[key]]));
    return all && Object.fromEntries(keys.map((key, i) => [key, all[i]!]));
  }
  return a === b && ['string', 'boolean'].includes(typeof a)
    ? (a as string | boolean)
    : a === null && b === null
      ? null
      : undefined;
}

function each(pairs: [unknown, unknown][]): Attribute[] | undefined {
  const results = pairs.map(([a, b]) => attribute(a, b));
  return results.includes(undefined) ? undefined : results;
}
