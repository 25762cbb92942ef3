import {readFileSync, readlinkSync} from 'node:fs';
import {hostname} from 'node:os';
import {setTimeout as sleep} from 'node:timers/promises';
import {Worker} from 'node:worker_threads';
import type {Collective, Failure, MemoryAt, Work} from 'gankit/plugin';
import {
  blockBytes,
  failureBytes,
  noteBytes,
  slots,
  state,
  timesBytes,
  word,
  type Command,
  type Hello,
  type Process,
  type ThreadData,
} from './control.js';
import {floatsOfMessage, settleEnvironment} from './environment.js';

/** What is known of the processes once they have found each other. */
export interface Begun {
  rank: number;
  size: number;
  library: string;
  file: string;
  threadLevel: string;
  takesGpuMemory: boolean;
}

/** Bytes that MPI moves in one call: its counts are of 32 bits. */
const atOnce = 2 ** 28;
/** Messages that a sum is sent in, at most: each takes a slot. */
const mostMessages = 16;

/**
 * The processes that were started together, as one of them sees them. Calls under way may be as many as there are
 * slots; all processes must make the same calls in the same order.
 */
export class MpiRanks implements Collective {
  readonly rank: number;
  readonly size: number;
  readonly info: Readonly<Record<string, string | number>>;
  readonly takesGpuMemory: boolean;
  #hosts: readonly string[] = [];
  readonly #thread: Worker;
  readonly #words: Int32Array;
  readonly #failureMemory: SharedArrayBuffer;
  readonly #note: Uint8Array;
  readonly #times: Float64Array;
  readonly #lost: (failure: Failure) => Error;
  readonly #ownNote = new Uint8Array(noteBytes);
  /** Shows the thread that this one does not hang. */
  readonly #turning: NodeJS.Timeout;
  #next = 0;
  #closed = false;

  private constructor(
    begun: Begun,
    thread: Worker,
    words: Int32Array,
    {failure, note, times}: Pick<ThreadData, 'failure' | 'note' | 'times'>,
    lost: (failure: Failure) => Error,
  ) {
    const {rank, size, library, file, threadLevel} = begun;
    [this.rank, this.size, this.takesGpuMemory] = [rank, size, begun.takesGpuMemory];
    this.info = {library, file, threadLevel, ranks: size};
    this.#thread = thread;
    this.#words = words;
    this.#failureMemory = failure;
    this.#note = new Uint8Array(note);
    this.#times = new Float64Array(times);
    this.#lost = lost;
    this.#turning = setInterval(() => Atomics.add(words, word.turns, 1), 1000).unref();
  }

  /**
   * Starts MPI in a thread of its own.
   * @param size number of the processes that were started, as the launcher tells
   * @param lost makes the error of a failure of another rank
   * @throws BeginError
   */
  static async begin(
    {launcher, size, silenceSeconds}: Pick<ThreadData, 'launcher' | 'silenceSeconds'> & {size: number},
    lost: (failure: Failure) => Error,
  ): Promise<MpiRanks> {
    settleEnvironment(size);
    const block = new SharedArrayBuffer(blockBytes);
    const failure = new SharedArrayBuffer(failureBytes);
    const note = new SharedArrayBuffer(noteBytes);
    const times = new SharedArrayBuffer(timesBytes);
    const thread = new Worker(new URL('../dist/thread.js', import.meta.url), {
      workerData: {block, failure, note, times, launcher, silenceSeconds} satisfies ThreadData,
      execArgv: [],
    });
    const hello = await new Promise<Hello>((resolve) => {
      thread.once('message', resolve);
      thread.once('error', (error) => resolve({ok: false, what: 'mpi', message: error.message}));
      thread.once('exit', () => resolve({ok: false, what: 'mpi', message: 'the thread that calls MPI ended'}));
    });
    if (!hello.ok) throw new BeginError(hello.message, hello.what, hello.tried);
    thread.removeAllListeners();
    thread.on('error', () => {}); // whoever waits is told by time
    thread.unref();
    const ranks = new MpiRanks(hello, thread, new Int32Array(block), {failure, note, times}, lost);
    const all = await ranks.allGather(Buffer.from(JSON.stringify(ownProcess())));
    const processes = all.map((one) => JSON.parse(Buffer.from(one).toString()) as Process);
    ranks.#hosts = processes.map(({host}) => host);
    await ranks.#post((slot) => ({kind: 'processes', slot, processes})).done();
    return ranks;
  }

  get hosts(): readonly string[] {
    return this.#hosts;
  }

  /** Memory for `allReduce`. */
  memory(count: number): Float32Array {
    return new Float32Array(new SharedArrayBuffer(4 * count));
  }

  /** Adds up values over all ranks, or finds the largest of each, in their place. */
  allReduce(values: Float32Array, op: 'sum' | 'max' = 'sum'): Work {
    const each = Math.max(floatsOfMessage, Math.ceil(values.length / mostMessages));
    const works: Work[] = [];
    for (let from = 0; from === 0 || from < values.length; from += each) {
      const part = values.subarray(from, from + each);
      works.push(this.#post((slot) => ({kind: 'allReduce', slot, values: part, op})));
    }
    return works.length === 1 ? works[0]! : together(works);
  }

  /** The same for memory that JavaScript does not have, once its contents are there. */
  allReduceAt(memory: MemoryAt): Work {
    return this.#post((slot) => ({kind: 'allReduceAt', slot, memory}));
  }

  /** What the others are to tell of this rank, should it be lost; longer texts are cut. */
  note(text: string): void {
    const {written} = new TextEncoder().encodeInto(text, this.#ownNote);
    this.#note.set(this.#ownNote.subarray(0, written));
    Atomics.store(this.#words, word.note, written);
  }

  /** @throws what `lost` makes of a failure of another rank, where there is one */
  check(): void {
    if (Atomics.load(this.#words, word.failure) > 0) throw this.#failure();
  }

  /** Bytes of rank 0, to all. */
  async broadcast(bytes?: Uint8Array): Promise<Uint8Array> {
    const length = new BigInt64Array(new SharedArrayBuffer(8));
    if (bytes) length[0] = BigInt(bytes.length);
    await this.#post((slot) => ({kind: 'broadcast', slot, bytes: new Uint8Array(length.buffer)})).done();
    const all = new Uint8Array(new SharedArrayBuffer(Number(length[0])));
    if (bytes) all.set(bytes);
    for (let from = 0; from < all.length; from += atOnce)
      await this.#post((slot) => ({kind: 'broadcast', slot, bytes: all.subarray(from, from + atOnce)})).done();
    return all;
  }

  /** Some bytes of each rank, to all; not many. */
  async allGather(bytes: Uint8Array): Promise<Uint8Array[]> {
    const longest = this.memory(1);
    longest[0] = bytes.length;
    await this.allReduce(longest, 'max').done();
    const each = 4 + longest[0];
    const all = new Uint8Array(new SharedArrayBuffer(each * this.size));
    const view = new DataView(all.buffer);
    view.setUint32(this.rank * each, bytes.length);
    all.set(bytes, this.rank * each + 4);
    await this.#post((slot) => ({kind: 'allGather', slot, bytes: all, bytesOfEach: each})).done();
    return Array.from({length: this.size}, (_, i) => all.slice(i * each + 4, i * each + 4 + view.getUint32(i * each)));
  }

  /** Tells the others why this rank cannot go on; they get an error where they wait for it. */
  async fail(failure: Omit<Failure, 'rank' | 'host'>): Promise<void> {
    const {rank} = this;
    await this.#post((slot) => ({kind: 'fail', slot, failure: {...failure, rank, host: hostname()}})).ended();
  }

  /** Ends all processes, those that are stopped too, with this exit code. */
  abort(exitCode: number): Promise<never> {
    this.#send({kind: 'abort', exitCode});
    return sleep(5000).then(() => {
      process.kill(process.pid, 'SIGKILL'); // MPI did not do it
      return sleep(1000).then(() => this.abort(exitCode));
    });
  }

  /**
   * Leaves the others in peace: all ranks do so when the work is done.
   * @throws what `lost` makes of a failure that another rank tells of meanwhile
   */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#post((slot) => ({kind: 'close', slot})).done();
    clearInterval(this.#turning);
    await this.#thread.terminate();
  }

  #send(command: Command): void {
    this.#thread.postMessage(command);
    Atomics.add(this.#words, word.posted, 1);
    Atomics.notify(this.#words, word.posted);
  }

  #post(command: (slot: number) => Command): Work & {ended(): Promise<void>} {
    const words = this.#words;
    const slot = this.#next++ % slots;
    const place = word.states + slot;
    Atomics.store(words, place, state.pending);
    this.#send(command(slot));
    const check = (): void => {
      if (Atomics.load(words, place) === state.failed) throw this.#failure();
    };
    const ended = async (): Promise<void> => {
      for (let turn = 0; Atomics.load(words, place) === state.pending; turn++) await sleep(Math.min(turn, 5));
    };
    return {
      wait: () => {
        if (Atomics.load(words, place) === state.pending) {
          Atomics.store(words, word.waiting, 1);
          Atomics.notify(words, word.posted);
          while (Atomics.load(words, place) === state.pending) Atomics.wait(words, place, state.pending, 1000);
          Atomics.store(words, word.waiting, 0);
        }
        check();
      },
      done: async () => {
        await ended();
        check();
      },
      took: () => ({from: this.#times[2 * slot]!, to: this.#times[2 * slot + 1]!}),
      ended,
    };
  }

  #failure(): Error {
    const bytes = new Uint8Array(this.#failureMemory).slice(0, Atomics.load(this.#words, word.failure));
    return this.#lost(JSON.parse(Buffer.from(bytes).toString()) as Failure);
  }
}

/** Several works as one. */
const together = (works: readonly Work[]): Work => ({
  wait: () => works.forEach((work) => work.wait()),
  done: async () => {
    for (const work of works) await work.done();
  },
  took: () => ({from: works[0]!.took().from, to: works.at(-1)!.took().to}),
});

/** This process, as the others on its machine know it. */
function ownProcess(): Process {
  const own = {host: hostname(), pid: process.pid};
  try {
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    return {...own, machine: `${boot} ${readlinkSync('/proc/self/ns/pid')}`};
  } catch {
    return own; // not Linux
  }
}

/** MPI did not start. */
export class BeginError extends Error {
  readonly what: 'no-library' | 'mpi';
  readonly tried: readonly string[];
  constructor(message: string, what: 'no-library' | 'mpi', tried: readonly string[] = []) {
    super(message);
    [this.what, this.tried] = [what, tried];
  }
}
