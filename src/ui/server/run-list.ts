import type {RunDetail, RunSummary} from '../protocol.js';
import {anything, parseJson, record} from '../../options/json.js';
import {checkClasses, rowNames} from '../../gan/classes.js';
import {parseEvaluations} from '../../runs/evaluations.js';
import {readStanding, type Standing} from '../../runs/metrics-log.js';
import {checkpointSteps, classesName, RunFolder, sampleSteps} from '../../runs/run-folder.js';
import type {RunsRoot} from './runs-root.js';

/**
 * A run whose metrics have not grown for so long is not being trained; they are written every second, or after each
 * step.
 */
const liveMs = 15_000;
const maxConfigBytes = 1 << 20;
/** Evaluations of a run that a page is told of, at most: the newest. */
const shownEvaluations = 50;
/** Paths below the folder of a run. */
const files = new RunFolder('');

/** How old an answer may be that several pages share. */
const freshMs = 900;
/**
 * A run whose files have not changed for so long is looked at less often: looking at a hundred runs takes a tenth of a
 * second of a processor.
 */
const quietMs = 60_000;
const quietFreshMs = 5000;

/** The runs of a folder, with what their last lines say. */
export class RunList {
  readonly #root: RunsRoot;
  #last: {at: number; runs: Promise<RunSummary[]>} | undefined;
  /** The state of each run's files at the last poll, by name, so that only changes are read again. */
  readonly #known = new Map<string, {at: number; key: string; summary: Omit<RunSummary, 'live'>}>();
  readonly #now: () => number;

  /** @param now milliseconds since 1970; for tests */
  constructor(root: RunsRoot, now: () => number = Date.now) {
    this.#root = root;
    this.#now = now;
  }

  read(): Promise<RunSummary[]> {
    const now = this.#now();
    if (!this.#last || now - this.#last.at > freshMs) this.#last = {at: now, runs: this.#read()};
    return this.#last.runs;
  }

  async #read(): Promise<RunSummary[]> {
    const names = await this.#root.names();
    for (const name of this.#known.keys()) if (!names.includes(name)) this.#known.delete(name);
    const summaries: RunSummary[] = [];
    for (const name of names) {
      const summary = await this.#summary(name);
      if (summary) summaries.push({...summary, live: summary.step > 0 && this.#now() - summary.updated < liveMs});
    }
    return summaries;
  }

  async #summary(name: string): Promise<Omit<RunSummary, 'live'> | undefined> {
    const now = this.#now();
    const known = this.#known.get(name);
    if (known && now - known.summary.updated > quietMs && now - known.at < quietFreshMs) return known.summary;
    const [config, metrics] = await Promise.all([this.#stat(name, files.configPath), this.#tail(name)]);
    if (!config) return undefined;
    const key = `${config.ino} ${config.mtimeMs} ${metrics?.key}`;
    if (known?.key === key) {
      known.at = now;
      return known.summary;
    }
    const {steps} = await readJson(this.#root, name, files.configPath);
    const summary = {
      name,
      ...(metrics?.standing ?? {step: 0}),
      updated: Math.round(Math.max(config.mtimeMs, metrics?.mtimeMs ?? 0)),
      ...(typeof steps === 'number' && {steps}),
    };
    this.#known.set(name, {at: now, key, summary});
    return summary;
  }

  async #stat(name: string, file: string): Promise<{ino: number; mtimeMs: number} | undefined> {
    const handle = await this.#root.open(name, file);
    if (!handle) return undefined;
    try {
      return await handle.stat();
    } finally {
      await handle.close();
    }
  }

  async #tail(name: string): Promise<{key: string; mtimeMs: number; standing: Standing} | undefined> {
    const file = await this.#root.open(name, files.metrics.path);
    if (!file) return undefined;
    try {
      const {ino, size, mtimeMs} = await file.stat();
      return {key: `${ino} ${size} ${mtimeMs}`, mtimeMs, standing: await readStanding(file)};
    } finally {
      await file.close();
    }
  }
}

/** Returns what a page shows of a run besides its curves; undefined when there is no such run. */
export async function readDetail(root: RunsRoot, name: string): Promise<RunDetail | undefined> {
  if ((await root.resolve(name, files.configPath)) === undefined) return undefined;
  const [config, origins, samples, checkpoints, {step: best}, evaluations, real, classes] = await Promise.all([
    readJson(root, name, files.configPath),
    readJson(root, name, files.originsPath),
    root.list(name, files.samplesPath),
    root.list(name, files.checkpointsPath),
    readJson(root, name, ...segments(files.bestPath)),
    root.read(maxConfigBytes, name, files.evaluationsPath),
    root.resolve(name, realFile),
    readJson(root, name, classesName).then(namesOf),
  ]);
  const texts = Object.entries(origins).filter((entry): entry is [string, string] => typeof entry[1] === 'string');
  return {
    name,
    config,
    origins: Object.fromEntries(texts),
    samples: sampleSteps(samples, await lastStep(root, name)),
    checkpoints: checkpointSteps(checkpoints),
    ...(typeof best === 'number' && {best}),
    ...(classes && {classes}),
    real: real !== undefined,
    evaluations: parseEvaluations(evaluations?.toString() ?? '').evaluations.slice(-shownEvaluations),
  };
}

/** Names of the classes in what classes.json holds; undefined where it holds none. */
function namesOf(value: Record<string, unknown>): string[] | undefined {
  try {
    return rowNames(checkClasses(value, ''));
  } catch {
    return undefined;
  }
}

/** A JSON object in a file of a run; empty when there is none. */
async function readJson(root: RunsRoot, name: string, ...file: string[]): Promise<Record<string, unknown>> {
  const bytes = await root.read(maxConfigBytes, name, ...file);
  try {
    const {checksum: _, ...values} = record(anything)(parseJson(bytes?.toString() ?? ''), '');
    return values;
  } catch {
    return {};
  }
}

async function lastStep(root: RunsRoot, name: string): Promise<number> {
  const file = await root.open(name, files.metrics.path);
  return readStanding(file)
    .then(({step}) => step)
    .finally(() => file?.close());
}

/** The grid of real images, in a run's folder. */
export const realFile = files.realPath;

const segments = (file: string): string[] => file.split(/[/\\]/);

/** Returns the path of the sample grid of a step, relative to the run's folder. */
export const sampleFile = (step: number): string[] => segments(files.samplePath(step));

/** The real folder of a run whose configuration lies in the served folder; undefined when it does not. */
export async function configuredFolder(root: RunsRoot, name: string): Promise<string | undefined> {
  const [dir, config] = await Promise.all([root.resolve(name), root.resolve(name, files.configPath)]);
  return config === undefined ? undefined : dir;
}

/**
 * The real folder of a run whose checkpoint lies in the served folder with all that is read of it; undefined when it
 * does not.
 * @param wanted step of the checkpoint; absent: the newest
 */
export async function drawableFolder(
  root: RunsRoot,
  name: string,
  wanted?: number,
): Promise<{dir: string; step: number; newest: boolean} | undefined> {
  const steps = checkpointSteps(await root.list(name, files.checkpointsPath));
  const step = wanted === undefined ? steps.at(-1) : steps.find((each) => each === wanted);
  const dir = await root.resolve(name);
  if (step === undefined || dir === undefined) return undefined;
  const [folder, checkpoint] = segments(files.checkpointPath(step)) as [string, string];
  const entries = await root.list(name, folder, checkpoint);
  const read = [[files.configPath], ...entries.map((entry) => [folder, checkpoint, entry])];
  const inside = await Promise.all(read.map((file) => root.resolve(name, ...file)));
  return entries.length > 0 && inside.every((file) => file !== undefined)
    ? {dir, step, newest: wanted === undefined}
    : undefined;
}
