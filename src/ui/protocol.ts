/** The messages between the server and the page of `gan ui`. Types only, for both sides. */

import type {Evaluation} from '../runs/evaluations.js';

/** A run in the list. Everything is as its files tell; nothing asks the process that trains. */
export interface RunSummary {
  /** Its folder, relative to the folder that is served, with `/`. */
  name: string;
  /** Its metrics have grown in the last seconds. */
  live: boolean;
  /** Last step in metrics.jsonl; 0 before the first. */
  step: number;
  /** Steps that are wanted, where the configuration says so. */
  steps?: number;
  /** Time of the last change, ms since 1970. */
  updated: number;
  /** Smoothed losses at the last step. */
  critLoss?: number;
  genLoss?: number;
}

/** More about a run that is looked at. */
export interface RunDetail {
  name: string;
  /** config.json, checked to be an object and nothing more. */
  config: Record<string, unknown>;
  /** The origin of each value, by its key. */
  origins: Record<string, string>;
  /** Steps of the sample grids, ascending. */
  samples: number[];
  /** Steps of the checkpoints, ascending. */
  checkpoints: number[];
  /** Names of the classes of a conditional run, in the order of its networks. */
  classes?: string[];
  /** Step of the one that `gan fit --keep-best` keeps. */
  best?: number;
  /** Its folder has a grid of real images. */
  real: boolean;
  /** What `gan evaluate` measured, oldest first. */
  evaluations: Evaluation[];
  /** What is wrong with the run, for people. */
  problem?: string;
}

/** Points of one curve, by ascending steps. */
export interface Points {
  steps: number[];
  values: number[];
}

/** What the watch over a training found. */
export interface Found {
  name: string;
  /** In plain words. */
  what: string;
  /** Step of the first look that showed it, and where it was over. */
  since: number;
  over?: number;
  measured: string;
  /** Flags of `gan fit` to try. */
  advice: readonly string[];
}

/** The curve of the seconds that a run has trained, by the ends of its epochs. It is no measurement, and not drawn. */
export type TimeCurve = 'training time';

/**
 * New points of a run. The keys are `critLoss`, `genLoss`, hyperparameters that move by themselves, what the watch
 * measured, the columns of the epochs, and a `TimeCurve`.
 */
export interface CurveNews {
  name: string;
  /** Curves that begin anew with these points; the others grow by theirs. */
  reset: string[];
  /** Curves that are no more, or all when the run has begun anew. */
  gone?: string[];
  curves: Record<string, Points>;
  /** All that was found, where that has changed. */
  findings?: Found[];
  /** Why the run ended early; '' when it did not; absent when that has not changed. */
  stopped?: string;
}

/** Events of `GET /api/events?run=NAME&run=...`, by their names. */
export interface ServerEvents {
  runs: RunSummary[];
  run: RunDetail;
  curves: CurveNews;
}

/** Body of `POST /api/draw`; the answer is a PNG of the images in a row, or 204 when a newer order took its place. */
export interface DrawOrder {
  run: string;
  /** Step of the checkpoint; absent: the newest. */
  step?: number;
  /** One image each; every row has the run's latent size. */
  latents: number[][];
  /** Of a conditional run: what all images are of, a share of each class. Default: some class. */
  classes?: number[];
  backend: string;
  /**
   * Beside what somebody asked for: where it cannot be drawn, as when the checkpoint has just been deleted, the answer
   * is a success with a `Refusal`, which no browser complains about.
   */
  optional?: boolean;
}

/** Body of `POST /api/directions`. */
export type DirectionsOrder = Omit<DrawOrder, 'latents' | 'classes'>;

/** Its answer: `LatentDirections` as JSON. */
export interface Directions {
  vectors: number[][];
  shares: number[];
}

/** Every answer that is no success. */
export interface Refusal {
  error: string;
}

/** `GET /api/backends`. */
export interface BackendChoice {
  name: string;
  ok: boolean;
  /** Why it cannot run here. */
  why?: string;
}

/** `GET /api/about`. */
export interface About {
  /** The folder that is served, as it was given. */
  folder: string;
  version: string;
}
