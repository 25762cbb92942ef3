import {CudaError} from '../driver/cuda-error.js';
import {nccl, type NcclFunctions} from './signatures.js';

/** One of the arrays of float32 that are summed together. */
export interface Sum {
  from: bigint;
  /** May be the same. */
  to: bigint;
  count: number;
}

/** A library of NCCL, and what it says of itself. */
export class Nccl {
  readonly #api: NcclFunctions;

  constructor(api: NcclFunctions) {
    this.#api = api;
  }

  /** `2.27.5`. */
  version(): string {
    const out = new Int32Array(1);
    this.check('ncclGetVersion', this.#api.ncclGetVersion(out));
    const unit = out[0]! < 10_000 ? 1000 : 10_000; // to 2.8 the second number has one digit
    return [Math.floor(out[0]! / unit), Math.floor((out[0]! % unit) / 100), out[0]! % 100].join('.');
  }

  /** What rank 0 makes, and all ranks join a communicator by. */
  uniqueId(): Uint8Array {
    const id = new Uint8Array(nccl.NCCL_UNIQUE_ID_BYTES);
    this.check('ncclGetUniqueId', this.#api.ncclGetUniqueId(id));
    return id;
  }

  /** Waits until all ranks have joined, each with the GPU whose context is the current one. */
  join(id: Uint8Array, rank: number, size: number): Communicator {
    const out = new BigUint64Array(1);
    this.check('ncclCommInitRank', this.#api.ncclCommInitRank(out, size, {internal: id}, rank));
    return new Communicator(this, this.#api, out[0]!);
  }

  /** @throws CudaError */
  check(call: string, code: number, comm = 0n): void {
    if (code === nccl.ncclSuccess || code === nccl.ncclInProgress) return;
    const last = this.#api.ncclGetLastError(comm).trim();
    const reason = this.#api.ncclGetErrorString(code);
    throw new CudaError(call, code, last === '' ? reason : `${reason}, ${last}`, 'NCCL');
  }
}

/** The ranks that exchange with one another. All call the same, in the same order. */
export class Communicator {
  readonly #library: Nccl;
  readonly #api: NcclFunctions;
  readonly #handle: bigint;

  constructor(library: Nccl, api: NcclFunctions, handle: bigint) {
    this.#library = library;
    this.#api = api;
    this.#handle = handle;
  }

  /** Hands the sums over all ranks to a stream, as one piece of work. */
  allReduce(sums: readonly Sum[], stream: bigint): void {
    this.#check('ncclGroupStart', this.#api.ncclGroupStart());
    try {
      for (const {from, to, count} of sums)
        this.#check(
          'ncclAllReduce',
          this.#api.ncclAllReduce(from, to, BigInt(count), nccl.ncclFloat32, nccl.ncclSum, this.#handle, stream),
        );
    } finally {
      this.#check('ncclGroupEnd', this.#api.ncclGroupEnd());
    }
  }

  /** @throws CudaError where a sum that was handed over has failed: another rank has gone, or a network has */
  checkSums(): void {
    const out = new Int32Array(1);
    this.#check('ncclCommGetAsyncError', this.#api.ncclCommGetAsyncError(this.#handle, out));
    this.#check('ncclAllReduce', out[0]!);
  }

  /** Ends it. Its work is done. */
  destroy(): void {
    this.#check('ncclCommDestroy', this.#api.ncclCommDestroy(this.#handle));
  }

  /** Ends it, and what waits for other ranks on the device. */
  abort(): void {
    this.#api.ncclCommAbort(this.#handle); // what it says is no help any more
  }

  #check(call: string, code: number): void {
    this.#library.check(call, code, this.#handle);
  }
}
