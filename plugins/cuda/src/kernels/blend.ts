import {float, long, pointer} from './args.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view} from './kernel.js';
import {source} from './source.js';

const variant = source('blend');

interface Attrs {
  keep: number;
  share: number;
  /** The result may overwrite the old value. */
  inPlace?: boolean;
}

/** A running average's next value (see src/backends/fused/blend.ts of gan). */
export const blend = kernel<Record<'old' | 'next', unknown>, Attrs>(
  'Blend',
  (inputs, {keep, share, inPlace = false}, {gpu}) => {
    const {old, next} = inputs;
    const y = inPlace
      ? {info: gpu.alias(old), address: gpu.overwrite(old), shape: old.shape}
      : result(gpu, old.shape, 'float32');
    const count = sizeOf(y.shape);
    forEach(gpu, variant, 'blend', count, [
      ...[view(gpu, old), view(gpu, next), y].map(pointer),
      float(keep),
      float(share),
      long(count),
    ]);
    return y.info;
  },
);
