import {constants} from 'node:fs';
import {open, readdir, realpath, type FileHandle} from 'node:fs/promises';
import path from 'node:path';

/** Folders below the served one in which runs are looked for: `runs/NAME`, `runs/SWEEP/NAME`, `runs/A/B/NAME`. */
const deepest = 3;

/** Runs that are listed at most; with more, a folder below shows the rest. */
const mostRuns = 1000;

/** The one way to files for the server: of the runs in one folder, and never out of it, be it by `..` or by a link. */
export class RunsRoot {
  /** The folder as the user gave it. */
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** Names of all runs, sorted: the folders that have a config.json. Links are not followed. */
  async names(): Promise<string[]> {
    const found: string[] = [];
    const search = async (below: string[], depth: number): Promise<void> => {
      if (found.length >= mostRuns) return;
      const entries = await readdir(path.join(this.dir, ...below), {withFileTypes: true}).catch(() => []);
      if (entries.some((entry) => entry.name === 'config.json' && entry.isFile())) {
        found.push(below.length === 0 ? itself : below.join('/'));
        return;
      }
      if (depth === deepest) return;
      for (const entry of entries)
        if (entry.isDirectory() && isPlain(entry.name)) await search([...below, entry.name], depth + 1);
    };
    await search([], 0);
    return found.sort((a, b) => a.localeCompare(b, 'en', {numeric: true}));
  }

  /**
   * The real path of something in a run's folder; undefined when it is not there, is not below the served folder, or
   * `run` is no name of a run.
   * @param segments names below the run's folder
   */
  async resolve(run: string, ...segments: string[]): Promise<string | undefined> {
    const below = run === itself ? [] : run.split('/');
    if (below.length > deepest || ![...below, ...segments].every(isPlain)) return undefined;
    try {
      const root = await realpath(this.dir);
      const real = await realpath(path.join(root, ...below, ...segments));
      return real.startsWith(root.endsWith(path.sep) ? root : root + path.sep) || (real === root && below.length === 0)
        ? real
        : undefined;
    } catch {
      return undefined;
    }
  }

  /** Opens a regular file of a run to read; undefined as for `resolve`, and when it is of another kind. */
  async open(run: string, ...segments: string[]): Promise<FileHandle | undefined> {
    const real = await this.resolve(run, ...segments);
    if (real === undefined) return undefined;
    // no link may have taken its place since, and a pipe must not be waited for
    const file = await open(real, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)).catch(
      () => undefined,
    );
    if (file && !(await file.stat()).isFile()) {
      await file.close();
      return undefined;
    }
    return file;
  }

  /** A whole file of a run, of at most `maxBytes`; undefined when it is larger, and as for `open`. */
  async read(maxBytes: number, run: string, ...segments: string[]): Promise<Buffer | undefined> {
    const file = await this.open(run, ...segments);
    if (!file) return undefined;
    try {
      const {size} = await file.stat();
      if (size > maxBytes) return undefined;
      const bytes = Buffer.alloc(size);
      const {bytesRead} = await file.read(bytes, 0, size, 0); // what is appended meanwhile does not belong to it
      return bytes.subarray(0, bytesRead);
    } catch {
      return undefined;
    } finally {
      await file.close();
    }
  }

  /** Names in a folder of a run, empty as for `resolve`. */
  async list(run: string, ...segments: string[]): Promise<string[]> {
    const real = await this.resolve(run, ...segments);
    return real === undefined ? [] : readdir(real).catch(() => []);
  }
}

/** The name of the served folder where it is a run itself. */
export const itself = '.';

/** A name of one file or folder that leads nowhere else, on Windows either. Hidden ones are not shown. */
const isPlain = (name: string): boolean =>
  name !== '' && !name.startsWith('.') && name.length <= 255 && !/[/\\:\0]/.test(name);
