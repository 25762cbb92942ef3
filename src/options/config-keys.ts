import type {PartKind} from './kinds.js';
import {opt, type OptionSpec} from './options.js';

/**
 * The keys of a run's configuration that are plain values: the one place where type, range, default and help are written.
 * Flags of `gan fit`, checks of files and of `--set`, and help are derived. Defaults are fastai's `GANLearner` where it
 * has one (its Learner: lr 1e-3); recipes replace some.
 */
export const scalarSpecs = {
  size: opt.int(64, {min: 4, max: 4096, help: 'side of the square images, in pixels'}),
  channels: opt.oneOf(['1', '2', '3', '4'], '3', {help: 'colour channels: grey, grey with alpha, RGB, RGB with alpha'}),
  resize: opt.oneOf(['crop', 'pad', 'squish'], 'crop', {help: 'how an image becomes square'}),
  batchSize: opt.int(64, {min: 1, help: 'images per step'}),
  epochs: opt.int(1, {min: 1, help: 'passes over the data'}),
  steps: opt.int(undefined, {min: 1, help: 'optimizer steps of critic and generator together, instead of epochs'}),
  lr: opt.num(1e-3, {min: 0, help: 'learning rate'}),
  wd: opt.num(undefined, {min: 0, help: "weight decay; none: the optimizer's own default"}),
  clip: opt.num(undefined, {min: 0, help: "clip the critic's weights to this bound (WGAN); none: no clipping"}),
  clipNorms: opt.bool(false, {help: "clip the critic's norm layers too, as the authors of WGAN do"}),
  latent: opt.int(100, {min: 1, help: "length of the generator's input noise"}),
  genFirst: opt.bool(false, {help: 'train the generator first'}),
  switchEval: opt.bool(true, {help: 'put the network whose turn it is not in eval mode'}),
  validPct: opt.num(0, {min: 0, max: 99, help: 'percent of the images held out for validation'}),
  seed: opt.int(0, {min: 0, help: 'seed of weights, noise and data order'}),
  metricImages: opt.int(256, {min: 2, help: 'number of real and of generated images that metrics compare'}),
  sampleEvery: opt.int(100, {min: 0, help: 'steps between sample grids; 0: only at the end'}),
  checkpointEvery: opt.int(500, {min: 0, help: 'steps between checkpoints; 0: only at the end'}),
  /** The newest, and the one before it in case that turns out to be bad. */
  keepCheckpoints: opt.int(2, {min: 0, help: 'number of newest checkpoints to keep; 0: all'}),
  keepBest: opt.str(undefined, {
    help: 'a metric: also keep the checkpoint of the epoch with its best value',
  }),
  tensorboard: opt.bool(false, {help: "write TensorBoard's event files to the run folder"}),
  histogramEvery: opt.int(0, {min: 0, help: "steps between histograms of the weights in TensorBoard's files; 0: none"}),
  compat: opt.oneOf(['none', 'fastai'], 'none', {
    help: 'fastai: reproduce fastai, faults included (docs/differences.md)',
  }),
  capture: opt.oneOf(['auto', 'off'], 'auto', {
    help: 'auto: capture and replay steps where possible, with the same results; off: never (docs/performance.md)',
  }),
  init: opt.str(undefined, {help: "safetensors file with initial weights, in PyTorch's names and layout"}),
} as const satisfies Record<string, OptionSpec>;

export type ScalarKey = keyof typeof scalarSpecs;
export const scalarKeys = Object.keys(scalarSpecs) as ScalarKey[];

/** The keys that choose a part; `key.option` addresses the part's options. */
export const partKeys = {
  arch: 'architecture',
  loss: 'loss',
  opt: 'optimizer',
  penalty: 'penalty',
  switcher: 'switcher',
  schedule: 'schedule',
  backend: 'backend',
  recipe: 'recipe',
} as const satisfies Record<string, PartKind>;

export type PartKey = keyof typeof partKeys;
export const partKeyNames = Object.keys(partKeys) as PartKey[];

/** The part keys that may be `none`. */
export const optionalParts: readonly PartKey[] = ['penalty', 'schedule', 'recipe'];

/** The keys that choose any number of parts; `key.NAME.option` addresses the options of one. */
export const listKeys = {
  augment: 'augmentation',
  metrics: 'metric',
  callbacks: 'callback',
} as const satisfies Record<string, PartKind>;

export type ListKey = keyof typeof listKeys;
export const listKeyNames = Object.keys(listKeys) as ListKey[];

/** What is chosen when nobody says otherwise: fastai's `GANLearner` with its documentation's networks. */
export const partDefaults: Readonly<Record<PartKey, string>> = {
  arch: 'basic',
  loss: 'wgan',
  opt: 'adam',
  penalty: 'none',
  switcher: 'fixed',
  schedule: 'none',
  backend: 'auto',
  recipe: 'wgan',
};

/** Data when none is named: needs no download. */
export const defaultData = 'builtin:shapes';

/** Every key that a file may have at its top level. `source` holds options of the built-in data source. */
export const topLevelKeys: readonly string[] = ['data', 'source', ...partKeyNames, ...listKeyNames, ...scalarKeys];
