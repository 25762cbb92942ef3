import {Worker} from 'node:worker_threads';

export interface WorkerData {
  module: WebAssembly.Module;
  memory: WebAssembly.Memory;
  /** Address of the pool. */
  pool: number;
  thread: number;
}

/** The worker threads of a pool: asleep unless a kernel runs, and no reason for the process to stay. */
export class Threads {
  readonly #workers: Worker[] = [];
  #closed = false;
  #failure: Error | undefined;

  /**
   * Where the system gives no more threads there are fewer, which compute the same.
   * @param count threads in all; the calling one is the first, so 1 starts none
   */
  constructor(count: number, data: Omit<WorkerData, 'thread'>) {
    const file = new URL('../dist/worker.js', import.meta.url);
    for (let thread = 1; thread < count; thread++) {
      // Flags such as loaders are not for the worker; its memory is that of the kernels.
      let worker: Worker;
      try {
        worker = new Worker(file, {workerData: {...data, thread} satisfies WorkerData, execArgv: [], env: {}});
      } catch {
        break;
      }
      worker.on('error', (cause) => this.#fail(cause));
      worker.on('exit', () => this.#fail());
      worker.unref();
      this.#workers.push(worker);
    }
  }

  /** @throws Error if a thread ended by itself: what it was to compute may be missing */
  check(): void {
    if (this.#failure) throw this.#failure;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }

  #fail(cause?: unknown): void {
    if (this.#closed || this.#failure) return;
    this.#failure = new Error(
      'a thread of the wasm device ended unexpectedly: close the device and open it again, with --set backend.threads=1 if this happens again',
      {cause},
    );
  }
}

/** Called by a kernel that waited in vain for what a worker had begun. */
export function lost(): never {
  throw new Error(
    'a thread of the wasm device does not answer: run again, with --set backend.threads=1 if this happens again',
  );
}
