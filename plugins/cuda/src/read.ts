import type {CudaDevice} from './device.js';
import type {Driver} from './driver/driver.js';
import type {Staging} from './memory/pinned.js';
import type {DataId, Entry} from './tensors.js';

/** Device to host. */
export class Reads {
  constructor(
    private readonly device: CudaDevice,
    private readonly driver: Driver,
  ) {}

  /** The bytes of a tensor as they are at this point of the stream. Waits for them without blocking. */
  async read(dataId: DataId, {bytes}: Entry): Promise<Uint8Array> {
    const staging = this.#start(dataId, bytes);
    await this.#passed(staging.event);
    return this.#finish(staging, bytes);
  }

  /** The same, blocking. */
  readSync(dataId: DataId, {bytes}: Entry): Uint8Array {
    const staging = this.#start(dataId, bytes);
    this.#guard(() => this.driver.awaitEvent(staging.event));
    return this.#finish(staging, bytes);
  }

  /** Resolves when all that was handed over is done. */
  async sync(): Promise<void> {
    const event = this.#guard(() => this.driver.createEvent());
    this.#guard(() => this.driver.recordEvent(event, this.device.stream));
    await this.#passed(event);
    this.#guard(() => this.driver.destroyEvent(event));
  }

  #start(dataId: DataId, bytes: number): Staging {
    if (this.device.recording) throw new Error('nothing can be read from the device while a step is recorded');
    return this.#guard(() => {
      const block = this.device.block(dataId)!; // what is still on its way is waited for
      const staging = this.device.pinned.take(bytes);
      this.device.timed('copies', 0, () =>
        this.driver.copyToHost(staging.address, block.address, bytes, this.device.stream),
      );
      this.driver.recordEvent(staging.event, this.device.stream);
      this.device.dropCopy(dataId);
      return staging;
    });
  }

  async #passed(event: bigint): Promise<void> {
    try {
      await this.driver.poller.wait(() => this.#guard(() => this.driver.eventPassed(event)));
    } catch (error) {
      this.#guard(() => {
        throw error;
      });
    }
  }

  /** A copy: the pinned memory goes back. */
  #finish(staging: Staging, bytes: number): Uint8Array {
    const copy = staging.bytes.slice(0, bytes);
    this.device.pinned.give(staging);
    return copy;
  }

  #guard<T>(work: () => T): T {
    return this.device.guard('Reading a tensor', [], work);
  }
}
