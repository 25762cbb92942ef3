import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader} from '../dispatch.js';
import type {Kernel} from '../kernel.js';

const shader: Shader = {
  name: 'Blend',
  element: 'f32',
  writes: ['result'],
  reads: ['old', 'next'],
  uniforms: [
    ['count', 'i32'],
    ['keep', 'f32'],
    ['share', 'f32'],
  ],
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  result[i] = uniforms.keep * old[i] + uniforms.share * next[i];
}`,
};

/**
 * A running average's next value (see src/backends/fused/blend.ts of gan): three dispatches and two uploads of numbers
 * become one dispatch.
 */
export const blend: Kernel = {
  name: 'Blend',
  compute(inputs, {backend, attrs}) {
    const {old, next} = inputs as unknown as Record<'old' | 'next', TensorInfo>;
    const count = old.shape.reduce((product, n) => product * n, 1);
    const result = backend.makeTensorInfo(old.shape, 'float32');
    const uniforms = {count: int(count), keep: float(attrs['keep'] as number), share: float(attrs['share'] as number)};
    dispatch(backend, shader, {
      reads: [old, next],
      writes: [result],
      uniforms,
      workgroups: workgroupsFor(count, backend),
    });
    return result;
  },
};
