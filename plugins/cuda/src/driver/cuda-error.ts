import {blas} from '../blas/signatures.js';
import {dnn} from '../dnn/signatures.js';
import {cuda, stickyCodes} from './codes.js';

/** Results that say so, by library. */
const outOfMemoryCodes: Partial<Record<CudaError['library'], number>> = {
  driver: cuda.CUDA_ERROR_OUT_OF_MEMORY,
  cuBLASLt: blas.CUBLAS_STATUS_ALLOC_FAILED,
  cuDNN: dnn.CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED,
};

/** A call that a library of CUDA refused. `Faults` turns it into an error for people. */
export class CudaError extends Error {
  /**
   * @param call the function that said so
   * @param code its result; of the driver, unless `library` says otherwise
   * @param reason the library's words
   */
  constructor(
    readonly call: string,
    readonly code: number,
    readonly reason: string,
    readonly library: 'driver' | 'NVRTC' | 'cuBLASLt' | 'cuDNN' | 'NCCL' = 'driver',
  ) {
    super(`${call}: ${reason} (${code})`);
    this.name = 'CudaError';
  }

  /** The device is lost with all that is on it. */
  get sticky(): boolean {
    return this.library === 'driver' && stickyCodes.has(this.code);
  }

  get outOfMemory(): boolean {
    return outOfMemoryCodes[this.library] === this.code;
  }
}
