import type {Gan} from 'gankit/plugin';

type GanError = Gan['GanError'];
type Fault = InstanceType<GanError>;

const goOn = 'The last checkpoint of the run is complete; resume from it: gan fit --resume RUN';
const useLess = 'Use a smaller --batch-size or --size, or fewer features.';

/** A failure that is told shortly after the call that it makes fail is told within this time. */
const settleMs = 20;

/**
 * Failures of a device. WebGPU reports failures later and elsewhere than where they happen, and tfjs ignores them: a
 * lost device would compute zeros or never answer. The first fault is kept, and every later call throws it.
 */
export class Faults {
  readonly #GanError: GanError;
  /** Resolves only when the device is lost. */
  readonly #lost: Promise<void>;
  #first: Fault | undefined;
  #closed = false;

  constructor(device: GPUDevice, GanError: GanError) {
    this.#GanError = GanError;
    this.#lost = device.lost.then(({reason, message}) => {
      const why = reason === 'unknown' ? '' : ` (${reason})`;
      this.#keep(
        'GAN_DEVICE_LOST',
        `The webgpu device was lost${why}: ${firstLine(message)}.`,
        goOn,
        'If it happens again, look into the log of the graphics driver, or use --backend wasm.',
      );
    });
    device.addEventListener('uncapturederror', (event) => {
      event.preventDefault(); // or Dawn prints it
      const message = firstLine(event.error.message);
      if (event.error instanceof GPUOutOfMemoryError)
        this.#keep('GAN_BACKEND_MEMORY', `The webgpu device is out of memory: ${message}.`, useLess, goOn);
      else
        this.#keep(
          'GAN_BACKEND_FAILED',
          `The webgpu device refused a command: ${message}.`,
          'Please report this, with the output of gan backends.',
          goOn,
        );
    });
  }

  /** Throws the fault, if there was one, or that the device is closed. */
  check(): void {
    if (this.#closed) throw new Error('the webgpu device is closed: read tensors before it is closed');
    if (this.#first) throw this.#first;
  }

  /** Does what the device may refuse at once, and throws that: nothing was handed over yet, and the device goes on. */
  attempt<T>(work: () => T): T {
    const before = this.#first;
    const result = work();
    const refused = this.#first;
    if (refused === before || !refused) return result;
    this.#first = before;
    throw refused;
  }

  /** From now on, nothing counts as a fault, because closing loses the device. */
  close(): void {
    this.#closed = true;
  }

  /** Waits for the device's answer. A fault in the meantime ends the wait. */
  async answer<T>(ask: () => Promise<T>): Promise<T> {
    this.check();
    const asked = ask().catch(async (error: unknown) => {
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      throw this.#first ?? error;
    });
    const answer = await Promise.race([asked, this.#lost]);
    this.check();
    return answer as T; // were the device lost, `check` would have thrown
  }

  /** Error for a tensor that cannot be created. The device stays usable. */
  noMemory(why: string): Fault {
    return (
      this.#first ?? this.#make('GAN_BACKEND_MEMORY', `The webgpu device is out of memory: ${why}.`, [useLess, goOn])
    );
  }

  /** Error for a read that would have to wait for the device. */
  syncRead(): Fault {
    return this.#make('GAN_READ_SYNC', 'webgpu cannot be read from synchronously in Node.', [
      'In place of dataSync() use await data(), in place of arraySync() await array().',
    ]);
  }

  #keep(code: `GAN_${string}`, message: string, ...suggestions: string[]): void {
    this.#first ??= this.#make(code, message, suggestions);
  }

  #make(code: `GAN_${string}`, message: string, suggestions: string[]): Fault {
    return new this.#GanError('backend', code, message, {suggestions});
  }
}

export const firstLine = (text: string): string => (text.split('\n')[0] ?? '').replace(/\.$/, '');
