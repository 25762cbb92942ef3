/** The exported generator: model.json, weights.bin. */
import * as tf from '@tensorflow/tfjs-core';
import {pruned, type Constant, type Graph} from '../../gan/export/graph.js';
import {runGraph} from '../../gan/export/run-graph.js';
import {fromFloat16} from '../../gan/io/float16.js';
import type {WebConstant, WebModel} from '../../parts/exporters/web/model.js';
import {withoutTransposed} from '../../gan/export/without-transposed.js';
import type {DeviceName} from './device.js';
import {urlOf} from './embedded.js';

export type Facts = WebModel['facts'];

export interface Generator {
  facts: Facts;
  title: string;
  /**
   * @param latents flat [n, latentSize]
   * @param shares of a conditional generator: what all images are of, a share of each class; default: of the first
   * @returns flat [n, imageSize, imageSize, channels], as the network gives them
   */
  run(latents: Float32Array, shares?: readonly number[]): Promise<Float32Array>;
}

async function get(file: string): Promise<Response> {
  const response = await fetch(urlOf(file));
  if (!response.ok) throw new Error(`${file} could not be read: ${response.status} ${response.statusText}`);
  return response;
}

/** The exported graph with its constants in memory. */
async function loadGraph(): Promise<{facts: Facts; title: string; graph: Graph}> {
  const [{facts, title = facts.run, graph, constants}, weights] = await Promise.all([
    get('model.json').then((response) => response.json() as Promise<WebModel>),
    get('weights.bin').then((response) => response.arrayBuffer()),
  ]);
  const constantOf = ({shape, dtype, half, offset, bytes}: WebConstant): Constant => {
    if (half) return {shape, dtype, data: fromFloat16(new Uint16Array(weights, offset, bytes / 2))};
    const array = arrays[dtype];
    return {shape, dtype, data: new array(weights, offset, bytes / array.BYTES_PER_ELEMENT)};
  };
  return {
    facts,
    title,
    graph: {
      ...graph,
      values: new Map(graph.values),
      constants: new Map(constants.map((constant) => [constant.id, constantOf(constant)])),
    },
  };
}

const arrays = {float32: Float32Array, int32: Int32Array, bool: Uint8Array};

/**
 * Loads the generator on the open device. On WASM, tfjs's transposed convolutions are a naive loop, but its
 * convolutions are not.
 */
export async function loadGenerator(device: DeviceName): Promise<Generator> {
  const {facts, title, graph: exported} = await loadGraph();
  const graph = device === 'wasm' ? pruned(withoutTransposed(exported)) : exported;
  const tensors = new Map(
    [...graph.constants].map(([id, {data, shape, dtype}]) => [id, tf.tensor(data, shape, dtype as 'float32')]),
  );
  return {
    facts,
    title,
    async run(latents, shares = facts.classes?.map((_, row) => (row === 0 ? 1 : 0))) {
      const n = latents.length / facts.latentSize;
      const images = tf.tidy(() =>
        runGraph(
          tf.engine(),
          graph,
          tensors as never,
          tf.tensor(latents, [n, facts.latentSize]) as never,
          ...(shares ? [tf.tile(tf.tensor2d([...shares], [1, shares.length]), [n, 1]) as never] : []),
        ),
      );
      const values = (await images.data()) as Float32Array;
      images.dispose();
      return values;
    },
  };
}
