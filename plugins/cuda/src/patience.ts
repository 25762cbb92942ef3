/** For so long it is looked again and again, after that with pauses: what is waited for is mostly done already. */
const eagerMs = 2;

/** The device is not done with what it was handed, and will hardly ever be: a kernel that does not end, a card that does not answer. */
export class Stuck extends Error {
  constructor(readonly seconds: number) {
    super(`not done after ${seconds} s`);
    this.name = 'Stuck';
  }
}

/**
 * Waits for the device. The driver's own waits have no limit, so it is asked whether it is done, again and again, and for so long at most.
 * Both throw Stuck after that.
 */
export class Patience {
  constructor(private readonly limitMs: number) {}

  /** Blocks until `done` says so. */
  block(done: () => boolean): void {
    const began = performance.now();
    while (!done()) if (!this.#eager(began)) Atomics.wait(unchanging, 0, 0, 1);
  }

  /** Resolves when `done` says so; other work of the process goes on. */
  async wait(done: () => boolean): Promise<void> {
    const began = performance.now();
    while (!done()) {
      const eager = this.#eager(began);
      await new Promise<void>((resolve) => (eager ? setImmediate(resolve) : setTimeout(resolve, 1)));
    }
  }

  /** Whether it is worth looking again at once, after one look in vain. */
  #eager(began: number): boolean {
    const waited = performance.now() - began;
    if (waited > this.limitMs) throw new Stuck(this.limitMs / 1000);
    return waited < eagerMs;
  }
}

const unchanging = new Int32Array(new SharedArrayBuffer(4));
