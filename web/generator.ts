/** The exported generator: model.json, weights.bin. */
import * as tf from '@tensorflow/tfjs-core';
import {runGraph} from '../src/gan/export/run-graph.js';
import type {WebConstant, WebModel} from '../src/gan/export/web/model.js';

export type Facts = WebModel['facts'];

export interface Generator {
  facts: Facts;
  /**
   * @param latents flat [n, latentSize]
   * @returns flat [n, imageSize, imageSize, channels], as the network gives them
   */
  run(latents: Float32Array): Promise<Float32Array>;
}

async function get(file: string): Promise<Response> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(`${file} could not be read: ${response.status} ${response.statusText}`);
  return response;
}

const arrays = {float32: Float32Array, int32: Int32Array, bool: Uint8Array};

/** On the device that is open. */
export async function loadGenerator(): Promise<Generator> {
  const [{facts, graph, constants}, weights] = await Promise.all([
    get('model.json').then((response) => response.json() as Promise<WebModel>),
    get('weights.bin').then((response) => response.arrayBuffer()),
  ]);
  const tensorOf = ({shape, dtype, offset, bytes}: WebConstant): tf.Tensor => {
    const array = arrays[dtype];
    return tf.tensor(new array(weights, offset, bytes / array.BYTES_PER_ELEMENT), shape, dtype);
  };
  const tensors = new Map(constants.map((constant) => [constant.id, tensorOf(constant)]));
  return {
    facts,
    async run(latents) {
      const images = tf.tidy(() => runGraph(tf.engine(), graph, tensors as never, tf.tensor(latents, [latents.length / facts.latentSize, facts.latentSize]) as never));
      const values = (await images.data()) as Float32Array;
      images.dispose();
      return values;
    },
  };
}
