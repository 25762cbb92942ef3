/** The run that a user names, where a run is wanted. */
import {existsSync} from 'node:fs';
import path from 'node:path';
import {GanError} from '../errors.js';
import {nearestFirst} from '../options/nearest.js';

/** Where `gan fit` makes runs. */
export const runsFolder = 'runs';

export interface FindRunOptions {
  /** The folder of the runs that are named without it. Default `runs`. */
  runs?: string;
  /** Whether a part of a name that only one run has will do. Default true. */
  parts?: boolean;
}

/**
 * The folder of a run by its path, by its name in `runs`, by a part of it that no other run has, or, as `latest`, of
 * the run that was begun or gone on with last. A path wins over a name, and a whole name over a part of others.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5), GAN_RUN_AMBIGUOUS (exit 2)
 */
export async function findRun(wanted: string, {runs = runsFolder, parts = true}: FindRunOptions = {}): Promise<string> {
  if (isRun(wanted)) return wanted;
  const {findRuns} = await import('./run-summary.js');
  const all = (await findRuns(runs)).filter((dir) => dir !== runs);
  if (wanted === 'latest') {
    if (all[0] !== undefined) return all[0];
    throw new GanError('data', 'GAN_RUN_NOT_FOUND', `There is no run in ${runs} yet.`, {suggestions: ['gan fit']});
  }
  if (wanted.includes('/') || wanted.includes(path.sep) || existsSync(wanted)) throw notARun(wanted, all);
  const named = all.find((dir) => path.basename(dir) === wanted);
  if (named !== undefined) return named;
  const some = parts && wanted !== '' ? all.filter((dir) => path.basename(dir).includes(wanted)) : [];
  if (some.length === 1) return some[0]!;
  if (some.length === 0) throw notARun(wanted, all);
  throw new GanError('usage', 'GAN_RUN_AMBIGUOUS', `'${wanted}' is a part of the names of ${some.length} runs.`, {
    suggestions: [`Name one of them: ${some.slice(0, most).join(', ')}${some.length > most ? ', ...' : ''}`],
  });
}

/** Runs in a suggestion, at most. */
const most = 5;

const isRun = (dir: string): boolean => existsSync(path.join(dir, 'config.json'));

/** The error for what is no run folder, with the runs that there are. */
export function notARun(dir: string, runs: readonly string[] = [], cause?: unknown): GanError {
  const near = nearestFirst(
    path.basename(dir),
    runs.map((run) => path.basename(run)),
  );
  const listed = near.map((name) => runs.find((run) => path.basename(run) === name)!).slice(0, most);
  return new GanError('data', 'GAN_RUN_NOT_FOUND', `${dir} is not a run folder: it has no config.json.`, {
    ...(cause !== undefined && {cause}),
    suggestions:
      listed.length > 0
        ? [`There are: ${listed.join(', ')}${runs.length > most ? ', ...' : ''}`, 'gan runs list   shows all']
        : ['`gan fit` makes run folders, by default in runs/.'],
  });
}

/** The error for what should be a folder of runs. */
export const noFolderOfRuns = (dir: string): GanError =>
  new GanError('data', 'GAN_RUNS_NOT_FOUND', `${dir} is not a folder of runs.`, {
    suggestions: ['`gan fit` makes run folders, by default in runs/.'],
  });
