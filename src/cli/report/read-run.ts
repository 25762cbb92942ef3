import path from 'node:path';
import type {RunConfig} from '../../options/run-config.js';
import type {Evaluation} from '../../runs/evaluations.js';
import {addFinding, type Found, type MetricsLine} from '../../runs/metrics-log.js';
import {RunFolder, type RunFolderOptions, type Origins, type Sample, type Session} from '../../runs/run-folder.js';

/** A value at each of some steps; in a long curve each stands for several, which were before it. */
export interface Curve {
  steps: number[];
  values: number[];
  /** How many each stands for as their mean, the smallest and the largest of them; absent: one. */
  of?: {count: number; low: number; high: number}[];
}

/** Points of a curve that are kept: many more than a report draws. */
const mostPoints = 1 << 14;

/** The loss of one network. */
export interface LossCurve {
  /** One entry per step. */
  raw: Curve;
  /** The running mean that the terminal shows, too. */
  smooth: Curve;
}

/** Everything that the report of a run shows. */
export interface RunRecord {
  name: string;
  config: RunConfig;
  origins: Origins;
  sessions: readonly Session[];
  /** Optimiser steps done. */
  step: number;
  critic: LossCurve;
  generator: LossCurve;
  lr: Curve;
  /** What moves by itself beside the learning rate, by name. */
  hyperparameters: Map<string, Curve>;
  /** The metrics of the epochs, by the recorder's names. */
  epochs: {epoch: number; step: number; seconds: number; row: Readonly<Record<string, number | null>>}[];
  /** What the watch measured, by name. */
  watched: Map<string, Curve>;
  /** What it found, oldest first. */
  findings: Found[];
  /** Why the run ended early, where it was asked to. */
  stopped?: string;
  samples: readonly Sample[];
  /** The file of the grid of real images; it may be missing. */
  real: string;
  /** What `gan evaluate` measured, oldest first. */
  evaluations: readonly Evaluation[];
  dir: string;
}

/**
 * Reads a run folder, be the run at its end or under way.
 * @throws GanError GAN_RUN_NOT_FOUND (exit 5)
 */
export async function readRun(dir: string, options: RunFolderOptions = {}): Promise<RunRecord> {
  const folder = new RunFolder(dir, options);
  const record: RunRecord = {
    name: path.basename(path.resolve(dir)),
    config: await folder.readConfig(),
    origins: await folder.readOrigins(),
    sessions: await folder.readSessions(),
    step: 0,
    critic: newLoss(),
    generator: newLoss(),
    lr: newCurve(),
    hyperparameters: new Map(),
    epochs: [],
    watched: new Map(),
    findings: [],
    samples: [],
    real: folder.realPath,
    evaluations: await folder.evaluations(),
    dir,
  };
  await folder.metrics.read((line) => take(record, line));
  return {...record, samples: await folder.samples(record.step)};
}

function take(record: RunRecord, line: MetricsLine): void {
  const {step, epoch = 0, mode, loss, genLoss, critLoss, lr, seconds = 0, row, stopped} = line;
  const {hyperparameters = {}, watch = {}} = line;
  record.step = step;
  for (const [name, value] of Object.entries(watch)) add(curveOf(record.watched, name), step, value);
  addFinding(record.findings, line);
  if (stopped !== undefined) record.stopped = stopped;
  if (row) record.epochs.push({epoch, step, seconds, row});
  if (mode === undefined) return;
  const [curve, smooth] = mode === 'critic' ? [record.critic, critLoss] : [record.generator, genLoss];
  add(curve.raw, step, loss);
  add(curve.smooth, step, smooth);
  add(record.lr, step, lr);
  for (const [name, value] of Object.entries(hyperparameters)) add(curveOf(record.hyperparameters, name), step, value);
}

function curveOf(curves: Map<string, Curve>, name: string): Curve {
  const curve = curves.get(name) ?? newCurve();
  curves.set(name, curve);
  return curve;
}

function add(curve: Curve, step: number, value: number | undefined): void {
  const {steps, values} = curve;
  if (value === undefined || !Number.isFinite(value)) return; // 1e999 is a number of JSON
  steps.push(step);
  values.push(value);
  curve.of?.push({count: 1, low: value, high: value});
  if (steps.length >= mostPoints) halve(curve);
}

/** Puts one point in the place of two neighbours each. */
function halve(curve: Curve): void {
  const {steps, values, of = values.map((value) => ({count: 1, low: value, high: value}))} = curve;
  const half = Math.floor(steps.length / 2);
  for (let i = 0; i < half; i++) {
    const [a, b] = [of[2 * i]!, of[2 * i + 1]!];
    const count = a.count + b.count;
    const mean = values[2 * i]! + ((values[2 * i + 1]! - values[2 * i]!) * b.count) / count;
    [steps[i], values[i]] = [steps[2 * i + 1]!, mean];
    of[i] = {count, low: Math.min(a.low, b.low), high: Math.max(a.high, b.high)};
  }
  steps.length = values.length = of.length = half;
  curve.of = of;
}

const newCurve = (): Curve => ({steps: [], values: []});
const newLoss = (): LossCurve => ({raw: newCurve(), smooth: newCurve()});
