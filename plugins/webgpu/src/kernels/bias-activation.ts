import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader} from '../dispatch.js';
import type {Kernel} from '../kernel.js';
import {activated} from './activation.js';

const shader: Shader = {
  name: 'BiasActivation',
  element: 'f32',
  writes: ['y'],
  reads: ['x', 'bias'],
  uniforms: [
    ['count', 'i32'],
    ['channels', 'i32'],
    ['slope', 'f32'],
  ],
  code: `${activated('f32')}
${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  y[i] = activated(x[i] + bias[i % u32(uniforms.channels)], uniforms.slope);
}`,
};

const sizeOf = ({shape}: TensorInfo): number => shape.reduce((product, n) => product * n, 1);

/**
 * The bias of a layer with the activation after it (see src/backends/fused/bias-activation.ts of gan): one dispatch
 * where tfjs has two.
 */
export const biasActivation: Kernel = {
  name: 'BiasActivation',
  compute(inputs, {backend, attrs}) {
    const {x, bias} = inputs as unknown as Record<'x' | 'bias', TensorInfo>;
    const y = backend.makeTensorInfo(x.shape, 'float32');
    const count = sizeOf(x);
    dispatch(backend, shader, {
      reads: [x, bias],
      writes: [y],
      uniforms: {count: int(count), channels: int(sizeOf(bias)), slope: float(attrs['slope'] as number)},
      workgroups: workgroupsFor(count, backend),
    });
    return y;
  },
};
