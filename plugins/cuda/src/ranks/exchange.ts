/** What the ways to exchange share: the device, a stream of their own, and what is kept while sums are under way. */
import type {TensorInfo} from '@tensorflow/tfjs-core';
import type {Collective, MemoryAt} from 'gankit/plugin';
import {Stuck} from '../device-poller.js';
import type {CudaDevice} from '../device.js';
import {CudaError} from '../driver/cuda-error.js';
import type {Driver} from '../driver/driver.js';

/** The device of a rank, as sums use it. */
export class Exchange {
  readonly device: CudaDevice;
  readonly driver: Driver;
  /** On which the sums are, beside the computation. */
  readonly stream: bigint;
  readonly #events: bigint[] = [];
  readonly #free: bigint[] = [];
  readonly #computed: bigint;
  /** Sums by MPI that have begun and not come to an end. */
  #sums = 0;

  constructor(device: CudaDevice, driver: Driver) {
    this.device = device;
    this.driver = driver;
    this.stream = driver.createStream();
    this.#computed = driver.createEvent();
  }

  /** What is handed to the stream from now on begins when all that was computed so far is there. */
  afterComputation(): void {
    this.driver.recordEvent(this.#computed, this.device.stream);
    this.driver.waitEvent(this.stream, this.#computed);
  }

  /** An event after what was handed to a stream. */
  event(stream: bigint): bigint {
    const event = this.#free.pop() ?? this.driver.createEvent();
    if (!this.#events.includes(event)) this.#events.push(event);
    this.driver.recordEvent(event, stream);
    return event;
  }

  /** Nobody waits for the event any more who has not begun to. */
  passed(event: bigint): void {
    this.#free.push(event);
  }

  /** Begins a sum by MPI in memory of the device. @returns a function that waits for it */
  sum(ranks: Pick<Collective, 'allReduceAt'>, memory: MemoryAt): () => void {
    const work = ranks.allReduceAt(memory);
    this.#sums++;
    return () => {
      work.wait();
      this.#sums--;
    };
  }

  /** Keeps tensors that the other stream reads. @returns a function that lets them go */
  hold(tensors: readonly TensorInfo[]): () => void {
    const held = tensors.map((tensor) => this.device.alias(tensor));
    return () => held.forEach(({dataId}) => this.device.disposeData(dataId, false));
  }

  /**
   * Waits for what was handed to the stream, and gives back what it has; of a device that is lost nothing. Where a sum
   * by MPI has not come to an end, MPI may write to its memory still: then nothing of the device is given back.
   * @param leave what is to be done before
   */
  close(leave = (): void => {}): void {
    if (this.#sums > 0) {
      this.device.lose(new Error('MPI may still write to memory of the device'), 'AllReduce');
      return;
    }
    try {
      leave();
      this.driver.synchronize(this.stream);
      for (const event of [...this.#events, this.#computed]) this.driver.destroyEvent(event);
      this.driver.destroyStream(this.stream);
    } catch (error) {
      if (!(error instanceof CudaError) && !(error instanceof Stuck)) throw error;
    }
  }
}

export const bytesOf = (tensor: TensorInfo): number => 4 * countOf(tensor);

export const countOf = ({shape}: TensorInfo): number => shape.reduce((product, n) => product * n, 1);

/** Numbers in several tensors. */
export const countOfAll = (tensors: readonly TensorInfo[]): number =>
  tensors.reduce((sum, tensor) => sum + countOf(tensor), 0);
