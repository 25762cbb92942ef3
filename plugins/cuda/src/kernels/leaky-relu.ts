import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view} from './kernel.js';
import {source} from './source.js';

const variant = source('leaky-relu');

/** The gradient of a leaky ReLU in one pass (see src/backends/gradients.ts of gan). */
export const leakyReluGrad = kernel<Record<'dy' | 'x', unknown>, {alpha: number}>(
  'LeakyReluGrad',
  (inputs, {alpha}, {gpu}) => {
    const dx = result(gpu, inputs.x.shape, 'float32');
    const count = sizeOf(dx.shape);
    const arrays = [view(gpu, inputs.dy), view(gpu, inputs.x), dx].map(pointer);
    forEach(gpu, variant, 'leakyReluGradient', count, [...arrays, float(alpha), long(count)], 4);
    return dx.info;
  },
);
