/** What the suites of this folder share. */
import {spawnSync} from 'node:child_process';
import {createHash} from 'node:crypto';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {decodeSafetensors} from '../../dist/gan/io/safetensors.js';

export const here = path.dirname(fileURLToPath(import.meta.url));

/** `GAN_SUITE=long` runs everything; without it each suite runs a part that takes seconds. */
export const isLong = process.env['GAN_SUITE'] === 'long';

/** Number of jobs of a suite; `GAN_SUITE_JOBS` bounds that of the long mode. */
export const jobsAtMost = (short: number, long: number): number =>
  isLong ? Math.min(long, Number(process.env['GAN_SUITE_JOBS'] ?? Infinity)) : short;

/** Evenly spread entries of a list, at most so many. */
export const spread = <T>(all: readonly T[], most: number): T[] =>
  all.length <= most ? [...all] : Array.from({length: most}, (_, i) => all[Math.floor((i * all.length) / most)]!);

/** Counts what came of the jobs, and says so in one line: `kills: 24; resumed alike 24`. */
export class Tally {
  readonly #of = new Map<string, number>();

  constructor(readonly name: string) {}

  add(what: string): void {
    this.#of.set(what, (this.#of.get(what) ?? 0) + 1);
  }

  toString(): string {
    const jobs = [...this.#of.values()].reduce((sum, n) => sum + n, 0);
    return `${this.name}: ${jobs}; ${[...this.#of].map(([what, n]) => `${what} ${n}`).join(', ')}`;
  }
}

/** Calls `run` with each job, so many at a time. */
export async function inParallel<T>(
  jobs: readonly T[],
  atATime: number,
  run: (job: T) => Promise<void>,
): Promise<void> {
  const left = [...jobs];
  const worker = async (): Promise<void> => {
    for (let job = left.shift(); job !== undefined; job = left.shift()) await run(job);
  };
  await Promise.all(Array.from({length: atATime}, worker));
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
