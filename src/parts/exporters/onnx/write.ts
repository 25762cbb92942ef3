import type {Gan, Graph, GraphSize, WeightType} from '../../../plugin/index.js';
import {writeNodes} from '../graph/graph-builder.js';
import {arrange, channelsFirst} from '../graph/layouts.js';
import {OnnxBuilder} from './builder.js';
import {encodeModel, opset, type OnnxValue} from './model.js';
import {operators, own} from './operators/index.js';

export interface OnnxFacts {
  /** Names of the graph, its input and its output. */
  name: string;
  input: string;
  /** Of the second input of a conditional network. */
  labels?: string | undefined;
  output: string;
  doc: string;
  metadata: Readonly<Record<string, string>>;
  /** Of the weights in the file; default float32. The model computes in float32. */
  dtype?: WeightType;
}

/**
 * A graph as an ONNX model (opset 17): images are [batch, channels, height, width], the batch is as large as what is
 * given.
 * @throws GanError GAN_EXPORT_UNSUPPORTED that names every layer that ONNX cannot have
 */
export function toOnnx(
  traced: Graph,
  {name, input, labels, output, doc, metadata, dtype = 'float32'}: OnnxFacts,
  {
    version,
    permute,
    portable,
    unsupported,
    halfPrecision,
  }: Pick<Gan['exports'], 'version' | 'permute' | 'portable' | 'unsupported' | 'halfPrecision'>,
): Uint8Array {
  const graph = portable(traced, new Set(Object.keys(own)));
  const b = new OnnxBuilder(graph, permute, dtype === 'float16' ? halfPrecision : undefined);
  const inputs: [number, string][] = [
    [graph.input, input],
    ...(graph.labels !== undefined && labels !== undefined ? [[graph.labels, labels] as [number, string]] : []),
  ];
  for (const [id, called] of inputs) b.place(id, called, channelsFirst(b.rank(id)));
  writeNodes(b, graph, {...operators, ...own}, {format: 'ONNX', network: name, unsupported});
  const result = b.in(graph.output, channelsFirst(b.rank(graph.output)));
  b.nodes.push({name: output, op: 'Identity', inputs: [result], outputs: [output], attrs: {}});
  const value = (id: number, called: string): OnnxValue => ({
    name: called,
    shape: arrange(b.shape(id), channelsFirst(b.rank(id))).map(declared),
  });
  return encodeModel({
    name,
    doc,
    producer: {name: 'gan', version},
    metadata: {...metadata, opset: String(opset)},
    nodes: b.nodes,
    tensors: [...b.tensors.values()],
    inputs: inputs.map(([id, called]) => value(id, called)),
    outputs: [value(graph.output, output)],
  });
}

const declared = (size: GraphSize): number | string =>
  typeof size === 'number' ? size : size.batch === 1 ? 'batch' : `${size.batch} batch`;
