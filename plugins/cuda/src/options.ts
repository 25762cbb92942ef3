import type {Precision} from './gpu.js';

/** The options of the backend. */
export interface CudaOptions {
  /** Number of the card. */
  device: number;
  precision: Precision;
  /** Folders with libraries. */
  libs: string | undefined;
}
