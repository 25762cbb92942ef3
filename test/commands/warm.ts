/** A process that has `gan` loaded and runs one command after another (warm-process.mjs). */
import {fork, type ChildProcess} from 'node:child_process';
import {constants} from 'node:os';
import path from 'node:path';
import type {Readable} from 'node:stream';
import {fileURLToPath} from 'node:url';
import type {Ran} from './helpers.js';

interface Reply {
  code: number;
  /** What the command left that would keep its process alive. */
  left: string[];
  /** No further command may run in this process. */
  last: boolean;
}

interface Command {
  args: readonly string[];
  cwd: string;
  env: Record<string, string | undefined>;
}

/** After so many commands a new process is taken. */
const most = 100;
const patience = 100_000;

let current: WarmProcess | undefined;

/** Runs a command in the warm process; undefined while that one is busy. */
export function runWarm(program: string, command: Command): Promise<Ran> | undefined {
  if (current?.busy) return undefined;
  if (!current?.usable) current = new WarmProcess(program);
  return current.run(command);
}

export class WarmProcess {
  busy = false;
  usable = true;
  #count = 0;
  readonly #child: ChildProcess;
  readonly #streams: [Readable, Readable];
  readonly #ready: Promise<unknown>;

  /** @param env what the process is started with, beside the environment of this one */
  constructor(program: string, env: Record<string, string> = {}) {
    const script = fileURLToPath(new URL('warm-process.mjs', import.meta.url));
    this.#child = fork(script, [program], {
      stdio: ['pipe', 'pipe', 'pipe', 'ipc'],
      execArgv: [],
      env: {...process.env, ...env},
      cwd: path.dirname(script),
    });
    this.#streams = [this.#child.stdout!, this.#child.stderr!];
    for (const stream of this.#streams) stream.setEncoding('utf8');
    this.#ready = new Promise((resolve) => this.#child.once('message', resolve));
    this.#child.once('exit', () => (this.usable = false));
    this.#child.on('error', () => (this.usable = false));
  }

  async run(command: Command): Promise<Ran> {
    this.busy = true;
    this.#hold(true);
    try {
      await this.#ready;
      return await this.#run(command);
    } finally {
      if (++this.#count === most) this.#retire();
      this.#hold(false);
      this.busy = false;
    }
  }

  #run({args, cwd, env}: Command): Promise<Ran> {
    const mark = `\0end of command ${this.#count}\0`;
    return new Promise((resolve, reject) => {
      const texts = ['', ''];
      let reply: Reply | undefined;
      const timer = setTimeout(() => this.#child.kill('SIGKILL'), patience);
      const readers = this.#streams.map((stream, i) => {
        const reader = (chunk: string): void => {
          texts[i] += chunk;
          finish();
        };
        stream.on('data', reader);
        return reader;
      });
      const release = (): void => {
        clearTimeout(timer);
        readers.forEach((reader, i) => this.#streams[i]!.off('data', reader));
        this.#child.off('message', replied).off('close', closed);
      };
      const finish = (): void => {
        if (!reply || !texts.every((text) => text.endsWith(mark))) return;
        release();
        if (reply.last) this.#retire();
        const [stdout, stderr] = texts.map((text) => text.slice(0, -mark.length)) as [string, string];
        if (reply.left.length === 0) return resolve({code: reply.code, signal: null, stdout, stderr});
        this.#retire();
        reject(new Error(`gan ${args.join(' ')} does not end: ${reply.left.join(', ')}\n${stdout}\n${stderr}`));
      };
      const replied = (message: Reply): void => {
        reply = message;
        finish();
      };
      const closed = (code: number | null, signal: NodeJS.Signals | null): void => {
        release();
        const [stdout, stderr] = texts as [string, string];
        resolve({code: code ?? 128 + constants.signals[signal!], signal, stdout, stderr});
      };
      this.#child.on('message', replied).on('close', closed);
      this.#child.send({args, cwd, env, mark});
    });
  }

  /** Whether the tests wait for this process; it ends with them. */
  #hold(on: boolean): void {
    const handles = [this.#child, this.#child.channel, ...this.#streams, this.#child.stdin] as unknown as {
      ref?(): void;
      unref?(): void;
    }[];
    for (const handle of handles) (on ? handle?.ref : handle?.unref)?.call(handle);
  }

  #retire(): void {
    this.usable = false;
    this.#child.kill('SIGKILL');
  }
}
