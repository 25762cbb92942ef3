import type {Kernel} from '../kernel.js';
import {addN} from './add-n.js';
import {batchNormKernels} from './batch-norm.js';
import {blend} from './blend.js';
import {pad} from './pad.js';
import {update} from './update.js';

/** What tfjs-backend-webgpu 4.22 gets wrong or lacks, and what it would do in many operations. */
export const kernels: readonly Kernel[] = [addN, pad, ...batchNormKernels, blend, update];
