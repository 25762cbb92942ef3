/** A run that somebody is about to repeat, and how to go on with it in its place. */
import path from 'node:path';
import {readdirSync} from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import type {Assignments} from '../../config/assignments.js';
import type {ResolvedConfig} from '../../config/resolve.js';
import type {RunConfig} from '../../options/run-config.js';
import {commandLine} from '../command/other-words.js';

export interface SameRun {
  dir: string;
  /** How far it is, in words: `done with its 300 steps`. */
  state: string;
  /** What it takes to go on: nothing for a run that has not ended, else twice its length. */
  more: Assignments;
  /** The command that goes on. */
  command: string;
}

/** Runs that are looked at, the newest first. */
const most = 20;

/**
 * The newest run `STEM-N` that has the same settings and a checkpoint; undefined where there is none, and while one is
 * under way. What the training itself found, steps for minutes and a batch size, does not count.
 */
export async function sameRun(
  {config, auto}: Pick<ResolvedConfig, 'config' | 'auto'>,
  stem: string,
): Promise<SameRun | undefined> {
  const dirs = numbered(stem).slice(0, most);
  if (dirs.length === 0) return undefined;
  const [{RunFolder}, {isInUse}] = await Promise.all([
    import('../../runs/run-folder.js'),
    import('../../runs/run-lock.js'),
  ]);
  const kept = ({steps, batchSize, ...others}: RunConfig): object => ({
    ...others,
    ...(config.minutes === undefined || config.steps !== undefined ? {steps} : {}),
    ...(auto.includes('batchSize') ? {} : {batchSize}),
  });
  for (const dir of dirs) {
    const folder = new RunFolder(dir);
    const before = await folder.readConfig().catch(() => undefined); // a damaged one is nothing to go on with
    if (!before || !isDeepStrictEqual(kept(before), kept(config))) continue;
    if (isInUse(dir)) return undefined;
    const steps = await folder.checkpointSteps();
    if (steps.length > 0) return goOn(dir, before, steps.at(-1)!);
  }
  return undefined;
}

/** `runs/wgan-shapes-3`, `-2`, `-1`: those that are there. */
function numbered(stem: string): string[] {
  const start = `${path.basename(stem)}-`;
  let names: string[];
  try {
    names = readdirSync(path.dirname(stem));
  } catch {
    return [];
  }
  return names
    .flatMap((name) => (name.startsWith(start) && /^\d+$/.test(name.slice(start.length)) ? [name] : []))
    .sort((a, b) => Number(b.slice(start.length)) - Number(a.slice(start.length)))
    .map((name) => path.join(path.dirname(stem), name));
}

async function goOn(dir: string, config: RunConfig, step: number): Promise<SameRun> {
  const {summariseRun} = await import('../../runs/run-summary.js');
  const {epochs} = await summariseRun(dir, {thorough: false});
  const isDone = config.steps === undefined ? epochs >= config.epochs : step >= config.steps;
  if (!isDone) return {dir, state: `at step ${step}`, more: new Map(), command: commandLine('fit', ['--resume', dir])};
  const key = config.steps === undefined ? 'epochs' : 'steps';
  const value = String(2 * config[key]!);
  return {
    dir,
    state: `done with its ${config[key]} ${config[key] === 1 ? key.slice(0, -1) : key}`,
    more: new Map([[key, {value, origin: `--${key}`, blame: 'usage'}]]),
    command: commandLine('fit', ['--resume', dir, `--${key}`, value]),
  };
}
