import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

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
  /** Called with stderr so far, or stdout, whenever more of it comes. */
  onStderr?(text: string, kill: Kill): void;
  onStdout?(text: string, kill: Kill): void;
}

/** Runs `gan` as a child process, as it ships. */
export function gan(
  args: readonly string[],
  {cwd, env = {}, withoutTfjs = false, onStderr, onStdout}: RunOptions,
): Promise<Ran> {
  const hooks = withoutTfjs ? ['--import', pathToFileURL(path.join(here, 'forbid-tfjs.mjs')).href] : [];
  const {NODE_OPTIONS: _, FORCE_COLOR: __, ...inherited} = process.env;
  const settings = {GAN_CONFIG_DIR: path.join(here, 'no-settings')}; // no file of whoever runs the tests
  const child = spawn(process.execPath, [...hooks, path.join(root, 'bin', 'run.js'), ...args], {
    cwd,
    env: {...inherited, ...settings, ...env},
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
