import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {NodeBackend} from './kernel.js';

/** Makes the errors of TensorFlow say which operation failed, on what shapes. */
export function explainErrors(backend: NodeBackend): void {
  const {executeSingleOutput, executeMultipleOutputs} = backend;
  backend.executeSingleOutput = (name, attributes, inputs) =>
    explained(name, inputs, () => executeSingleOutput.call(backend, name, attributes, inputs));
  backend.executeMultipleOutputs = (name, attributes, inputs, count) =>
    explained(name, inputs, () => executeMultipleOutputs.call(backend, name, attributes, inputs, count));
}

function explained<T>(name: string, inputs: readonly TensorInfo[], run: () => T): T {
  try {
    return run();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    const reason = text
      .replace(/^Invalid TF_Status: \d+\s*(Message: )?/, '')
      .replace(/^Incompatible shapes/, 'cannot be broadcast');
    throw new Error(
      `${name} on tensorflow, of the shapes ${inputs.map(({shape}) => `[${shape}]`).join(', ')}: ${reason}`,
      {cause: error},
    );
  }
}
