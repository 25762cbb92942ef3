/**
 * The run folder: config.json, metrics.jsonl, samples/step-00000100.png, checkpoints/step-00000100/, and TensorBoard's event files.
 */
import {mkdir, readdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {GanError} from '../errors.js';
import type {Position} from '../gan/checkpoint.js';
import {writeFileAtomic} from '../gan/io/atomic-write.js';
import {parseRunConfig, type RunConfig} from '../options/run-config.js';

const stepName = (step: number): string => `step-${String(step).padStart(8, '0')}`;

/** Seconds since 1970, which have ten digits until the year 2286. */
const eventFileName = /events\.out\.tfevents\.(\d+)\.gan$/;

const entries: readonly string[] = [
  'config.json',
  'config.origins.json',
  'sessions.json',
  'metrics.jsonl',
  'samples',
  'checkpoints',
  'report.html',
];

/** Whether a run, or a report of it, writes what has this name at the top of its folder. */
export const isRunEntry = (name: string): boolean => entries.includes(name) || eventFileName.test(name);

/** A checkpoint of a run: by its step, or by what it is. */
export type CheckpointSelector = number | 'newest' | 'best';

/** The checkpoint of the epoch at whose end a metric was best. */
export interface BestCheckpoint {
  step: number;
  metric: string;
  value: number;
}

export class RunFolder {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  get configPath(): string {
    return join(this.dir, 'config.json');
  }

  get metricsPath(): string {
    return join(this.dir, 'metrics.jsonl');
  }

  samplePath(step: number): string {
    return join(this.dir, 'samples', `${stepName(step)}.png`);
  }

  checkpointPath(step: number): string {
    return join(this.dir, 'checkpoints', stepName(step));
  }

  /** Makes the folders, and takes away checkpoints that a crash left half written. */
  async create(): Promise<void> {
    for (const folder of ['samples', 'checkpoints']) await mkdir(join(this.dir, folder), {recursive: true});
    const names = await readdir(join(this.dir, 'checkpoints'));
    for (const name of names.filter((each) => /\.(tmp|old)$/.test(each)))
      await rm(join(this.dir, 'checkpoints', name), {recursive: true});
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileAtomic(this.configPath, `${JSON.stringify(config, null, 2)}\n`);
  }

  /** @throws GanError GAN_RUN_NOT_FOUND (exit 5) when this is no run folder */
  async readConfig(): Promise<RunConfig> {
    try {
      return parseRunConfig(await readFile(this.configPath, 'utf8'));
    } catch (error) {
      throw new GanError('data', 'GAN_RUN_NOT_FOUND', `${this.dir} is no run folder: its config.json cannot be read`, {
        cause: error,
        suggestions: ['run folders are made by gan fit'],
      });
    }
  }

  /** TensorBoard's event files, oldest first; it looks for `tfevents` in names and reads them by name. */
  async eventFiles(): Promise<string[]> {
    const names = await readdir(this.dir).catch((): string[] => []);
    return names
      .filter((name) => eventFileName.test(name))
      .sort()
      .map((name) => join(this.dir, name));
  }

  /** A name after those of all event files that are there. */
  async newEventFile(): Promise<string> {
    const last = eventFileName.exec((await this.eventFiles()).at(-1) ?? '')?.[1] ?? 0;
    return join(this.dir, `events.out.tfevents.${Math.max(Math.floor(Date.now() / 1000), Number(last) + 1)}.gan`);
  }

  /** Folders of the checkpoints, oldest first. */
  async checkpoints(): Promise<string[]> {
    const names = await readdir(join(this.dir, 'checkpoints')).catch((): string[] => []);
    return names
      .filter((name) => /^step-\d+$/.test(name))
      .sort()
      .map((name) => join(this.dir, 'checkpoints', name));
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5) */
  async latestCheckpoint(): Promise<string> {
    const latest = (await this.checkpoints()).at(-1);
    if (latest === undefined)
      throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint yet`, {
        suggestions: ['let gan fit run to its end, or stop it with Ctrl-C: both write one'],
      });
    return latest;
  }

  /** What `keepBest` keeps; undefined when nothing was measured yet, or the checkpoint is gone. */
  async best(): Promise<BestCheckpoint | undefined> {
    const best = await readFile(this.#bestPath, 'utf8')
      .then((text) => JSON.parse(text) as BestCheckpoint)
      .catch(() => undefined);
    return best && (await this.checkpoints()).includes(this.checkpointPath(best.step)) ? best : undefined;
  }

  async writeBest(best: BestCheckpoint): Promise<void> {
    await writeFileAtomic(this.#bestPath, `${JSON.stringify(best)}\n`);
  }

  get #bestPath(): string {
    return join(this.dir, 'checkpoints', 'best.json');
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5), with the steps of those that there are */
  async checkpointOf(which: CheckpointSelector): Promise<string> {
    if (which === 'newest') return this.latestCheckpoint();
    const step = which === 'best' ? (await this.best())?.step : which;
    if (step === undefined) {
      throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has kept no best checkpoint`, {
        suggestions: ['gan fit --metrics NAME --keep-best NAME keeps it', '--checkpoint STEP takes any that there is'],
      });
    }
    const [path, all] = [this.checkpointPath(step), await this.checkpoints()];
    if (all.includes(path)) return path;
    throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint of step ${step}`, {
      suggestions: [
        all.length > 0
          ? `it has those of the steps ${all.map((each) => Number(/\d+$/.exec(each))).join(', ')}`
          : 'it has none yet',
        'gan fit --keep-checkpoints 0 keeps all',
      ],
    });
  }

  /** Deletes all but the newest `keep` checkpoints and the best. */
  async prune(keep: number): Promise<void> {
    const best = await this.best();
    const spared = best && this.checkpointPath(best.step);
    for (const old of (await this.checkpoints()).slice(0, -keep))
      if (old !== spared) await rm(old, {recursive: true, force: true});
  }

  /** Drops the lines of metrics.jsonl about steps after `step`, and about the end of `epoch` and later ones: all that will come again. */
  async rewindMetrics({step, epoch}: Pick<Position, 'step' | 'epoch'>): Promise<void> {
    const text = await readFile(this.metricsPath, 'utf8').catch(() => '');
    const isPast = (line: MetricsLine): boolean => line.step <= step && (line.row === undefined || line.epoch < epoch);
    const lines = text.split('\n').filter((line) => isPast(parseLine(line)));
    await writeFileAtomic(this.metricsPath, lines.map((line) => `${line}\n`).join(''));
  }
}

interface MetricsLine {
  step: number;
  epoch: number;
  /** In the lines that end an epoch. */
  row?: unknown;
}

/** A line cut short by a crash counts as later than everything. */
function parseLine(line: string): MetricsLine {
  try {
    return JSON.parse(line) as MetricsLine;
  } catch {
    return {step: Infinity, epoch: Infinity};
  }
}
