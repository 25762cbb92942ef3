/** Runs a graph. It needs an engine of tfjs only, so that the exported web page runs graphs with the same lines. */
import type {Tensor} from '../../backends/tf.js';
import {attributeFor, type GraphNode, type Id} from './graph.js';

/** The parts of `tf` that are used: `tf.engine()` of the page or of the library. */
export interface KernelRunner {
  runKernel(name: string, inputs: never, attrs: never): unknown;
}

/**
 * Call it in a tidy: all intermediate results live until its end.
 * @param constants tensors of the graph's constants
 * @param input [batch, ...]
 * @param labels of a conditional network: [batch, classes]
 */
export function runGraph(
  engine: KernelRunner,
  graph: {input: Id; labels?: Id; output: Id; nodes: readonly GraphNode[]},
  constants: ReadonlyMap<Id, Tensor>,
  input: Tensor,
  labels?: Tensor,
): Tensor {
  const values = new Map<Id, Tensor>([...constants, [graph.input, input]]);
  if (graph.labels !== undefined && labels) values.set(graph.labels, labels);
  const batch = input.shape[0];
  for (const {kernel, inputs, list, attrs, outputs} of graph.nodes) {
    const entries = Object.entries(inputs).map(([key, id]): [string, Tensor] => [key, values.get(id)!]);
    const given = list ? entries.map(([, tensor]) => tensor) : Object.fromEntries(entries);
    const result = engine.runKernel(kernel, given as never, attributeFor(attrs, batch) as never);
    (Array.isArray(result) ? (result as Tensor[]) : [result as Tensor]).forEach((tensor, i) =>
      values.set(outputs[i]!, tensor),
    );
  }
  return values.get(graph.output)!;
}
