import {existsSync, readFileSync, readdirSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {dataName} from '../../config/data.js';
import type {ResolvedConfig} from '../../config/resolve.js';
import {GanError} from '../../errors.js';

/** `runs/wgan-shapes-3`: the recipe, the data, and the next number that is free. */
export function nextRunFolder(
  {recipe = 'run', config}: Pick<ResolvedConfig, 'recipe' | 'config'>,
  cwd = process.cwd(),
): string {
  const stem = path.join('runs', `${recipe}-${dataName(config.data)}`);
  for (let n = 1; ; n++) {
    if (!existsSync(path.resolve(cwd, `${stem}-${n}`))) return `${stem}-${n}`;
  }
}

/** A new run must not write into what is there already. */
export function assertUnused(dir: string): void {
  const stats = statSync(dir, {throwIfNoEntry: false});
  if (!stats) return;
  if (!stats.isDirectory())
    throw new GanError('usage', 'GAN_OUT_EXISTS', `${dir} is a file, not a folder.`, {
      suggestions: ['Choose another --out.'],
    });
  if (readdirSync(dir).length === 0) return;
  throw new GanError('usage', 'GAN_OUT_EXISTS', `The folder ${dir} is not empty.`, {
    suggestions: [`gan fit --resume ${dir}   continues the run in it`, 'Or choose another --out.'],
  });
}

/** The config.json of a run folder. @throws GanError GAN_RUN_NOT_FOUND (exit 5) */
export function runConfigFile(dir: string): string {
  const file = path.join(dir, 'config.json');
  if (existsSync(file)) return file;
  throw new GanError('data', 'GAN_RUN_NOT_FOUND', `${dir} is not a run folder: it has no config.json.`, {
    suggestions: ['`gan fit` makes run folders, by default in runs/.'],
  });
}

type Origins = Readonly<Record<string, string>>;

const originsFile = (dir: string): string => path.join(dir, 'config.origins.json');

/** Returns the origin of each value of a run's configuration; empty for runs that `gan fit` did not make. */
export const readOrigins = (dir: string): Origins =>
  existsSync(originsFile(dir)) ? (JSON.parse(readFileSync(originsFile(dir), 'utf8')) as Origins) : {};

/** Keeps where each value of a run's configuration came from. Going on with a run changes only what flags changed. */
export function writeOrigins(dir: string, origins: Origins, resumed: boolean): void {
  const earlier = resumed ? readOrigins(dir) : {};
  const changed = Object.fromEntries(Object.entries(origins).filter(([, origin]) => origin.startsWith('--')));
  writeFileSync(originsFile(dir), `${JSON.stringify({...origins, ...earlier, ...changed}, null, 2)}\n`);
}
