/** Everything that decides a training run, fully resolved: the run folder keeps it, `--config` repeats it. */

/** A part chosen by name, with the values of its options. */
export interface PartChoice {
  name: string;
  options: Record<string, unknown>;
}

export interface RunConfig {
  /** A folder of images, or `builtin:NAME` for a data source part. */
  data: string;
  /** Options of the data source part; empty for a folder. */
  source: Record<string, unknown>;
  arch: PartChoice;
  loss: PartChoice;
  /** Absent: none. */
  penalty?: PartChoice;
  opt: PartChoice;
  switcher: PartChoice;
  /** Of the learning rate; absent: it stays. */
  schedule?: PartChoice;
  /** In the order in which they are applied; these three are absent in the folders of older runs. */
  augment?: PartChoice[];
  metrics?: PartChoice[];
  callbacks?: PartChoice[];
  /** Side length of the square images, in pixels. */
  size: number;
  channels: 1 | 2 | 3 | 4;
  /** How an image becomes square. */
  resize: 'crop' | 'pad' | 'squish';
  batchSize: number;
  /** Passes over the data; when `steps` is given it wins. */
  epochs: number;
  /** Optimiser steps, of the critic and the generator together. */
  steps?: number;
  lr: number;
  /** Weight decay; absent: what the optimiser has by default. */
  wd?: number;
  /** Bound of the critic's weights (WGAN); absent: no clipping. */
  clip?: number;
  /** Whether the bound also holds for the critic's norm layers. */
  clipNorms: boolean;
  latent: number;
  genFirst: boolean;
  switchEval: boolean;
  /** Part of the images held out for validation, in percent. */
  validPct: number;
  seed: number;
  /** Images that the metrics compare. */
  metricImages?: number;
  /** Steps between sample grids; 0: only at the end. */
  sampleEvery: number;
  /** Steps between checkpoints; 0: only at the end. */
  checkpointEvery: number;
  /** How many are kept, the newest; 0: all. */
  keepCheckpoints: number;
  /** Name of a metric: also keep the checkpoint of the epoch with its best value. */
  keepBest?: string;
  /** Write TensorBoard's event files; absent in the folders of older runs, as the next. */
  tensorboard?: boolean;
  /** Steps between histograms of the weights in them; 0: none. */
  histogramEvery?: number;
  /** `fastai` reproduces the original's behaviour, faults included (docs/differences.md). */
  compat: 'none' | 'fastai';
  /** Whether steps are repeated from recordings; absent in the folders of older runs: `auto`. */
  capture?: 'auto' | 'off';
  /** Weights to start from: safetensors in PyTorch's names and layout. */
  init?: string;
}
