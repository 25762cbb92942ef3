import type {Precision} from './gpu.js';

/** The options of the backend. */
export interface CudaOptions {
  /** Number of the card, or a part of its name. Absent: the first. */
  device: string | undefined;
  precision: Precision;
  /** Folders with libraries. */
  libs: string | undefined;
  /** Seconds that the card may take for what it was handed before it counts as stuck. */
  timeout: number;
}
