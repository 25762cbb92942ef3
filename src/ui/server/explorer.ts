import {fork, type ChildProcess} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Directions} from '../protocol.js';
import type {
  CheckpointChoice,
  DrawRequest,
  RealRequest,
  RendererSetup,
  RenderReply,
  RenderRequest,
} from '../renderer/messages.js';
import {Refused} from './guard.js';

/** The built child, also for a command that runs from its sources: plug-ins are loaded as built, too. */
const childFile = fileURLToPath(new URL('../../../dist/ui/renderer/main.js', import.meta.url));

/** Opening a backend and drawing once takes seconds at most on a busy machine; a software GPU takes a minute. */
const timeoutMs = 180_000;

/** Which backend computes. */
interface OnBackend {
  backend: string;
}

/** Requests that wait beside the newest drawing, at most: each is of another run or checkpoint. */
const mostWaiting = 16;

export interface ExplorerOptions {
  packages: string[];
  /**
   * After this time without a request, the rendering process is ended, which frees all memory of its device. Default:
   * 60 s.
   */
  idleMs?: number;
}

type Success = Exclude<RenderReply, {error: string}>;

interface Waiting {
  request: RenderRequest;
  /** Absent: any. */
  backend?: string;
  resolve(reply: Success | undefined): void;
  reject(error: Error): void;
}

/**
 * Draws images in a process of its own: a backend that computes, crashes or runs out of memory takes nothing from those
 * who watch. The process starts with the first request, and anew when another backend is asked for.
 */
export class Explorer {
  readonly #packages: string[];
  readonly #idleMs: number;
  #child: {process: ChildProcess; backend: string} | undefined;
  #busy = false;
  #next: Waiting | undefined;
  readonly #others: Waiting[] = [];
  #idle: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({packages, idleMs = 60_000}: ExplorerOptions) {
    this.#packages = packages;
    this.#idleMs = idleMs;
  }

  /** True if the rendering process is running. */
  get isOpen(): boolean {
    return this.#child !== undefined;
  }

  /**
   * Draws one request at a time, and one waits: a newer one takes its place.
   * @returns a PNG; undefined when a newer request came before this one was begun
   * @throws Refused 500 with what the process said
   */
  async draw({backend, ...request}: DrawRequest & OnBackend): Promise<Uint8Array | undefined> {
    this.#next?.resolve(undefined);
    const reply = await new Promise<Success | undefined>((resolve, reject) => {
      this.#next = {request: {kind: 'draw', ...request}, backend, resolve, reject};
      if (!this.#busy) void this.#work();
    });
    return reply && 'png' in reply ? reply.png : undefined;
  }

  /** What moves the images of a checkpoint most. @throws Refused 500, 503 when too many wait */
  async directions({backend, ...checkpoint}: CheckpointChoice & OnBackend): Promise<Directions | undefined> {
    const reply = await this.#inTurn({kind: 'directions', ...checkpoint}, backend);
    return reply && 'directions' in reply ? reply.directions : undefined;
  }

  /** The grid of real images from the data of a run, as PNG. @throws Refused as `directions` */
  async real(request: RealRequest): Promise<Uint8Array | undefined> {
    const reply = await this.#inTurn({kind: 'real', ...request});
    return reply && 'png' in reply ? reply.png : undefined;
  }

  /** Ends the process that draws. */
  close(): void {
    this.#closed = true;
    for (const {resolve} of [...(this.#next ? [this.#next] : []), ...this.#others.splice(0)]) resolve(undefined);
    this.#next = undefined;
    this.#end();
  }

  #inTurn(request: RenderRequest, backend?: string): Promise<Success | undefined> {
    if (this.#others.length >= mostWaiting) throw new Refused(503, 'too many requests are waiting');
    return new Promise((resolve, reject) => {
      this.#others.push({request, ...(backend !== undefined && {backend}), resolve, reject});
      if (!this.#busy) void this.#work();
    });
  }

  async #work(): Promise<void> {
    this.#busy = true;
    clearTimeout(this.#idle);
    for (let job = this.#take(); job; job = this.#take()) await this.#render(job).then(job.resolve, job.reject);
    this.#busy = false;
    if (this.#child) this.#idle = setTimeout(() => this.#end(), this.#idleMs).unref();
  }

  #take(): Waiting | undefined {
    if (this.#closed) return undefined;
    const other = this.#others.shift();
    if (other) return other;
    const job = this.#next;
    this.#next = undefined;
    return job;
  }

  async #render({request, backend = this.#child?.backend ?? 'auto'}: Waiting): Promise<Success> {
    if (this.#child?.backend !== backend) {
      this.#end();
      this.#child = {backend, process: this.#start(backend)};
    }
    const reply = await this.#ask(this.#child.process, request);
    if (!('error' in reply)) return reply;
    if (reply.broken) this.#end(); // the next request finds a fresh one
    throw new Refused(500, reply.error);
  }

  #start(backend: string): ChildProcess {
    const setup: RendererSetup = {backend, packages: this.#packages};
    const child = fork(childFile, [JSON.stringify(setup)], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.on('exit', () => {
      if (this.#child?.process === child) this.#child = undefined;
    });
    return child;
  }

  #ask(child: ChildProcess, request: RenderRequest): Promise<RenderReply> {
    return new Promise((resolve) => {
      const settle = (reply: RenderReply): void => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit).off('error', onError);
        resolve(reply);
      };
      const onMessage = (reply: RenderReply): void => settle(reply);
      const onExit = (code: number | null, signal: string | null): void =>
        settle({error: `the process that draws ended with ${signal ?? `code ${code}`}`, broken: true});
      const onError = (error: Error): void => settle({error: error.message, broken: true});
      const timer = setTimeout(
        () => settle({error: `no picture within ${timeoutMs / 1000} s`, broken: true}),
        timeoutMs,
      );
      child.on('message', onMessage).on('exit', onExit).on('error', onError);
      child.send(request, () => {}); // one that is gone is told of by 'exit'
    });
  }

  #end(): void {
    clearTimeout(this.#idle);
    const child = this.#child?.process;
    this.#child = undefined;
    child?.kill('SIGKILL'); // it holds nothing that has to be written
  }
}
