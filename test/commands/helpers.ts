import {spawn} from 'node:child_process';
import {constants} from 'node:os';
import path from 'node:path';
import {fileURLToPath, pathToFileURL} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
export const root = path.resolve(here, '..', '..');

export interface Ran {
  /** As a shell reports it: 128 and the signal's number when a signal ended the process. */
  code: number;
  stdout: string;
  stderr: string;
}

interface RunOptions {
  cwd: string;
  env?: Record<string, string>;
  /** Fail as soon as a module of tfjs or of the training library is loaded. */
  withoutTfjs?: boolean;
  /** Called with stderr so far whenever more of it comes. */
  onStderr?(text: string, kill: (signal: NodeJS.Signals) => void): void;
}

/** Runs `gan` as a child process, as it ships. */
export function gan(args: readonly string[], {cwd, env = {}, withoutTfjs = false, onStderr}: RunOptions): Promise<Ran> {
  const hooks = withoutTfjs ? ['--import', pathToFileURL(path.join(here, 'forbid-tfjs.mjs')).href] : [];
  const {NODE_OPTIONS: _, FORCE_COLOR: __, ...inherited} = process.env;
  const child = spawn(process.execPath, [...hooks, path.join(root, 'bin', 'run.js'), ...args], {cwd, env: {...inherited, ...env}});
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
    onStderr?.(stderr, (signal) => child.kill(signal));
  });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({code: code ?? 128 + constants.signals[signal!], stdout, stderr}));
  });
}

/** The JSON values of an output of one per line. */
export const jsonLines = (text: string): Record<string, unknown>[] =>
  text.trim().split('\n').map((line) => JSON.parse(line) as Record<string, unknown>);
