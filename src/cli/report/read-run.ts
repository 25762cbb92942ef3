import {createReadStream, existsSync, readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import {createInterface} from 'node:readline';
import {parseRunConfig, type RunConfig} from '../../options/run-config.js';
import type {Session} from '../training/sessions.js';
import {runConfigFile} from '../run/run-folder.js';

/** A value at each of some steps. */
export interface Curve {
  steps: number[];
  values: number[];
}

/** The loss of one network. */
export interface LossCurve {
  /** Of each of its steps. */
  raw: Curve;
  /** The running mean that the terminal shows, too. */
  smooth: Curve;
}

/** Everything that the report of a run shows. */
export interface RunRecord {
  name: string;
  config: RunConfig;
  /** Where each value came from, by `key` or `part.option`. */
  origins: Readonly<Record<string, string>>;
  sessions: readonly Session[];
  critic: LossCurve;
  generator: LossCurve;
  lr: Curve;
  /** What the epochs measured, by the recorder's names. */
  epochs: {epoch: number; step: number; seconds: number; row: Readonly<Record<string, number | null>>}[];
  /** Sample grids, the first first. */
  samples: {step: number; path: string}[];
}

interface MetricsLine {
  step: number;
  epoch: number;
  mode?: 'critic' | 'generator';
  loss?: number;
  genLoss?: number;
  critLoss?: number;
  lr?: number;
  seconds?: number;
  row?: Record<string, number | null>;
}

/**
 * Reads a run folder, be the run at its end or under way.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5)
 */
export async function readRun(dir: string): Promise<RunRecord> {
  const json = (name: string): unknown =>
    existsSync(path.join(dir, name)) ? JSON.parse(readFileSync(path.join(dir, name), 'utf8')) : undefined;
  const record: RunRecord = {
    name: path.basename(path.resolve(dir)),
    config: parseRunConfig(readFileSync(runConfigFile(dir), 'utf8')),
    origins: (json('config.origins.json') ?? {}) as RunRecord['origins'],
    sessions: (json('sessions.json') ?? []) as Session[],
    critic: newLoss(),
    generator: newLoss(),
    lr: newCurve(),
    epochs: [],
    samples: [],
  };
  for await (const line of metricsLines(path.join(dir, 'metrics.jsonl'))) take(record, line);
  const last = Math.max(record.lr.steps.at(-1) ?? 0, record.epochs.at(-1)?.step ?? 0);
  const samples = path.join(dir, 'samples');
  const names = existsSync(samples)
    ? readdirSync(samples)
        .filter((name) => /^step-\d+\.png$/.test(name))
        .sort()
    : [];
  record.samples = names
    .map((name) => ({step: Number(/\d+/.exec(name)![0]), path: path.join(samples, name)}))
    .filter(({step}) => step <= last); // later ones are left over from before a crash
  return record;
}

/** Lines of metrics.jsonl; one that is being written ends it. */
async function* metricsLines(file: string): AsyncGenerator<MetricsLine> {
  if (!existsSync(file)) return;
  for await (const text of createInterface({input: createReadStream(file), crlfDelay: Infinity})) {
    try {
      yield JSON.parse(text) as MetricsLine;
    } catch {
      return;
    }
  }
}

function take(
  record: RunRecord,
  {step, epoch, mode, loss, genLoss, critLoss, lr, seconds = 0, row}: MetricsLine,
): void {
  if (row) record.epochs.push({epoch, step, seconds, row});
  if (mode === undefined) return;
  const [curve, smooth] = mode === 'critic' ? [record.critic, critLoss] : [record.generator, genLoss];
  add(curve.raw, step, loss);
  add(curve.smooth, step, smooth);
  add(record.lr, step, lr);
}

function add({steps, values}: Curve, step: number, value: number | undefined): void {
  if (typeof value !== 'number') return;
  steps.push(step);
  values.push(value);
}

const newCurve = (): Curve => ({steps: [], values: []});
const newLoss = (): LossCurve => ({raw: newCurve(), smooth: newCurve()});
