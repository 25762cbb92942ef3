/**
 * The run folder: config.json and where its values came from, sessions.json, metrics.jsonl, evaluations.jsonl,
 * samples/step-00000100.png, checkpoints/step-00000100/, and TensorBoard's event files.
 */
import {access, mkdir, readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {GanError, isGanError} from '../errors.js';
import {setAside, writeFileAtomic} from '../gan/io/atomic-write.js';
import {openRegular, readJsonFile, unreadable} from '../gan/io/read-file.js';
import {either, list, number, object, record, text, whole, boolean, withChecksum, type Check} from '../options/json.js';
import {checkRunConfig, type RunConfig} from '../options/run-config.js';
import {addEvaluation, readEvaluations, type Evaluation} from './evaluations.js';
import {MetricsLog, readStanding} from './metrics-log.js';

const stepName = (step: number): string => `step-${String(step).padStart(8, '0')}`;

/** Steps of entries, ascending. */
const stepsOf = (names: readonly string[], pattern: RegExp): number[] =>
  names
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);

/** Steps of the checkpoints among the names in the folder `checkpoints`, ascending. */
export const checkpointSteps = (names: readonly string[]): number[] => stepsOf(names, /^step-(\d+)$/);

/**
 * Steps of the sample grids among the names in the folder `samples`, ascending.
 * @param last the last step of the metrics: later grids are left over from before a crash
 */
export const sampleSteps = (names: readonly string[], last: number): number[] =>
  stepsOf(names, /^step-(\d+)\.png$/).filter((step) => step <= last);

/** Seconds since 1970, which have ten digits until the year 2286. */
const eventFileName = /events\.out\.tfevents\.(\d+)\.gan$/;

const entries: readonly string[] = [
  'config.json',
  'config.origins.json',
  'sessions.json',
  'metrics.jsonl',
  'evaluations.jsonl',
  'evaluations',
  'samples',
  'checkpoints',
  'report.html',
];

/** True if a run, or its report, writes a file or folder with this name at the top of its folder. */
export const isRunEntry = (name: string): boolean => {
  const whole = name.replace(/\.damaged-\d+$/, ''); // one that was set aside
  return entries.includes(whole) || eventFileName.test(name);
};

/** A checkpoint of a run: by its step, or by what it is. */
export type CheckpointSelector = number | 'newest' | 'best';

/** The checkpoint of the epoch at whose end a metric was best. */
export interface BestCheckpoint {
  step: number;
  metric: string;
  value: number;
}

/** A grid of images from the same latents as all grids of the run. */
export interface Sample {
  step: number;
  path: string;
}

/** Where each value of a configuration came from, by `key` or `part.option`. */
export type Origins = Readonly<Record<string, string>>;

/** A training on a run, from its start or from a checkpoint: when, where, on what. */
export interface Session {
  /** ISO 8601, UTC. */
  began: string;
  /** Steps that the run had done before. */
  afterStep: number;
  backend: string;
  device: Readonly<Record<string, string | number | boolean>>;
  /** Processor, memory, system, versions. */
  environment: Readonly<Record<string, string | number>>;
  images: number;
  generatorParameters: number;
  criticParameters: number;
}

const checkOrigins: Check<Origins> = record(text);
const checkSessions: Check<Session[]> = list(
  object({
    began: text,
    afterStep: whole(),
    backend: text,
    device: record(either<string | number | boolean>(text, number, boolean)),
    environment: record(either<string | number>(text, number)),
    images: whole(),
    generatorParameters: whole(),
    criticParameters: whole(),
  }),
);
const checkBest: Check<BestCheckpoint> = object({step: whole(), metric: text, value: number});

export interface RunFolderOptions {
  /** Told of a damaged file that is only a record of the training: it is passed over. Default: nobody. */
  warn?(message: string): void;
}

export class RunFolder {
  readonly dir: string;
  readonly #warn: (message: string) => void;
  /** Checkpoints that are not deleted, because a damaged best.json cannot tell which of them is the best. */
  #spared: readonly string[] = [];

  constructor(dir: string, {warn = () => {}}: RunFolderOptions = {}) {
    this.dir = dir;
    this.#warn = warn;
  }

  get configPath(): string {
    return join(this.dir, 'config.json');
  }

  get originsPath(): string {
    return join(this.dir, 'config.origins.json');
  }

  get sessionsPath(): string {
    return join(this.dir, 'sessions.json');
  }

  get metrics(): MetricsLog {
    return new MetricsLog(join(this.dir, 'metrics.jsonl'));
  }

  get evaluationsPath(): string {
    return join(this.dir, 'evaluations.jsonl');
  }

  /** Picture of generated images and their nearest training images. */
  nearestPath(step: number): string {
    return join(this.dir, 'evaluations', `${stepName(step)}-nearest.png`);
  }

  get samplesPath(): string {
    return join(this.dir, 'samples');
  }

  get checkpointsPath(): string {
    return join(this.dir, 'checkpoints');
  }

  get bestPath(): string {
    return join(this.checkpointsPath, 'best.json');
  }

  samplePath(step: number): string {
    return join(this.samplesPath, `${stepName(step)}.png`);
  }

  checkpointPath(step: number): string {
    return join(this.checkpointsPath, stepName(step));
  }

  /** Makes the folders, and takes away checkpoints that a crash left half written. */
  async create(): Promise<void> {
    for (const folder of [this.samplesPath, this.checkpointsPath]) await mkdir(folder, {recursive: true});
    for (const name of await readdir(this.checkpointsPath))
      if (/\.(tmp|old)$/.test(name)) await rm(join(this.checkpointsPath, name), {recursive: true});
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileAtomic(this.configPath, withChecksum(config, 2));
  }

  /** The path of config.json. @throws GanError GAN_RUN_NOT_FOUND (exit 5) when this is no run folder */
  async configFile(): Promise<string> {
    await access(this.configPath).catch((error: unknown) => {
      if (isMissing(error)) throw this.#notFound(error);
    });
    return this.configPath;
  }

  /**
   * @throws GanError GAN_RUN_NOT_FOUND when this is no run folder; GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (all exit 5)
   */
  async readConfig(): Promise<RunConfig> {
    const config = await readJsonFile(this.configPath, checkRunConfig, {
      maxBytes: mostConfigBytes,
      suggestions: [
        'put back a copy of the file; a run with the same settings has the same',
        'if somebody changed it on purpose: delete the line with "checksum"',
      ],
    });
    if (!config) throw this.#notFound();
    return config;
  }

  #notFound(cause?: unknown): GanError {
    return new GanError('data', 'GAN_RUN_NOT_FOUND', `${this.dir} is not a run folder: it has no config.json.`, {
      ...(cause !== undefined && {cause}),
      suggestions: ['`gan fit` makes run folders, by default in runs/.'],
    });
  }

  /** Empty for a run that `gan fit` did not make. */
  async readOrigins(): Promise<Origins> {
    return (await this.#record(this.originsPath, checkOrigins)) ?? {};
  }

  /** Keeps where each value of the configuration came from. Going on with a run changes only what flags changed. */
  async writeOrigins(origins: Origins, resumed: boolean): Promise<void> {
    const earlier = resumed ? ((await this.#record(this.originsPath, checkOrigins, 'replace')) ?? {}) : {};
    const changed = Object.fromEntries(Object.entries(origins).filter(([, origin]) => origin.startsWith('--')));
    await writeFileAtomic(this.originsPath, `${JSON.stringify({...origins, ...earlier, ...changed}, null, 2)}\n`);
  }

  /** Oldest first. */
  async readSessions(): Promise<Session[]> {
    return (await this.#record(this.sessionsPath, checkSessions)) ?? [];
  }

  /** Adds a session; one from the start takes the place of all. */
  async addSession(session: Session): Promise<void> {
    const resumed = session.afterStep > 0;
    const earlier = resumed ? ((await this.#record(this.sessionsPath, checkSessions, 'replace')) ?? []) : [];
    await writeFileAtomic(this.sessionsPath, `${JSON.stringify([...earlier, session], null, 2)}\n`);
  }

  /**
   * Reads a file that is only a record of the training: when it cannot be read or is damaged, there is a warning, and
   * all goes on as if there were none.
   * @param use `replace`: it will be written again, so a damaged one gets another name first
   */
  async #record<T>(path: string, check: Check<T>, use: 'read' | 'replace' = 'read'): Promise<T | undefined> {
    try {
      return await readJsonFile(path, check);
    } catch (error) {
      if (!isGanError(error)) throw error;
      const what = use === 'replace' ? `is now called ${await setAside(path)}` : 'is passed over';
      this.#warn(`${error.message}. The file ${what}.`);
      return undefined;
    }
  }

  /** What `gan evaluate` measured, oldest first. */
  async evaluations(): Promise<Evaluation[]> {
    const path = this.evaluationsPath;
    try {
      const {evaluations, damaged} = await readEvaluations(path);
      if (damaged.length > 0) this.#warn(`${path} is damaged: line ${damaged.join(', ')} is passed over.`);
      return evaluations;
    } catch (error) {
      if (!isGanError(error)) throw error;
      this.#warn(`${error.message}. The file is passed over.`);
      return [];
    }
  }

  addEvaluation(evaluation: Evaluation): Promise<void> {
    return addEvaluation(this.evaluationsPath, evaluation);
  }

  /** The sample grids, oldest first. @param last the last step of the metrics; without it they are read */
  async samples(last?: number): Promise<Sample[]> {
    const names = await namesIn(this.samplesPath);
    const steps = names.length === 0 ? [] : sampleSteps(names, last ?? (await this.lastStep()));
    return steps.map((step) => ({step, path: this.samplePath(step)}));
  }

  /** Optimiser steps that the metrics tell of; 0 when there is none. */
  async lastStep(): Promise<number> {
    const file = await openRegular(this.metrics.path);
    try {
      return (await readStanding(file)).step;
    } finally {
      await file?.close();
    }
  }

  /** TensorBoard's event files, oldest first; it looks for `tfevents` in names and reads them by name. */
  async eventFiles(): Promise<string[]> {
    const names = await namesIn(this.dir);
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
    return (await this.checkpointSteps()).map((step) => this.checkpointPath(step));
  }

  /** Steps of the checkpoints, ascending. */
  async checkpointSteps(): Promise<number[]> {
    return checkpointSteps(await namesIn(this.checkpointsPath));
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5) */
  async latestCheckpoint(): Promise<string> {
    const latest = (await this.checkpoints()).at(-1);
    if (latest === undefined)
      throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint yet`, {
        suggestions: ['let gan fit finish, or stop it with Ctrl-C: both write a checkpoint'],
      });
    return latest;
  }

  /**
   * Returns the checkpoint that `keepBest` keeps; undefined if nothing was measured yet, or the checkpoint is gone, and
   * with a warning where best.json is damaged.
   */
  async best(): Promise<BestCheckpoint | undefined> {
    return this.#there(await this.#record(this.bestPath, checkBest));
  }

  /** The same for a training that may keep another: then a damaged best.json gets another name. */
  async bestSoFar(): Promise<BestCheckpoint | undefined> {
    const there = await stat(this.bestPath).catch(() => undefined);
    const best = await this.#record(this.bestPath, checkBest, 'replace');
    if (there && !best) this.#spared = await this.checkpoints();
    return this.#there(best);
  }

  async writeBest(best: BestCheckpoint): Promise<void> {
    await writeFileAtomic(this.bestPath, withChecksum(best));
  }

  /** @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (exit 5): somebody asked for the best by name */
  async #readBest(): Promise<BestCheckpoint | undefined> {
    const suggestions = [`--checkpoint STEP or --from STEP takes a checkpoint by its step`];
    return this.#there(await readJsonFile(this.bestPath, checkBest, {suggestions}));
  }

  async #there(best: BestCheckpoint | undefined): Promise<BestCheckpoint | undefined> {
    return best && (await this.checkpoints()).includes(this.checkpointPath(best.step)) ? best : undefined;
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5), with the steps of those that there are */
  async checkpointOf(which: CheckpointSelector): Promise<string> {
    if (which === 'newest') return this.latestCheckpoint();
    const step = which === 'best' ? (await this.#readBest())?.step : which;
    if (step === undefined) {
      throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no best checkpoint`, {
        suggestions: [
          'gan fit --metrics NAME --keep-best NAME keeps it',
          '--checkpoint STEP uses any other checkpoint',
        ],
      });
    }
    const [path, all] = [this.checkpointPath(step), await this.checkpoints()];
    if (all.includes(path)) return path;
    throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint of step ${step}`, {
      suggestions: [
        all.length > 0
          ? `it has checkpoints of the steps ${all.map((each) => Number(/\d+$/.exec(each))).join(', ')}`
          : 'it has none yet',
        'gan fit --keep-checkpoints 0 keeps all',
      ],
    });
  }

  /** Deletes the checkpoints and sample grids of steps after `step`: the training comes there again. */
  async rewind(step: number): Promise<void> {
    for (const each of await this.checkpointSteps())
      if (each > step) await rm(this.checkpointPath(each), {recursive: true});
    for (const {step: each, path} of await this.samples(Infinity)) if (each > step) await rm(path);
  }

  /** Deletes all but the newest `keep` checkpoints and the best. */
  async prune(keep: number): Promise<void> {
    const best = await this.bestSoFar();
    const spared = best && this.checkpointPath(best.step);
    for (const old of (await this.checkpoints()).slice(0, -keep))
      if (old !== spared && !this.#spared.includes(old)) await rm(old, {recursive: true, force: true});
  }
}

/** Names in a folder; none when there is no folder. @throws GanError GAN_FILE_UNREADABLE (exit 5) */
const namesIn = (folder: string): Promise<string[]> =>
  readdir(folder).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw unreadable(folder, (error as Error).message, error);
  });

/** Larger than any configuration, in bytes. */
const mostConfigBytes = 1 << 20;

const isMissing = (error: unknown): boolean =>
  ['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '');
