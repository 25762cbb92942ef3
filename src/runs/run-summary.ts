import {readdir, readFile, stat} from 'node:fs/promises';
import {join} from 'node:path';
import type {RunConfig} from '../options/run-config.js';
import {RunFolder, type BestCheckpoint} from './run-folder.js';

/** What can be told of a run without its networks. */
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
  /** Seconds of the epochs that ended. */
  seconds: number;
  /** Paths, oldest first. */
  checkpoints: string[];
  /** The checkpoint that `keepBest` keeps. */
  best?: BestCheckpoint;
  /** The last sample grid. */
  sample?: string;
  bytes: number;
  /** When something was last written to it, in ISO 8601. */
  changed: string;
}

/** A line of metrics.jsonl: of a step, or of the end of an epoch. */
interface Line {
  step: number;
  epoch: number;
  genLoss?: number;
  critLoss?: number;
  seconds?: number;
  row?: Record<string, number | null>;
}

/** @throws GanError GAN_RUN_NOT_FOUND (exit 5) */
export async function summariseRun(dir: string): Promise<RunSummary> {
  const folder = new RunFolder(dir);
  const config = await folder.readConfig();
  const lines = await readLines(folder.metricsPath);
  const [ended, last] = [lines.filter(({row}) => row !== undefined), lines.findLast(({row}) => row === undefined)];
  const step = Math.max(0, ...lines.slice(-2).map((line) => line.step));
  const first = ended[0];
  const steps = config.steps ?? (first && config.epochs * (first.step / (first.epoch + 1)));
  const samples = (await readdir(join(dir, 'samples')).catch((): string[] => []))
    .filter((name) => name.endsWith('.png'))
    .sort();
  const [{bytes, changed}, best] = await Promise.all([extent(dir), folder.best()]);
  return {
    dir,
    config,
    step,
    ...(steps !== undefined && {steps}),
    epochs: (ended.at(-1)?.epoch ?? -1) + 1,
    ...(ended.length > 0 && {row: ended.at(-1)!.row!}),
    ...(last?.genLoss !== undefined && {genLoss: last.genLoss}),
    ...(last?.critLoss !== undefined && {critLoss: last.critLoss}),
    seconds: ended.reduce((sum, {seconds = 0}) => sum + seconds, 0),
    checkpoints: await folder.checkpoints(),
    ...(best && {best}),
    ...(samples.length > 0 && {sample: join(dir, 'samples', samples.at(-1)!)}),
    bytes,
    changed: new Date(changed).toISOString(),
  };
}

/** The run folders below a folder, the one that changed last first; the folder itself if it is one. Other folders are passed over. */
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

/** Lines that are cut short, as those of a run that is being written, are passed over. */
async function readLines(file: string): Promise<Line[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.split('\n').flatMap((line) => {
    try {
      return [JSON.parse(line) as Line];
    } catch {
      return [];
    }
  });
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
