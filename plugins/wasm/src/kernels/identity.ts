import type {IdentityInputs} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** A second tensor of the same data, as in the cpu backend; the stock kernel copies. */
export const identity = kernel<IdentityInputs, object>('Identity', ({x}, _attrs, {heap}) => heap.alias(x));
