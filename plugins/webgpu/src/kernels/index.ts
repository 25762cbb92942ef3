import type {Kernel} from '../registry.js';
import {addN} from './add-n.js';
import {pad} from './pad.js';

/** What tfjs-backend-webgpu 4.22 gets wrong or lacks. */
export const kernels: readonly Kernel[] = [addN, pad];
