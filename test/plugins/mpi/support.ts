import {execFile, spawn, spawnSync, type ChildProcess} from 'node:child_process';
import {readdirSync, readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../..');
const child = fileURLToPath(new URL('train-together.mjs', import.meta.url));

export type Library = 'openmpi' | 'mpich';

/** The command that starts processes by a library; undefined where it is not installed. */
export function launcher(library: Library, ranks: number): string[] | undefined {
  const command = `mpirun.${library}`;
  if (spawnSync(command, ['--version']).status !== 0) return undefined;
  const options = library === 'openmpi' ? ['--allow-run-as-root', '--oversubscribe', '--bind-to', 'none'] : [];
  return [command, ...options, '-n', String(ranks)];
}

/** Says why a test does not run. */
export function needs(library: Library, ranks: number, test: Mocha.Context): string[] {
  const start = launcher(library, ranks);
  if (start) return start;
  console.log(`      skipped: mpirun.${library} is not installed (Debian: openmpi-bin, mpich)`);
  return test.skip();
}

export interface Job {
  name: string;
  settings: Record<string, unknown>;
  resume?: boolean;
}

/** What rank 0 tells of a job (train-together.mjs). */
export interface JobResult {
  /** Steps that were repeated from recordings. */
  repeated: number;
  step: number;
  stopped?: {by: string};
  skipped: {path: string; reason: string}[];
  warnings: string[];
}

/** What came of jobs that were trained together. */
export interface Together {
  /** Ranks, machines, library. */
  description: string;
  results: Readonly<Record<string, JobResult>>;
}

/** Trains jobs in several processes, into folders of their names. */
export async function trainTogether(
  start: readonly string[],
  folder: string,
  jobs: readonly Job[],
  more: Record<string, string> = {},
): Promise<Together> {
  const file = path.join(folder, `jobs-${jobs[0]!.name}.json`);
  writeFileSync(file, JSON.stringify({folder, jobs}));
  const env = {...process.env, ...more};
  const [command = '', ...options] = start;
  const {stdout} = await promisify(execFile)(command, [...options, process.execPath, child, file], {
    timeout: 90_000,
    env,
  });
  const [description = '', ...lines] = stdout.trim().split('\n');
  const results = lines.map((line) => {
    const end = line.indexOf(': ');
    return [line.slice(0, end), JSON.parse(line.slice(end + 2)) as JobResult] as const;
  });
  return {description, results: Object.fromEntries(results)};
}

export interface Ended {
  code: number | null;
  output: string;
}

/** Starts `gan fit` in several processes. */
export function startFit(
  start: readonly string[],
  args: readonly string[],
  env: Record<string, string> = {},
): {child: ChildProcess; ended: Promise<Ended>; output(): string} {
  const [command = '', ...options] = start;
  const running = spawn(command, [...options, process.execPath, path.join(root, 'bin/run.js'), 'fit', ...args], {
    env: {...process.env, ...env},
  });
  let output = '';
  for (const stream of [running.stdout, running.stderr]) stream.on('data', (text) => (output += String(text)));
  const ended = new Promise<Ended>((resolve) => running.on('close', (code) => resolve({code, output})));
  return {child: running, ended, output: () => output};
}

/** Whether a process runs, or is stopped. */
export function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** The process of a rank of a training into a folder, by the variables that it was started with. */
export function processOf(rank: number, dir: string): number | undefined {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      if (!words.includes(dir) || !/node/.test(words[0] ?? '')) continue;
      const variables = readFileSync(`/proc/${name}/environ`, 'utf8').split('\0');
      if (variables.includes(`OMPI_COMM_WORLD_RANK=${rank}`) || variables.includes(`PMI_RANK=${rank}`))
        return Number(name);
    } catch {
      // it has ended
    }
  }
  return undefined;
}
