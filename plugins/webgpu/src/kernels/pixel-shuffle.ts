import type {TensorInfo} from '@tensorflow/tfjs-core';
import {dispatch, int, threadForEach, workgroupsFor, type Shader} from '../dispatch.js';
import type {Kernel} from '../kernel.js';
import type {Shape} from './resample.js';

/**
 * A thread moves the pixels of one small pixel and channel: they are neighbours in `deep` [n, height, width, channels
 * factor^2], and a block in `wide` [n, height factor, width factor, channels].
 */
const shader = (name: string, from: 'deep' | 'wide'): Shader => ({
  name,
  element: 'u32',
  writes: ['y'],
  reads: ['x'],
  uniforms: ['count', 'channels', 'width', 'factor'].map((size) => [size, 'i32']),
  code: `${threadForEach}
  if (i >= u32(uniforms.count)) { return; }
  let factor = uniforms.factor;
  let channel = i32(i) % uniforms.channels;
  let column = i32(i) / uniforms.channels % uniforms.width;
  let row = i32(i) / uniforms.channels / uniforms.width; // of all images together
  for (var a = 0; a < factor; a++) {
    for (var b = 0; b < factor; b++) {
      let deep = (i32(i) * factor + a) * factor + b;
      let wide = (((row * factor + a) * uniforms.width + column) * factor + b) * uniforms.channels + channel;
      y[${from === 'deep' ? 'wide' : 'deep'}] = x[${from}];
    }
  }
}`,
});

/** @param small sides and channels of the small images, and the shape of the result */
const kernel = (
  name: string,
  from: 'deep' | 'wide',
  shapes: (x: Shape, factor: number) => {small: Shape; shape: Shape},
): Kernel => {
  const move = shader(name, from);
  return {
    name,
    compute(inputs, {backend, attrs}) {
      const {x} = inputs as {x: TensorInfo};
      const {factor} = attrs as unknown as {factor: number};
      const {small, shape} = shapes(x.shape as Shape, factor);
      const y = backend.makeTensorInfo([...shape], x.dtype);
      const count = small.reduce((product, n) => product * n, 1);
      dispatch(backend, move, {
        reads: [x],
        writes: [y],
        uniforms: {count: int(count), channels: int(small[3]), width: int(small[2]), factor: int(factor)},
        workgroups: workgroupsFor(count, backend),
      });
      return y;
    },
  };
};

/** Channels to pixels and back (see src/backends/fused/pixel-shuffle.ts of gan), of numbers of any type. */
export const pixelShuffleKernels: readonly Kernel[] = [
  kernel('PixelShuffle', 'deep', ([n, h, w, c], r) => ({
    small: [n, h, w, c / r ** 2],
    shape: [n, h * r, w * r, c / r ** 2],
  })),
  kernel('PixelUnshuffle', 'wide', ([n, h, w, c], r) => ({
    small: [n, h / r, w / r, c],
    shape: [n, h / r, w / r, c * r ** 2],
  })),
];
