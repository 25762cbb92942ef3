import {readdir, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {RunConfig} from '../options/run-config.js';
import {addFinding, advance, type Found, type MetricsLine, type Standing} from './metrics-log.js';
import {RunFolder, type BestCheckpoint} from './run-folder.js';

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
  /** Seconds of the epochs that ended. */
  seconds: number;
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

/** @throws GanError GAN_RUN_NOT_FOUND (exit 5) */
export async function summariseRun(dir: string): Promise<RunSummary> {
  const folder = new RunFolder(dir);
  const config = await folder.readConfig();
  let standing: Standing = {step: 0};
  const ended: MetricsLine[] = [];
  const findings: Found[] = [];
  let stopped: string | undefined;
  await folder.metrics.read((line) => {
    standing = advance(standing, line);
    if (line.row) ended.push(line);
    addFinding(findings, line);
    if (line.stopped !== undefined) stopped = line.stopped;
  });
  const [first, last] = [ended[0], ended.at(-1)];
  const steps = config.steps ?? (first && config.epochs * (first.step / ((first.epoch ?? 0) + 1)));
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
    ...(last?.row && {row: last.row}),
    findings,
    ...(stopped !== undefined && {stopped}),
    seconds: ended.reduce((sum, {seconds = 0}) => sum + seconds, 0),
    checkpoints: await folder.checkpoints(),
    ...(best && {best}),
    ...(samples.length > 0 && {sample: samples.at(-1)!.path}),
    bytes,
    changed: new Date(changed).toISOString(),
  };
}

/**
 * The run folders below a folder, the one that changed last first; the folder itself if it is one. Other folders are
 * passed over.
 */
export async function findRuns(dir: string): Promise<string[]> {
  const names = await readdir(dir, {withFileTypes: true}).catch(() => []);
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
