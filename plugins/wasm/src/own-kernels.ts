import type {Native} from './native.js';

/** Kernels of another package that work on the heap of this one. */
export interface OwnKernels {
  /** They take the place of the functions of the same names. */
  functions: Partial<Native>;
  /** Ends what they run in. */
  close(): void;
}

/** Makes them, for the bytes of a heap whose address never changes. */
export type MakeOwnKernels = (heap: Uint8Array) => OwnKernels;
