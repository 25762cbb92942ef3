import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {RunConfig} from '../options/run-config.js';
import {readCheckpointState} from '../gan/checkpoint.js';
import {JsonError} from '../options/json.js';
import {isGanError, messageOf} from '../errors.js';
import {unreadable} from '../gan/io/read-file.js';
import {checkTotals, digestLog, logMetricsName, type LogTotals} from './log-digest.js';
import type {Found} from './metrics-log.js';
import {RunFolder, type BestCheckpoint, type RunFolderOptions} from './run-folder.js';

/** The summary of a run that needs no networks. */
export interface RunSummary {
  dir: string;
  config: RunConfig;
  /** Optimiser steps done. */
  step: number;
  /** Steps wanted; absent while a run by epochs has not ended one, since only the data tell. */
  steps?: number;
  /** Epochs ended. */
  epochs: number;
  /** The row of the last epoch that ended, by column: train_loss, gen_loss, metrics. */
  row?: Record<string, number | null>;
  /** Smoothed losses at the last step. */
  genLoss?: number;
  critLoss?: number;
  /** What the watch found, oldest first. */
  findings: Found[];
  /** Why the run ended early, where it was asked to. */
  stopped?: string;
  /** Seconds of the epochs that ended; absent where a long log was not read. */
  seconds?: number;
  /** Paths, oldest first. */
  checkpoints: string[];
  /** The checkpoint that `keepBest` keeps. */
  best?: BestCheckpoint;
  /** The last sample grid. */
  sample?: string;
  bytes: number;
  /** Time of the last write to it, in ISO 8601. */
  changed: string;
}

export interface SummaryOptions extends RunFolderOptions {
  /**
   * Read the whole log where no checkpoint says what it holds, as in runs of older versions. Default true; otherwise
   * the end of a long log has to do.
   */
  thorough?: boolean;
}

/** @throws GanError GAN_RUN_NOT_FOUND, GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (exit 5) */
export async function summariseRun(
  dir: string,
  {thorough = true, ...options}: SummaryOptions = {},
): Promise<RunSummary> {
  const folder = new RunFolder(dir, options);
  const config = await folder.readConfig();
  const checkpoints = await folder.checkpoints();
  const known = await totalsOf(checkpoints.at(-1));
  const {standing, last, findings, seconds, stopped} = await digestLog(folder.metrics, {known, thorough});
  const steps = config.steps ?? (last && config.epochs * (last.step / (last.epoch + 1)));
  const [{bytes, changed}, best, samples] = await Promise.all([
    extent(dir),
    folder.best(),
    folder.samples(standing.step),
  ]);
  return {
    dir,
    config,
    ...standing,
    ...(steps !== undefined && {steps}),
    epochs: (last?.epoch ?? -1) + 1,
    ...(last && {row: last.row}),
    findings,
    ...(stopped !== undefined && {stopped}),
    ...(seconds !== undefined && {seconds}),
    checkpoints,
    ...(best && {best}),
    ...(samples.length > 0 && {sample: samples.at(-1)!.path}),
    bytes,
    changed: new Date(changed).toISOString(),
  };
}

/** What a checkpoint keeps of the log; undefined where it keeps nothing that can be read: who resumes will be told. */
async function totalsOf(checkpoint: string | undefined): Promise<{step: number; totals: LogTotals} | undefined> {
  if (checkpoint === undefined) return undefined;
  try {
    const {position, callbacks} = await readCheckpointState(checkpoint);
    return {step: position.step, totals: checkTotals(callbacks[logMetricsName], logMetricsName)};
  } catch (error) {
    if (isGanError(error) || error instanceof JsonError) return undefined;
    throw error;
  }
}

/**
 * The run folders below a folder, the one that changed last first; the folder itself if it is one. Other folders are
 * passed over.
 */
export async function findRuns(dir: string): Promise<string[]> {
  const names = await readdir(dir, {withFileTypes: true}).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return [];
    throw unreadable(dir, error.message, error);
  });
  if (names.some(({name}) => name === 'config.json')) return [dir];
  const folders = names.filter((entry) => entry.isDirectory()).map(({name}) => join(dir, name));
  const times = await Promise.all(
    folders.map((folder) =>
      stat(new RunFolder(folder).configPath).then(
        ({mtimeMs}) => ({folder, mtimeMs}),
        () => undefined,
      ),
    ),
  );
  return times
    .filter((time) => time !== undefined)
    .sort((a, b) => b.mtimeMs - a.mtimeMs)
    .map(({folder}) => folder);
}

/** Runs that are read at a time. */
const atATime = 8;

/** Summaries of many runs: of those that can be read, and why others cannot. */
export async function summariseRuns(
  dirs: readonly string[],
  options: SummaryOptions = {},
): Promise<{runs: RunSummary[]; refused: {dir: string; why: string}[]}> {
  const runs: RunSummary[] = [];
  const refused: {dir: string; why: string}[] = [];
  for (let i = 0; i < dirs.length; i += atATime) {
    const some = dirs.slice(i, i + atATime);
    const tried = await Promise.allSettled(some.map((dir) => summariseRun(dir, options)));
    for (const [j, each] of tried.entries())
      if (each.status === 'fulfilled') runs.push(each.value);
      else refused.push({dir: some[j]!, why: messageOf(each.reason)});
  }
  return {runs, refused};
}

/** Size and last change of all that is in a folder. */
async function extent(dir: string): Promise<{bytes: number; changed: number}> {
  const entries = await readdir(dir, {withFileTypes: true, recursive: true});
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map((entry) => stat(join(entry.parentPath, entry.name)).catch(() => undefined)),
  );
  return {
    bytes: files.reduce((sum, file) => sum + (file?.size ?? 0), 0),
    changed: Math.max(0, ...files.map((file) => file?.mtimeMs ?? 0)),
  };
}
