import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, float, int, threadForEach, workgroupsFor, type Shader, type Uniforms} from '../dispatch.js';
import type {Kernel} from '../kernel.js';

/** Names of what belongs to an average in a shader, by its number there. */
const names = ['count', 'keep', 'share'] as const;

/** A shader for so many averages: each has three of the buffers of which a shader may bind eight. */
const shaderOf = (averages: readonly number[]): Shader => ({
  name: `Blend${averages.length}`,
  element: 'f32',
  writes: averages.map((i) => `result${i}`),
  reads: averages.flatMap((i) => [`old${i}`, `next${i}`]),
  uniforms: averages.flatMap((i) =>
    names.map((name): [string, 'i32' | 'f32'] => [`${name}${i}`, name === 'count' ? 'i32' : 'f32']),
  ),
  code: `${threadForEach}
${averages
  .map(
    (i) =>
      `  if (i < u32(uniforms.count${i})) { result${i}[i] = uniforms.keep${i} * old${i}[i] + uniforms.share${i} * next${i}[i]; }`,
  )
  .join('\n')}
}`,
});

const [single, pair] = [shaderOf([0]), shaderOf([0, 1])];

interface Average {
  old: TensorInfo;
  next: TensorInfo;
  keep: number;
  share: number;
}

const sizeOf = ({shape}: TensorInfo): number => shape.reduce((product, n) => product * n, 1);

/**
 * Next values of running averages, two in a dispatch (see src/backends/fused/blend.ts of gan): three dispatches and two
 * uploads of numbers for each without it.
 */
export const blend: Kernel = {
  name: 'Blend',
  compute(inputs, {backend, attrs}) {
    const {keep, share} = attrs as unknown as Record<'keep' | 'share', number[]>;
    const given = inputs as Record<string, TensorInfo>;
    const averages = keep.map((_, i): Average => {
      return {old: given[`old${i}`]!, next: given[`next${i}`]!, keep: keep[i]!, share: share[i]!};
    });
    const results: TensorInfo[] = [];
    for (let first = 0; first < averages.length; first += 2) {
      const now = averages.slice(first, first + 2);
      const writes = now.map(({old}) => backend.makeTensorInfo(old.shape, 'float32'));
      const uniforms: Uniforms = Object.fromEntries(
        now.flatMap((one, i) => [
          [`count${i}`, int(sizeOf(one.old))],
          [`keep${i}`, float(one.keep)],
          [`share${i}`, float(one.share)],
        ]),
      );
      dispatch(backend, now.length === 2 ? pair : single, {
        reads: now.flatMap(({old, next}) => [old, next]),
        writes,
        uniforms,
        workgroups: workgroupsFor(Math.max(...writes.map(sizeOf)), backend),
      });
      results.push(...writes);
    }
    return results;
  },
};
