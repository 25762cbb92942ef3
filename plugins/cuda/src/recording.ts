import type {Driver} from './driver/driver.js';
import type {Faults} from './faults.js';
import type {Allocator} from './memory/allocator.js';
import type {Block, Pool} from './memory/pool.js';

/** The parts of the device that a recording uses. */
export interface RecordingHost {
  driver: Driver;
  allocator: Allocator;
  faults: Faults;
  stream: bigint;
  /** Measures what `run` hands to the stream, where that is wanted. */
  timed(run: () => void): void;
  /** Values change in place. */
  onLaunch(): void;
}

/**
 * Work that was handed to the stream once and can be run again (a CUDA graph). Whatever it allocates is its own, and
 * what it reads and writes beside that keeps its address, disposed of or not, until the recording is disposed of.
 */
export class Recording {
  readonly #host: RecordingHost;
  readonly #held = new Set<Block>();
  #pool: Pool | undefined;
  #executable: bigint | undefined;

  constructor(host: RecordingHost) {
    this.#host = host;
  }

  /** Records `run`. What was handed over before is done first. Called once. */
  record(run: () => void): void {
    const {driver, allocator, stream} = this.#host;
    this.#pool = allocator.beginRecording();
    try {
      driver.beginCapture(stream);
      const graph = this.#capture(run);
      try {
        this.#executable = driver.instantiate(graph);
      } finally {
        driver.destroyGraph(graph);
      }
    } catch (error) {
      allocator.endRecording();
      if (!this.#host.faults.lost) this.#release();
      throw error;
    }
    allocator.endRecording();
  }

  /** The block is read or written by what is recorded. */
  uses(block: Block): void {
    if (block.pool === this.#pool || this.#held.has(block)) return;
    this.#held.add(block);
    this.#host.allocator.hold(block);
  }

  /** Hands all of it to the stream. @throws GanError of the device; Error when it was disposed of */
  launch(): void {
    const executable = this.#executable;
    if (executable === undefined) throw new Error('a recorded step was disposed of');
    const operation = {name: 'A recorded step', inputs: []};
    this.#host.faults.handing(operation);
    this.#host.faults.guard(operation, () =>
      this.#host.timed(() => this.#host.driver.launchGraph(executable, this.#host.stream)),
    );
    this.#host.onLaunch();
  }

  /** Releases the memory; waits for the device. May be called twice. */
  dispose(): void {
    const executable = this.#executable;
    if (executable === undefined) return;
    this.#executable = undefined;
    if (this.#host.faults.lost || this.#host.faults.closed) return;
    this.#host.faults.guard({name: 'Disposing of a recorded step', inputs: []}, () => {
      this.#release();
      this.#host.driver.destroyExecutable(executable);
    });
  }

  /** Ends the capture in every case: a stream that captures runs nothing. */
  #capture(run: () => void): bigint {
    const {driver, stream} = this.#host;
    try {
      run();
    } catch (error) {
      try {
        driver.destroyGraph(driver.endCapture(stream));
      } catch {
        // what broke the capture is the error of `run`
      }
      throw error;
    }
    return driver.endCapture(stream);
  }

  #release(): void {
    const {allocator} = this.#host;
    allocator.retire(this.#pool!); // waits: from here on nothing of it runs
    for (const block of this.#held) allocator.unhold(block);
    this.#held.clear();
  }
}
