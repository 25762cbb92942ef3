/**
 * The run folder: config.json and where its values came from, sessions.json, metrics.jsonl, evaluations.jsonl,
 * samples/step-00000100.png, real.png, checkpoints/step-00000100/, and TensorBoard's event files.
 */
import {access, mkdir, readdir, rm, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {GanError, isGanError} from '../errors.js';
import {checkClasses, type Classes} from '../gan/classes.js';
import {setAside, temporaryName, writeFileAtomic} from '../gan/io/atomic-write.js';
import {openRegular, readJsonFile, unreadable} from '../gan/io/read-file.js';
import {renameOver} from '../gan/io/rename.js';
import {either, list, number, object, record, text, whole, boolean, withChecksum, type Check} from '../options/json.js';
import {checkRunConfig, type RunConfig} from '../options/run-config.js';
import {notARun} from './find-run.js';
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

/** The weights in a folder of `gan export --format hub`, which has no checkpoints (exported-model.ts). */
export const modelName = 'model.safetensors';

/** Names the process that trains (run-lock.ts). */
export const lockName = 'lock.json';

/** True for lock.json, and for what a crash while it was being taken may leave. */
export const isLockFile = (name: string): boolean => /^lock(\.[0-9a-f]{16})?\.json(\.[0-9a-f]{16}\.tmp)?$/.test(name);

/** Seconds since 1970, which have ten digits until the year 2286. */
const eventFileName = /events\.out\.tfevents\.(\d+)\.gan$/;

/** The classes of a conditional run. */
export const classesName = 'classes.json';

/** What only the process writes that trains. */
const trainingEntries: readonly string[] = [
  'config.json',
  classesName,
  'config.origins.json',
  'sessions.json',
  'metrics.jsonl',
  'samples',
  'real.png',
  'checkpoints',
];

const entries: readonly string[] = [...trainingEntries, 'evaluations.jsonl', 'evaluations', 'report.html'];

/** True if a run, or its report, writes a file or folder with this name at the top of its folder. */
export const isRunEntry = (name: string): boolean => {
  const whole = unfinished(name) ?? name.replace(/\.damaged-\d+$/, ''); // or it was set aside
  return entries.includes(whole) || eventFileName.test(name) || isLockFile(name);
};

/** The name that a file or folder was to get when a crash came; undefined of one that is not left over. */
const unfinished = (name: string): string | undefined => /^(.+?)\.[^.]+\.(?:tmp|old)$/.exec(name)?.[1];

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
export const checkBest: Check<BestCheckpoint> = object({step: whole(), metric: text, value: number});

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

  /** The classes of a conditional run, for who looks at it; its checkpoints have them, too. */
  get classesPath(): string {
    return join(this.dir, classesName);
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

  /** The grid of real images, laid out as the sample grids; runs of points and of earlier versions have none. */
  get realPath(): string {
    return join(this.dir, 'real.png');
  }

  get checkpointsPath(): string {
    return join(this.dir, 'checkpoints');
  }

  get bestPath(): string {
    return join(this.checkpointsPath, 'best.json');
  }

  /** Room for the last checkpoint (`Reserve`). */
  get reservePath(): string {
    return join(this.checkpointsPath, 'reserve');
  }

  samplePath(step: number): string {
    return join(this.samplesPath, `${stepName(step)}.png`);
  }

  checkpointPath(step: number): string {
    return join(this.checkpointsPath, stepName(step));
  }

  /** Makes the folders. */
  async create(): Promise<void> {
    for (const folder of [this.samplesPath, this.checkpointsPath]) await mkdir(folder, {recursive: true});
  }

  /**
   * Takes away what a crash left half written. Only for who holds the lock of the folder. A checkpoint that was being
   * replaced gets its name back.
   */
  async clearLeftovers(): Promise<void> {
    for (const [step, path] of await this.#checkpoints())
      if (path !== this.checkpointPath(step)) await renameOver(path, this.checkpointPath(step));
    const isOurs = (name: string): boolean =>
      (isLockFile(name) && name !== lockName) || trainingEntries.includes(unfinished(name) ?? '');
    const remove = async (folder: string, isLeft: (name: string) => boolean): Promise<void> => {
      for (const name of await namesIn(folder))
        if (isLeft(name)) await rm(join(folder, name), {recursive: true, force: true});
    };
    await remove(this.dir, isOurs);
    for (const folder of [this.samplesPath, this.checkpointsPath])
      await remove(folder, (name) => unfinished(name) !== undefined);
  }

  /**
   * Folders of the checkpoints by their steps, ascending. One that was being replaced when a crash came has the name
   * under which it was set aside.
   */
  async #checkpoints(): Promise<Map<number, string>> {
    const names = await namesIn(this.checkpointsPath);
    const aside = names.flatMap((name): [number, string][] => {
      const step = name.endsWith('.old') ? checkpointSteps([unfinished(name) ?? ''])[0] : undefined;
      return step === undefined ? [] : [[step, join(this.checkpointsPath, name)]];
    });
    const whole = checkpointSteps(names).map((step): [number, string] => [step, this.checkpointPath(step)]);
    return new Map([...new Map([...aside, ...whole])].sort(([a], [b]) => a - b));
  }

  async writeConfig(config: RunConfig): Promise<void> {
    await writeFileAtomic(this.configPath, withChecksum(config, 2));
  }

  async writeClasses(classes: Classes): Promise<void> {
    await writeFileAtomic(this.classesPath, withChecksum(classes));
  }

  /** Undefined of a run that is not conditional. @throws GanError GAN_FILE_UNREADABLE, GAN_FILE_BROKEN (exit 5) */
  async readClasses(): Promise<Classes | undefined> {
    return readJsonFile(this.classesPath, checkClasses);
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
    return notARun(this.dir, [], cause);
  }

  /** Empty for a run that `gan fit` did not make. */
  async readOrigins(): Promise<Origins> {
    return (await this.#record(this.originsPath, checkOrigins)) ?? {};
  }

  /** Keeps where each value of the configuration came from. Going on with a run changes only what flags changed. */
  async writeOrigins(origins: Origins, resumed: boolean): Promise<void> {
    const earlier = resumed ? ((await this.#record(this.originsPath, checkOrigins, 'replace')) ?? {}) : {};
    const changed = Object.fromEntries(Object.entries(origins).filter(([, origin]) => isOfCommand(origin)));
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
    return [...(await this.#checkpoints()).values()];
  }

  /** Steps of the checkpoints, ascending. */
  async checkpointSteps(): Promise<number[]> {
    return [...(await this.#checkpoints()).keys()];
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5) */
  async latestCheckpoint(): Promise<string> {
    const latest = (await this.checkpoints()).at(-1);
    if (latest !== undefined) return latest;
    const model = join(this.dir, modelName);
    if (await stat(model).catch(() => undefined))
      throw new GanError(
        'data',
        'GAN_NO_CHECKPOINT',
        `${this.dir} is an exported model, which no training goes on from`,
        {
          suggestions: [`gan fit DATA --init ${model}   begins a new run from its weights.`],
        },
      );
    throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint yet`, {
      suggestions: ['let gan fit finish, or stop it with Ctrl-C: both write a checkpoint'],
    });
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
    return best && (await this.checkpointSteps()).includes(best.step) ? best : undefined;
  }

  /** @throws GanError GAN_NO_CHECKPOINT (exit 5), with the steps of those that there are */
  async checkpointOf(which: CheckpointSelector): Promise<string> {
    if (which === 'newest') return this.latestCheckpoint();
    const step = which === 'best' ? (await this.#readBest())?.step : which;
    if (step === undefined) {
      throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no best checkpoint`, {
        suggestions: [
          'gan fit --metrics NAME --keep-best NAME   keeps it',
          '--checkpoint STEP   uses any other checkpoint',
        ],
      });
    }
    const all = await this.#checkpoints();
    const path = all.get(step);
    if (path !== undefined) return path;
    throw new GanError('data', 'GAN_NO_CHECKPOINT', `the run ${this.dir} has no checkpoint of step ${step}`, {
      suggestions: [
        all.size > 0 ? `it has checkpoints of the steps ${[...all.keys()].join(', ')}` : 'it has none yet',
        'gan fit --keep-checkpoints 0   keeps all',
      ],
    });
  }

  /** Deletes the checkpoints and sample grids of steps after `step`: the training comes there again. */
  async rewind(step: number): Promise<void> {
    for (const each of await this.checkpointSteps()) if (each > step) await removeFolder(this.checkpointPath(each));
    for (const {step: each, path} of await this.samples(Infinity)) if (each > step) await rm(path);
  }

  /** Deletes all but the newest `keep` checkpoints and the best. */
  async prune(keep: number): Promise<void> {
    const best = await this.bestSoFar();
    const spared = best && this.checkpointPath(best.step);
    for (const old of (await this.checkpoints()).slice(0, -keep))
      if (old !== spared && !this.#spared.includes(old)) await removeFolder(old);
  }
}

/** Removes a folder at one stroke: after a crash in the middle of it, it has no name that counts. */
async function removeFolder(path: string): Promise<void> {
  const gone = temporaryName(path);
  await renameOver(path, gone);
  await rm(gone, {recursive: true, force: true});
}

/** Whether a value was given to the command that goes on with a run. */
const isOfCommand = (origin: string): boolean => origin.startsWith('--') || origin === 'DATA' || origin === 'GAN_DATA';

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
