import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader} from '../dispatch.js';
import type {Kernel} from '../kernel.js';

const biasShader: Shader = {
  name: 'BiasActivation',
  element: 'f32',
  writes: ['y'],
  reads: ['x', 'bias'],
  uniforms: [
    ['count', 'i32'],
    ['channels', 'i32'],
    ['slope', 'f32'],
  ],
  // NaN is not below 0: it stays
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let z = x[i] + bias[i % u32(uniforms.channels)];
  y[i] = select(z, z * uniforms.slope, z < 0);
}`,
};

const gradientShader: Shader = {
  name: 'LeakyReluGrad',
  element: 'f32',
  writes: ['dx'],
  reads: ['dy', 'x'],
  uniforms: [
    ['count', 'i32'],
    ['alpha', 'f32'],
  ],
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  dx[i] = select(dy[i] * uniforms.alpha, dy[i], x[i] > 0);
}`,
};

const sizeOf = ({shape}: TensorInfo): number => shape.reduce((product, n) => product * n, 1);

const biasActivation: Kernel = {
  name: 'BiasActivation',
  compute(inputs, {backend, attrs}) {
    const {x, bias} = inputs as unknown as Record<'x' | 'bias', TensorInfo>;
    const y = backend.makeTensorInfo(x.shape, 'float32');
    dispatch(backend, biasShader, {
      reads: [x, bias],
      writes: [y],
      uniforms: {count: int(sizeOf(x)), channels: int(sizeOf(bias)), slope: float(attrs['slope'] as number)},
      workgroups: workgroupsFor(sizeOf(x), backend),
    });
    return y;
  },
};

const leakyReluGrad: Kernel = {
  name: 'LeakyReluGrad',
  compute(inputs, {backend, attrs}) {
    const {dy, x} = inputs as unknown as Record<'dy' | 'x', TensorInfo>;
    const dx = backend.makeTensorInfo(x.shape, 'float32');
    dispatch(backend, gradientShader, {
      reads: [dy, x],
      writes: [dx],
      uniforms: {count: int(sizeOf(x)), alpha: float(attrs['alpha'] as number)},
      workgroups: workgroupsFor(sizeOf(x), backend),
    });
    return dx;
  },
};

/**
 * The bias of a layer with the activation after it (see src/backends/fused/bias-activation.ts of gan), and the gradient
 * of the activation (src/backends/gradients.ts): one dispatch each where tfjs has two.
 */
export const biasActivationKernels: readonly Kernel[] = [biasActivation, leakyReluGrad];
