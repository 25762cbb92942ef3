import type {Gan, TracedNetwork, WeightType} from '../../../plugin/index.js';
import {operations} from '../tfjs/operations.js';
import type {WebConstant, WebModel} from './model.js';

/** Kernels that tfjs has for both WebGPU and WASM; a test compares them with tfjs's registries. */
export const webKernels: ReadonlySet<string> = new Set(Object.keys(operations));

export interface WebOptions {
  /** What the page is called; absent: the run's name. */
  title?: string | undefined;
  /** Of the weights in weights.bin; default float32. */
  dtype?: WeightType;
}

/**
 * A generator as the page's model.json and weights.bin.
 * @throws GanError GAN_EXPORT_UNSUPPORTED that names every layer that tfjs cannot run in a browser
 */
export function toWeb(
  {graph: traced, facts}: TracedNetwork,
  {unsupported, portable, halfPrecision}: Pick<Gan['exports'], 'unsupported' | 'portable' | 'halfPrecision'>,
  {title, dtype: weightType = 'float32'}: WebOptions = {},
): Map<string, Uint8Array> {
  const graph = portable(traced);
  const faults = graph.nodes
    .filter(({kernel}) => !webKernels.has(kernel))
    .map(({path, layer, kernel}) => ({path, layer, what: `tfjs has no ${kernel} for browsers`}));
  if (faults.length > 0) throw unsupported(faults, `The ${facts.network}`);
  let offset = 0;
  const parts: Uint8Array[] = [];
  const constants = [...graph.constants].map(([id, {shape, dtype, data}]): WebConstant => {
    const isHalf = weightType === 'float16' && data instanceof Float32Array && data.length > 1;
    const stored = isHalf ? halfPrecision(`a weight of the ${facts.network}`, data) : data;
    const constant = {
      id,
      shape,
      dtype: dtype as WebConstant['dtype'],
      ...(isHalf && {half: true as const}),
      offset,
      bytes: stored.byteLength,
    };
    const padded = Buffer.alloc(Math.ceil(stored.byteLength / 4) * 4); // so that the next one is aligned
    padded.set(new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength));
    parts.push(padded);
    offset += padded.byteLength;
    return constant;
  });
  const model: WebModel = {
    facts,
    ...(title !== undefined && {title}),
    graph: {
      input: graph.input,
      ...(graph.labels !== undefined && {labels: graph.labels}),
      output: graph.output,
      values: [...graph.values],
      nodes: graph.nodes,
    },
    constants,
  };
  return new Map<string, Uint8Array>([
    ['model.json', Buffer.from(JSON.stringify(model))],
    ['weights.bin', Buffer.concat(parts)],
  ]);
}
