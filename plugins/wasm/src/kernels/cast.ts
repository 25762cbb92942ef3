import type {CastAttrs, CastInputs} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** A cast to the type that x has is a second tensor of the same data; the stock kernel copies. */
export const cast = kernel<CastInputs, CastAttrs>('Cast', ({x}, {dtype}, {heap, stock}) =>
  x.dtype === dtype ? heap.alias(x) : stock(),
);
