import {operations} from '../tfjs/operations.js';

/** Kernels that tfjs has for both WebGPU and WASM; a test compares them with tfjs's registries. */
export const webKernels: ReadonlySet<string> = new Set(Object.keys(operations));
