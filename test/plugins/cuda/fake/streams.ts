/**
 * When the fake device does what a stream was handed: at once, or only when somebody waits for it. Both must give the
 * same results.
 */
export type Pace = 'eager' | 'late';

type Work = {run: () => void} | {event: Event; version: number};

interface Event {
  /** How often it was recorded, and how many of these are done. */
  recorded: number;
  done: number;
  /** Where it was recorded last; undefined while it never was. */
  stream?: Stream;
  /** Queries until a late one passes. */
  patience: number;
  /** Of the clock, when it was passed last. */
  at?: number;
}

interface Stream {
  pace: Pace;
  queue: Work[];
  /** Queries until a late one is done. */
  patience: number;
  /** What is recorded instead of being done. */
  capture?: (() => void)[];
  broken?: boolean;
}

export const codes = {
  success: 0,
  invalidHandle: 400,
  notReady: 600,
  captureUnsupported: 900,
  captureInvalidated: 901,
  captureIsolation: 905,
} as const;

/** Streams, events and graphs, with their results as the driver gives them. */
export class Streams {
  readonly #streams = new Map<bigint, Stream>();
  readonly #events = new Map<bigint, Event>();
  readonly #graphs = new Map<bigint, (() => void)[]>();
  #next = 0x5000n;
  /** Pace of the n-th stream that is made. */
  readonly #paces: readonly Pace[];
  #made = 0;
  /**
   * Milliseconds of the device: each piece of work takes as long as is said here of the function that handed it over,
   * by default no time.
   */
  readonly durations = new Map<string, number>();
  #clock = 0;
  /** From now on nothing that was handed over gets done. */
  stuck = false;

  constructor(paces: readonly Pace[]) {
    this.#paces = paces;
  }

  /** Handles that were not destroyed. */
  get alive(): number {
    return this.#streams.size + this.#events.size + this.#graphs.size;
  }

  get capturing(): boolean {
    return [...this.#streams.values()].some(({capture}) => capture !== undefined);
  }

  createStream(): bigint {
    const handle = this.#next++;
    this.#streams.set(handle, {pace: this.#paces[this.#made++ % this.#paces.length]!, queue: [], patience: 1});
    return handle;
  }

  createEvent(): bigint {
    const handle = this.#next++;
    this.#events.set(handle, {recorded: 0, done: 0, patience: 2});
    return handle;
  }

  destroyStream = (handle: bigint): number => result(this.#streams.delete(handle));
  destroyEvent = (handle: bigint): number => result(this.#events.delete(handle));
  destroyGraph = (handle: bigint): number => result(this.#graphs.delete(handle));

  /** Hands work of a function to a stream. */
  hand(handle: bigint, name: string, work: () => void): number {
    const stream = this.#streams.get(handle);
    if (!stream) return codes.invalidHandle;
    const run = () => {
      work();
      this.#clock += this.durations.get(name) ?? 0;
    };
    if (stream.capture) stream.capture.push(run);
    else this.#queue(stream, {run});
    return codes.success;
  }

  record(eventHandle: bigint, streamHandle: bigint): number {
    const [event, stream] = [this.#events.get(eventHandle), this.#streams.get(streamHandle)];
    if (!event || !stream) return codes.invalidHandle;
    // allowed by CUDA, never meant here
    if (stream.capture) return this.#breakCapture(stream, codes.captureUnsupported);
    const version = ++event.recorded;
    event.stream = stream;
    event.patience = 2;
    this.#queue(stream, {run: () => Object.assign(event, {done: Math.max(event.done, version), at: this.#clock})});
    return codes.success;
  }

  wait(streamHandle: bigint, eventHandle: bigint): number {
    const [event, stream] = [this.#events.get(eventHandle), this.#streams.get(streamHandle)];
    if (!event || !stream) return codes.invalidHandle;
    if (stream.capture) return this.#breakCapture(stream, codes.captureIsolation);
    this.#queue(stream, {event, version: event.recorded});
    return codes.success;
  }

  query(handle: bigint): number {
    const event = this.#events.get(handle);
    if (!event) return codes.invalidHandle;
    if (event.done >= event.recorded) return codes.success;
    if (this.stuck || event.patience-- > 0) return codes.notReady;
    this.#until(event, event.recorded);
    return codes.success;
  }

  /** Milliseconds between two events that have passed. */
  elapsed(from: bigint, to: bigint): number | undefined {
    const [begin, end] = [from, to].map((handle) => this.#events.get(handle)?.at);
    return begin === undefined || end === undefined ? undefined : end - begin;
  }

  queryStream(handle: bigint): number {
    const stream = this.#streams.get(handle);
    if (!stream) return codes.invalidHandle;
    if (stream.capture) return this.#breakCapture(stream, codes.captureUnsupported);
    if (stream.queue.length > 0 && (this.stuck || stream.patience-- > 0)) return codes.notReady;
    stream.patience = 1;
    while (stream.queue.length > 0) this.#step(stream);
    return codes.success;
  }

  beginCapture(handle: bigint): number {
    const stream = this.#streams.get(handle);
    if (!stream || stream.capture) return codes.invalidHandle;
    stream.capture = [];
    return codes.success;
  }

  /** A graph; undefined where the capture was broken. */
  endCapture(handle: bigint): bigint | undefined {
    const stream = this.#streams.get(handle)!;
    const work = stream.capture!;
    const broken = stream.broken === true;
    delete stream.capture;
    delete stream.broken;
    return broken ? undefined : this.#graph(work);
  }

  instantiate(graph: bigint): bigint | undefined {
    const work = this.#graphs.get(graph);
    return work && this.#graph(work);
  }

  launch(executable: bigint, stream: bigint): number {
    const work = this.#graphs.get(executable);
    return work ? this.hand(stream, 'cuGraphLaunch', () => work.forEach((run) => run())) : codes.invalidHandle;
  }

  #graph(work: (() => void)[]): bigint {
    const handle = this.#next++;
    this.#graphs.set(handle, work);
    return handle;
  }

  #breakCapture(stream: Stream, code: number): number {
    stream.broken = true;
    return code;
  }

  #queue(stream: Stream, work: Work): void {
    stream.queue.push(work);
    while (stream.pace === 'eager' && !this.stuck && stream.queue.length > 0) this.#step(stream);
  }

  #step(stream: Stream): void {
    const work = stream.queue.shift()!;
    if ('run' in work) work.run();
    else this.#until(work.event, work.version);
  }

  #until(event: Event, version: number): void {
    while (event.done < version) this.#step(event.stream!);
  }
}

const result = (known: boolean): number => (known ? codes.success : codes.invalidHandle);
