import {fork, type ChildProcess} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import type {Failed, Order, Reply} from './types.js';

/** The built child, also for a command that runs from its sources: plug-ins are loaded as built, too. */
const childFile = fileURLToPath(new URL('../../dist/bench/child/main.js', import.meta.url));

/** Lines of a process's stderr that are kept, for when it dies. */
const keptLines = 8;

/** A process that measures one backend. Whatever happens to it is a reply. */
export class Worker {
  readonly backend: string;
  readonly #child: ChildProcess;
  readonly #timeoutMs: number;
  #stderr = '';
  #answer: ((reply: Reply) => void) | undefined;
  #over: Failed | undefined;

  constructor(backend: string, timeoutMs: number) {
    this.backend = backend;
    this.#timeoutMs = timeoutMs;
    this.#child = fork(childFile, [], {execArgv: [], stdio: ['ignore', 'ignore', 'pipe', 'ipc']});
    this.#child.stderr?.on('data', (chunk: Buffer) => (this.#stderr = (this.#stderr + chunk.toString()).slice(-4000)));
    this.#child.on('message', (reply: Reply) => this.#reply(reply));
    this.#child.on('error', (error) => this.#end(error.message));
    this.#child.on('close', (code, signal) =>
      this.#end(`its process ended with ${signal ?? `code ${code}`}${this.#lastWords()}`),
    );
  }

  /** Sends a request and waits for the reply. Never rejects. */
  async ask(order: Order): Promise<Reply> {
    if (this.#over) return this.#over;
    const reply = new Promise<Reply>((resolve) => (this.#answer = resolve));
    const timer = setTimeout(() => {
      this.#end(`no answer within ${this.#timeoutMs / 1000} s`);
      this.stop();
    }, this.#timeoutMs);
    this.#child.send(order, () => {}); // a process that is gone is told of by 'close'
    try {
      return await reply;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the process at once. */
  stop(): void {
    this.#child.kill('SIGKILL');
  }

  #reply(reply: Reply): void {
    if (reply.type === 'failed') this.#over = reply;
    this.#answer?.(reply);
    this.#answer = undefined;
  }

  #end(why: string): void {
    this.#over ??= {type: 'failed', why};
    this.#reply(this.#over);
  }

  #lastWords(): string {
    const lines = this.#stderr
      .trim()
      .split('\n')
      .filter((line) => line.trim() !== '');
    const error = lines.find((line) => /^\w*Error\b/.test(line));
    return lines.length === 0 ? '' : `: ${error ?? lines.slice(-keptLines).join(' | ')}`;
  }
}
