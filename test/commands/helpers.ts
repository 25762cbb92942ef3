import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';
import {runWarm} from './warm.js';

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '..', '..');

export interface Ran {
  /** As a shell reports it: 128 and the signal's number when a signal ended the process. */
  code: number;
  /** The signal that ended the process, if one did. */
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

export type Kill = (signal: NodeJS.Signals) => void;

interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Fail as soon as a module of tfjs or of the training library is loaded. */
  withoutTfjs?: boolean;
  /** Start a process of its own even where a warm one would do. */
  fresh?: boolean;
  /** Called with stderr so far, or stdout, whenever more of it comes. */
  onStderr?(text: string, kill: Kill): void;
  onStdout?(text: string, kill: Kill): void;
}

/**
 * Runs `gan` as it ships, in another process. Commands follow each other in one warm process, where modules are loaded
 * already; one of its own is started for tests that are about starting (`fresh`, `withoutTfjs`), that look on or send
 * signals (`onStderr`, `onStdout`), or that set other variables than GAN_*, which modules may read as they are loaded.
 * With GAN_TEST_FRESH=1 each has a process of its own.
 */
export function gan(args: readonly string[], options: RunOptions): Promise<Ran> {
  const {cwd, env = {}, withoutTfjs = false, fresh = false, onStderr, onStdout} = options;
  const {NODE_OPTIONS: _, FORCE_COLOR: __, ...inherited} = process.env;
  const settings = {GAN_CONFIG_DIR: path.join(here, 'no-settings')}; // no file of whoever runs the tests
  const program = path.join(root, 'bin', 'run.js');
  const complete = {...inherited, ...settings, ...env};
  const plain = !withoutTfjs && !fresh && !onStderr && !onStdout && !process.env['GAN_TEST_FRESH'];
  const ran =
    plain && Object.keys(env).every((name) => name.startsWith('GAN_'))
      ? runWarm(program, {args, cwd, env: complete})
      : undefined;
  if (ran) return ran;
  const hooks = withoutTfjs ? ['--import', pathToFileURL(path.join(here, 'forbid-tfjs.mjs')).href] : [];
  const child = spawn(process.execPath, [...hooks, program, ...args], {
    cwd,
    env: complete,
    timeout: 100_000, // so that one that hangs fails its test and does not stay
    killSignal: 'SIGKILL',
  });
  let [stdout, stderr] = ['', ''];
  const kill: Kill = (signal) => child.kill(signal);
  child.stdout.on('data', (chunk: Buffer) => {
    stdout += chunk.toString();
    onStdout?.(stdout, kill);
  });
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(stderr, kill);
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) =>
      resolve({code: code ?? 128 + constants.signals[signal!], signal, stdout, stderr}),
    );
  });
}

/** Acts the first time that a text is seen. */
export function once(wanted: string | RegExp, act: (kill: Kill) => void): (text: string, kill: Kill) => void {
  let done = false;
  return (text, kill) => {
    if (done || text.search(wanted) === -1) return;
    done = true;
    act(kill);
  };
}

/** The JSON values of an output of one per line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
