import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view} from './kernel.js';
import {source} from './source.js';

const variant = source('blend');

/** A running average's next value (see src/backends/fused/blend.ts of gan). */
export const blend = kernel<Record<'old' | 'next', unknown>, Record<'keep' | 'share', number>>(
  'Blend',
  (inputs, {keep, share}, {gpu}) => {
    const y = result(gpu, inputs.old.shape, 'float32');
    const count = sizeOf(y.shape);
    forEach(gpu, variant, 'blend', count, [
      ...[view(gpu, inputs.old), view(gpu, inputs.next), y].map(pointer),
      float(keep),
      float(share),
      long(count),
    ]);
    return y.info;
  },
);
