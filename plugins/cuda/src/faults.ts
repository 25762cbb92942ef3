import type {Gan} from 'gankit/plugin';
import type {TensorInfo} from '@tensorflow/tfjs-core';
import {CudaError} from './driver/cuda-error.js';
import {OutOfDeviceMemory} from './memory/allocator.js';
import {Stuck} from './device-poller.js';
import {mebibytes} from './units.js';

type GanError = Gan['GanError'];
type Fault = InstanceType<GanError>;

const goOn = 'The last checkpoint of the run is complete; resume from it: gan fit --resume RUN';
const useLess = 'Use a smaller --batch-size or --size, or fewer features; nvidia-smi shows who else uses the card.';
const findIt =
  'Kernels run later than they are asked for: with GAN_DEBUG=sync each operation is waited for, and the message names the right one. compute-sanitizer tells more.';

const askNccl = 'NCCL_DEBUG=WARN makes NCCL say more. GAN_CUDA_RANKS=host exchanges through MPI instead.';

const waitLonger = 'Where the work really takes so long: --set backend.timeout=SECONDS.';

/**
 * Number of operations that are named when the device is stuck: their launches are still in the stream, or were the
 * last ones.
 */
const remembered = 4;

/** An operation that is under way. */
export interface Operation {
  name: string;
  inputs: readonly Pick<TensorInfo, 'shape' | 'dtype'>[];
}

/** `Conv2D on [8,64,64,3] float32, [4,4,3,64] float32`. */
export const describe = ({name, inputs}: Operation): string =>
  inputs.length === 0 ? name : `${name} on ${inputs.map(({shape, dtype}) => `[${shape}] ${dtype}`).join(', ')}`;

/**
 * Makes errors for people of what CUDA's libraries refuse. After a fault that loses the device nothing is asked of it
 * any more: that fault is thrown again.
 */
export class Faults {
  readonly #GanError: GanError;
  /** The latest operations on the device, the newest last. */
  readonly #handed: Operation[] = [];
  #lost: Error | undefined;
  #closed = false;

  constructor(GanError: GanError) {
    this.#GanError = GanError;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get lost(): boolean {
    return this.#lost !== undefined;
  }

  /** Throws if the device is lost or closed. */
  check(): void {
    if (this.#closed) throw new Error('the cuda device is closed: read tensors before it is closed');
    if (this.#lost) throw this.#lost;
  }

  close(): void {
    this.#closed = true;
  }

  /** From now on nothing is asked of the device any more, because of this error. */
  lose(error: Error): void {
    this.#lost ??= error;
  }

  /** Remembers an operation whose work goes to the device, for the message where that never ends. */
  handing(operation: Operation): void {
    if (this.#handed.push(operation) > remembered) this.#handed.shift();
  }

  /** Runs `work`; its failures become errors that name the operation. Other errors pass. */
  guard<T>(operation: Operation, work: () => T): T {
    this.check();
    try {
      return work();
    } catch (error) {
      throw this.explain(error, operation);
    }
  }

  /** The error for people. */
  explain(error: unknown, operation: Operation): unknown {
    if (this.#lost && (error instanceof CudaError || error instanceof Stuck)) return this.#lost;
    if (error instanceof Stuck) {
      this.#lost = this.#make(
        'GAN_DEVICE_LOST',
        `The cuda device is stuck: it was not done after ${error.seconds} s. The last operations that it was handed: ${this.#handed.map(describe).join('; ')}.`,
        [goOn, findIt, waitLonger],
      );
      return this.#lost;
    }
    if (error instanceof OutOfDeviceMemory) return this.#outOfMemory(error, operation);
    if (!(error instanceof CudaError)) return error;
    if (error.sticky) {
      this.#lost = this.#make(
        'GAN_DEVICE_LOST',
        `The cuda device was lost in or before ${describe(operation)}: ${error.message}.`,
        [goOn, findIt],
      );
      return this.#lost;
    }
    if (error.outOfMemory)
      return this.#make('GAN_BACKEND_MEMORY', `cuda: ${describe(operation)}: no memory left (${error.message}).`, [
        useLess,
        goOn,
      ]);
    return this.#make(
      'GAN_BACKEND_FAILED',
      `cuda: ${describe(operation)} failed: ${error.message}.`,
      [error.library === 'NCCL' ? askNccl : 'Please report this, with the output of gan doctor.', goOn],
      error,
    );
  }

  #outOfMemory({wanted, used, free, total}: OutOfDeviceMemory, operation: Operation): Fault {
    return this.#make(
      'GAN_BACKEND_MEMORY',
      `cuda: ${describe(operation)} is out of memory: ${mebibytes(wanted)} are wanted in one piece, tensors hold ${mebibytes(used)}, and ${mebibytes(free)} of the card's ${mebibytes(total)} are free.`,
      [useLess, goOn],
    );
  }

  #make(code: `GAN_${string}`, message: string, suggestions: string[], cause?: unknown): Fault {
    return new this.#GanError('backend', code, message, {suggestions, ...(cause !== undefined && {cause})});
  }
}
