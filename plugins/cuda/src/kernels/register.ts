import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Gan} from 'gankit/plugin';
import type {Gpu} from '../gpu.js';
import {kernels} from './index.js';

/** Registers the kernels with tfjs under the name of a backend. Returns a function that removes them. */
export function registerKernels(
  {tf, kernels: {register}}: Pick<Gan, 'tf' | 'kernels'>,
  gpu: Gpu,
  backendName: string,
): () => void {
  const context = {tf, gpu};
  return register(
    backendName,
    kernels.map(({name, compute}) => ({
      name,
      compute({inputs, attrs}) {
        const given = Object.values(inputs).filter(
          (tensor: TensorInfo | undefined) => tensor !== undefined && tensor !== null,
        );
        return gpu.operation(name, given, () => compute(inputs, attrs, context));
      },
    })),
  );
}
