import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view} from './kernel.js';
import {byElement} from './source.js';

const variants = byElement('leaky-relu');

/** The gradient of a leaky ReLU in one pass (see src/backends/gradients.ts of gan). */
export const leakyReluGrad = kernel<Record<'dy' | 'x', unknown>, {alpha: number}>(
  'LeakyReluGrad',
  (inputs, {alpha}, {gpu}) => {
    const type = gpu.elementOf(inputs.x);
    const dx = result(gpu, inputs.x.shape, 'float32', type);
    const count = sizeOf(dx.shape);
    const arrays = [view(gpu, inputs.dy, type), view(gpu, inputs.x, type), dx].map(pointer);
    forEach(gpu, variants[type], 'leakyReluGradient', count, [...arrays, float(alpha), long(count)], 4);
    return dx.info;
  },
);
