/** What the suites of this folder share. */
import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {appendFileSync, existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {decodeSafetensors} from '../../dist/gan/io/safetensors.js';

export const here = path.dirname(fileURLToPath(import.meta.url));

/** `GAN_SUITE=long` runs everything; without it each suite runs a part that takes seconds. */
export const isLong = process.env['GAN_SUITE'] === 'long';

/** Chooses other random jobs. */
export const seed = process.env['GAN_SUITE_SEED'] ?? '1';

/** Evenly spread entries of a list, at most so many. */
export const spread = <T>(all: readonly T[], most: number): T[] =>
  all.length <= most ? [...all] : Array.from({length: most}, (_, i) => all[Math.floor((i * all.length) / most)]!);

/** The jobs that run: all in the long mode, `short` of them without it, in both at most `GAN_SUITE_JOBS`. */
export const chosen = <T>(all: readonly T[], short: number): T[] =>
  spread(all, Number(process.env['GAN_SUITE_JOBS'] ?? (isLong ? Infinity : short)));

/** What came of a job, and what is wrong with that. */
export interface Outcome {
  came: string;
  wrong: readonly string[];
}

interface Suite<T> {
  /** For the line of counts. */
  name: string;
  all: readonly T[];
  /** How many of them run without `GAN_SUITE=long`. */
  short: number;
  /** How many run at a time. Default: 1. */
  atATime?: number;
  run(job: T): Promise<Outcome>;
  told(job: T): string;
}

/** A line of the file that `GAN_SUITE_LOG` names. */
interface Done extends Outcome {
  suite: string;
  seed: string;
  job: number;
}

/**
 * Runs the jobs of a suite, prints what came of them in one line (`kills: 24; resumed alike 24`), and fails when
 * something is wrong. With `GAN_SUITE_LOG=FILE` each job adds a line to that file, and those that went well by it,
 * with the same seed, are counted, not run again: a suite that was stopped goes on.
 */
export async function runSuite<T>({name, all, short, atATime = 1, run, told}: Suite<T>): Promise<void> {
  const counts = new Map<string, number>();
  const count = ({came, wrong}: Outcome): void => {
    const what = wrong.length > 0 ? 'WRONG' : came;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  };
  const faults: string[] = [];
  const log = process.env['GAN_SUITE_LOG'];
  const done = new Map(doneBefore(log, name).map((each) => [each.job, each]));
  const left = chosen([...all.keys()], short).filter((job) => {
    const before = done.get(job);
    if (before) count(before);
    return !before;
  });
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) {
      const outcome = await run(all[job]!);
      count(outcome);
      const {wrong} = outcome;
      if (wrong.length > 0) faults.push(`${told(all[job]!)}: ${wrong.join('; ')}`);
      const line: Done & {told?: string} = {suite: name, seed, job, ...outcome};
      if (wrong.length > 0) line.told = told(all[job]!);
      if (log !== undefined) appendFileSync(log, `${JSON.stringify(line)}\n`);
    }
  };
  try {
    await Promise.all(Array.from({length: atATime}, worker));
  } finally {
    const jobs = [...counts.values()].reduce((sum, n) => sum + n, 0);
    console.log(`      ${name}: ${jobs}; ${[...counts].map(([what, n]) => `${what} ${n}`).join(', ')}`);
  }
  expect(faults.slice(0, 8).join('\n\n'), `${faults.length} faults`).to.equal('');
}

function doneBefore(log: string | undefined, name: string): Done[] {
  if (log === undefined || !existsSync(log)) return [];
  const lines = readFileSync(log, 'utf8').split('\n').slice(0, -1);
  return lines
    .map((line) => JSON.parse(line) as Done)
    .filter((each) => each.suite === name && each.seed === seed && each.wrong.length === 0);
}

/** Compiles a C file of this folder to a library for LD_PRELOAD; undefined, and a line, where that is not possible. */
export function compilePreload(name: string, into: string): string | undefined {
  const library = path.join(into, `${name}.so`);
  const {status, error, stderr} =
    process.platform === 'linux'
      ? spawnSync('gcc', ['-shared', '-fPIC', '-O1', '-o', library, path.join(here, `${name}.c`), '-ldl'], {
          encoding: 'utf8',
        })
      : {status: null, error: undefined, stderr: 'LD_PRELOAD is of Linux'};
  if (status === 0) return library;
  console.log(`      skipped: ${name}.c was not compiled: ${error?.message ?? stderr}`);
  return undefined;
}

const times = ['elapsedMs', 'seconds', 'began'];
const checksums = ['sha256', 'checksum'];

/** JSON without what differs from run to run: times, and checksums over them; keys sorted. */
const withoutTimes = (value: unknown): unknown =>
  JSON.parse(
    JSON.stringify(value, (key, inner: unknown) =>
      times.includes(key) || checksums.includes(key)
        ? undefined
        : typeof inner === 'object' && inner !== null && !Array.isArray(inner)
          ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
          : inner,
    ),
  );

const sha = (bytes: Uint8Array | string): string => createHash('sha256').update(bytes).digest('hex').slice(0, 16);

/**
 * Everything in a run folder that must be equal in two runs of the same configuration, by file: tensors bit for bit,
 * states, rows and lines without times, pictures. Of sessions.json and the names of event files only that they are
 * there.
 */
export function contentOf(dir: string): Map<string, string> {
  const content = new Map<string, string>();
  for (const entry of readdirSync(dir, {recursive: true, withFileTypes: true})) {
    if (!entry.isFile()) continue;
    const file = path.join(entry.parentPath, entry.name);
    const name = path.relative(dir, file);
    const bytes = readFileSync(file);
    content.set(name, describe(name, bytes));
  }
  return content;
}

function describe(name: string, bytes: Buffer): string {
  if (name === 'sessions.json') return 'there';
  if (name.endsWith('.safetensors')) {
    const {tensors} = decodeSafetensors(bytes, name);
    const parts = [...tensors]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, {dtype, shape, data}]) => {
        const hash = sha(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
        return `${key} ${dtype} ${shape.join('x')} ${hash}`;
      });
    return sha(parts.join('\n'));
  }
  if (name.endsWith('.json')) return JSON.stringify(withoutTimes(JSON.parse(bytes.toString())));
  if (name.endsWith('.jsonl'))
    return bytes
      .toString()
      .trimEnd()
      .split('\n')
      .map((line) => JSON.stringify(withoutTimes(JSON.parse(line))))
      .join('\n');
  return sha(bytes);
}

/** What differs between two run folders, by file; empty when they are alike. */
export function differences(got: Map<string, string>, wanted: Map<string, string>): string[] {
  const names = [...new Set([...got.keys(), ...wanted.keys()])].sort();
  return names.flatMap((name) => {
    const [a, b] = [got.get(name), wanted.get(name)];
    if (a === b) return [];
    if (a === undefined) return [`${name} is missing`];
    if (b === undefined) return [`${name} should not be there`];
    const at = [...a].findIndex((letter, i) => letter !== b[i]);
    return [
      `${name} differs: ...${a.slice(Math.max(0, at - 60), at + 60)}... in place of ...${b.slice(Math.max(0, at - 60), at + 60)}...`,
    ];
  });
}

/** The entries of a folder; none when there is no folder. */
export const namesIn = (dir: string): string[] => (existsSync(dir) ? readdirSync(dir) : []);
