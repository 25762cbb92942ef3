import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Context, Kernel} from '../kernel.js';

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

/** One value for each of those of the first tensor. */
function pointwise(
  backend: Context['backend'],
  shader: Shader,
  reads: readonly [TensorInfo, TensorInfo],
  uniforms: Uniforms,
): TensorInfo {
  const [{shape}] = reads;
  const count = sizeOf(shape);
  const result = backend.makeTensorInfo(shape, 'float32');
  dispatch(backend, shader, {
    reads,
    writes: [result],
    uniforms: {count: int(count), ...uniforms},
    workgroups: workgroupsFor(count, backend),
  });
  return result;
}

const sizeOf = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

const biasActivation: Kernel = {
  name: 'BiasActivation',
  compute(inputs, {backend, attrs}) {
    const {x, bias} = inputs as unknown as Record<'x' | 'bias', TensorInfo>;
    const uniforms = {channels: int(sizeOf(bias.shape)), slope: float(attrs['slope'] as number)};
    return pointwise(backend, biasShader, [x, bias], uniforms);
  },
};

const leakyReluGrad: Kernel = {
  name: 'LeakyReluGrad',
  compute(inputs, {backend, attrs}) {
    const {dy, x} = inputs as unknown as Record<'dy' | 'x', TensorInfo>;
    return pointwise(backend, gradientShader, [dy, x], {alpha: float(attrs['alpha'] as number)});
  },
};

/**
 * The bias of a layer with the activation after it (see src/backends/fused/bias-activation.ts of gan), and the gradient
 * of the activation (src/backends/gradients.ts): one dispatch each where tfjs has two.
 */
export const biasActivationKernels: readonly Kernel[] = [biasActivation, leakyReluGrad];
