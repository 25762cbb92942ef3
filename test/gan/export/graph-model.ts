/** Exported tfjs graph models, loaded by tfjs-converter and run on tfjs's own cpu backend. */
import '@tensorflow/tfjs-backend-cpu';
import {loadGraphModel} from '@tensorflow/tfjs-converter';
import type {io} from '@tensorflow/tfjs-core';
import {tf, type Tensor} from 'gankit';

/** The files as a browser would fetch them. */
function handler(files: ReadonlyMap<string, Uint8Array>): io.IOHandler {
  return {
    load: async () => {
      const {modelTopology, weightsManifest, signature, userDefinedMetadata} = JSON.parse(
        Buffer.from(files.get('model.json')!).toString(),
      ) as {
        modelTopology: object;
        weightsManifest: io.WeightsManifestConfig;
        signature: object;
        userDefinedMetadata: Record<string, string>;
      };
      const data = Buffer.concat(weightsManifest.flatMap(({paths}) => paths.map((name) => files.get(name)!)));
      return {
        modelTopology,
        signature,
        userDefinedMetadata,
        weightSpecs: weightsManifest.flatMap(({weights}) => weights),
        weightData: Uint8Array.from(data).buffer,
      };
    },
  };
}

/** The model's only output for its only input. */
export async function runGraphModel(
  files: ReadonlyMap<string, Uint8Array>,
  data: Float32Array,
  shape: readonly number[],
): Promise<{data: Float32Array; shape: number[]}> {
  const before = tf.getBackend();
  await tf.setBackend('cpu');
  try {
    const model = await loadGraphModel(handler(files));
    const input = tf.tensor(data, [...shape], 'float32');
    const output = model.predict(input) as Tensor;
    const result = {data: (await output.data()) as Float32Array, shape: output.shape};
    tf.dispose([input, output]);
    model.dispose();
    return result;
  } finally {
    await tf.setBackend(before);
  }
}
