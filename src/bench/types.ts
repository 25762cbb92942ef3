/** The measurements of `gan bench`, and the messages between its processes. Types only. */
import type {DeviceInfo} from '../backends/device.js';
import type {RunConfig} from '../options/run-config.js';
import type {MetricName} from './metrics.js';

/** A number measured several times. */
export interface Spread {
  median: number;
  low: number;
  high: number;
}

/** A convolution or matrix product of the training, and how fast it is. */
export interface ShapeResult {
  /** `Conv2D 64x64x3 . 4x4x3x64`. */
  shape: string;
  kind: 'conv' | 'matmul';
  /** Part of all multiplications and additions of the training steps, 0..1. */
  share: number;
  gflops: Spread;
}

export interface MeasuredRow {
  backend: string;
  ok: true;
  info: DeviceInfo;
  /** How many there were. */
  rounds: number;
  metrics: Partial<Record<MetricName, Spread>>;
  shapes: ShapeResult[];
}

export interface FailedRow {
  backend: string;
  ok: false;
  why: string;
  fix?: string;
}

export type BenchRow = MeasuredRow | FailedRow;

export interface BenchResult {
  environment: Record<string, string | number>;
  job: BenchJob;
  rows: BenchRow[];
  /** With `--data`. */
  data?: DataSpeed;
}

/** What data can feed, in images per second, and what the backends take of it. */
export interface DataSpeed {
  data: string;
  /** `zip archive, 1,200 pictures`; absent of a data source. */
  description?: string;
  firstEpoch: number;
  /** When what fits into memory is decoded. */
  laterEpochs: number;
  /** Who waits for whom. */
  backends: {backend: string; takes: number; waits: 'data' | 'training at first' | 'training'}[];
}

/** The training to measure, and the number of rounds. */
export interface BenchJob {
  config: RunConfig;
  /** Training steps in a round, critic's and generator's together, in the order of the switcher. */
  steps: number;
  /** Rounds of each backend; with `seconds`, the minimum. */
  rounds: number;
  /** Further rounds until a backend has been measured for so long. */
  seconds?: number;
}

/** Messages to a process: start, measure one round, report the rest and end. */
export type Order =
  | {
      type: 'start';
      backend: string;
      packages: readonly string[];
      options: Readonly<Record<string, string>>;
      job: BenchJob;
    }
  | {type: 'round'}
  | {type: 'end'};

export interface Started {
  type: 'started';
  info: DeviceInfo;
  tfjs: string;
  firstStepMs: number;
  /** Losses of the first steps and some values of the first images: the same on every backend, but for rounding. */
  trace: {losses: number[]; images: number[]};
}

export interface Round {
  type: 'round';
  imagesPerSecond: number;
  samplesPerSecond: number;
  criticMs: number[];
  generatorMs: number[];
  shapes: {shape: string; kind: 'conv' | 'matmul'; share: number; gflops: number}[];
}

export interface Ended {
  type: 'ended';
  /** Memory of the whole process. */
  peakBytes: number;
  /** Largest seen after a step, as the device counts. */
  tensorBytes: number;
}

export interface Failed {
  type: 'failed';
  why: string;
  fix?: string;
}

export type Reply = Started | Round | Ended | Failed;
