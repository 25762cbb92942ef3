import type {Gan, Graph, GraphId, WeightType} from '../../../plugin/index.js';
import {writeNodes} from '../graph/graph-builder.js';
import {shape, TfBuilder, type, type NodeDef, type TfAttribute, type Weight} from './builder.js';
import {operations} from './operations.js';

export interface TfjsFacts {
  /** Names of the network, its input and its output. */
  name: string;
  input: string;
  /** Of the second input of a conditional network. */
  labels?: string | undefined;
  output: string;
  metadata: Readonly<Record<string, unknown>>;
  /** Of the weights in the files; default float32. */
  dtype?: WeightType;
}

/** The shard size of tfjs-converter's own tool, which lets caches keep parts of large models. */
const shardBytes = 4 * 1024 * 1024;

type Tools = Pick<Gan['exports'], 'version' | 'unsupported' | 'portable' | 'halfPrecision'>;

/**
 * A graph as a tfjs graph model: model.json and the weights in shards. Images are [batch, height, width, channels].
 * @throws GanError GAN_EXPORT_UNSUPPORTED that names every layer that the format cannot have
 */
export function toTfjs(
  traced: Graph,
  {name, input, labels, output, metadata, dtype = 'float32'}: TfjsFacts,
  {version, unsupported, portable, halfPrecision}: Tools,
): Map<string, Uint8Array> {
  const graph = portable(traced);
  const b = new TfBuilder(graph);
  const inputs: [GraphId, string][] = [
    [graph.input, input],
    ...(graph.labels !== undefined && labels !== undefined ? [[graph.labels, labels] as [GraphId, string]] : []),
  ];
  for (const [id, called] of inputs) {
    b.place(id, called);
    b.nodes.push({
      name: called,
      op: 'Placeholder',
      input: [],
      attr: {dtype: type('float32'), shape: shape(b.shape(id))},
    });
  }
  writeNodes(b, graph, operations, {format: 'tfjs', network: name, unsupported}, (node, results) =>
    results.forEach((result, i) => b.place(node.outputs[i]!, result)),
  );
  b.nodes.push({name: output, op: 'Identity', input: [b.name(graph.output)], attr: {}});

  const {files, manifest} = shards(
    b.weights.map((weight) => (dtype === 'float16' ? halved(weight, halfPrecision) : weight)),
  );
  const signature = (...tensors: [GraphId, string][]): Record<string, unknown> =>
    Object.fromEntries(
      tensors.map(([id, called]) => [
        called,
        {name: `${called}:0`, dtype: 'DT_FLOAT', tensorShape: (shape(b.shape(id)) as {shape: object}).shape},
      ]),
    );
  const model = {
    format: 'graph-model',
    generatedBy: `gan ${version}`,
    convertedBy: null,
    signature: {inputs: signature(...inputs), outputs: signature([graph.output, output])},
    userDefinedMetadata: metadata,
    modelTopology: {node: b.nodes.map(typed), versions: {producer: 1}},
    weightsManifest: manifest,
  };
  return new Map([['model.json', Buffer.from(JSON.stringify(model))], ...files]);
}

/** Adds the type of the elements, which every numeric TensorFlow operation has. */
function typed(node: NodeDef): NodeDef {
  const attr: Record<string, TfAttribute> =
    node.op === 'Const' || node.op === 'Placeholder' ? node.attr : {T: type('float32'), ...node.attr};
  return node.op === 'Shape' ? {...node, attr: {...attr, out_type: type('int32')}} : {...node, attr};
}

/** Numbers of one value each, such as slopes, stay as they are: there is nothing to save. */
const halved = (weight: Weight, halfPrecision: Tools['halfPrecision']): StoredWeight =>
  weight.data instanceof Float32Array && weight.data.length > 1
    ? {
        ...weight,
        data: halfPrecision(weight.name, weight.data),
        quantization: {dtype: 'float16', original_dtype: 'float32'},
      }
    : weight;

/** A weight as it lies in the files: tfjs makes numbers of 32 bits of those of 16. */
interface StoredWeight extends Omit<Weight, 'data'> {
  data: Weight['data'] | Uint16Array;
  quantization?: {dtype: 'float16'; original_dtype: 'float32'};
}

function shards(weights: readonly StoredWeight[]): {files: Map<string, Uint8Array>; manifest: object[]} {
  const all = Buffer.concat(weights.map(({data}) => new Uint8Array(data.buffer, data.byteOffset, data.byteLength)));
  const count = Math.max(1, Math.ceil(all.byteLength / shardBytes));
  const names = Array.from({length: count}, (_, i) => `group1-shard${i + 1}of${count}.bin`);
  const files = new Map(names.map((file, i) => [file, all.subarray(i * shardBytes, (i + 1) * shardBytes)]));
  return {
    files,
    manifest: [{paths: names, weights: weights.map(({data: _, ...facts}) => facts)}],
  };
}
