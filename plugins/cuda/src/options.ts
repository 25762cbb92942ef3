import type {Precision} from './gpu.js';

/** The options of the backend. */
export interface CudaOptions {
  /** Number of the card, a part of its name, or its UUID. Absent: the first. */
  device: string | undefined;
  precision: Precision;
  /** Folders with libraries. */
  libs: string | undefined;
  /** Seconds that the card may take for what it was handed before it counts as stuck. */
  timeout: number;
}
