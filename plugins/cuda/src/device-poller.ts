/** Busy-poll this long, then sleep between polls: what is waited for is mostly done already. */
const busyMs = 2;

/**
 * The device is not done with what it was handed, and will hardly ever be: a kernel that does not end, a card that does
 * not answer.
 */
export class Stuck extends Error {
  constructor(readonly seconds: number) {
    super(`not done after ${seconds} s`);
    this.name = 'Stuck';
  }
}

/**
 * Waits for the device by asking the driver whether it is done, since the driver's own waits have no limit. Both waits
 * throw Stuck at the limit.
 */
export class DevicePoller {
  /**
   * Called now and then by who waits long; what it throws ends the wait. While it returns true the device waits for
   * others, and the limit does not count.
   */
  watch?: () => boolean;
  #othersAt = -Infinity;

  constructor(private readonly limitMs: number) {}

  /** Blocks until `done` says so. */
  block(done: () => boolean): void {
    const began = performance.now();
    while (!done()) if (!this.#isBusyPolling(began)) Atomics.wait(unchanging, 0, 0, 1);
  }

  /** Resolves when `done` says so; other work of the process goes on. */
  async wait(done: () => boolean): Promise<void> {
    const began = performance.now();
    while (!done()) {
      const busy = this.#isBusyPolling(began);
      await new Promise<void>((resolve) => (busy ? setImmediate(resolve) : setTimeout(resolve, 1)));
    }
  }

  /** True if the caller should poll again at once. @throws Stuck after the limit */
  #isBusyPolling(began: number): boolean {
    const now = performance.now();
    if (now - began < busyMs) return true;
    if (this.watch?.()) this.#othersAt = now;
    if (now - Math.max(began, this.#othersAt) > this.limitMs) throw new Stuck(this.limitMs / 1000);
    return false;
  }
}

const unchanging = new Int32Array(new SharedArrayBuffer(4));
