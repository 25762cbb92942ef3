import {kindFacts, type PartKind} from './kinds.js';
import type {OptionValue} from './options-check.js';
import {opt, type OptionSpec, type OptionSpecs} from './options.js';

interface KeyFacts {
  /** The heading of its flag in help. */
  group: 'PART' | 'DATA' | 'TRAINING' | 'OUTPUT';
  /**
   * `gan fit --resume` may change it: it decides how long a run lasts, what it writes when, where it computes, or how
   * it is to go on after it went wrong.
   */
  resumable?: true;
}

/** A key with a plain value. */
export interface ScalarFacts extends KeyFacts {
  /** Type, range, default and help. */
  spec: OptionSpec;
  /** Configurations of runs older than the key lack it; these runs had this value. */
  older?: OptionValue;
  /** The value is a number in the configuration, though one of a few texts on the command line. */
  numeric?: true;
  /** It may be `auto`: then the training finds it, and its configuration has what was found. */
  auto?: true;
  /** The value is a path: from a file relative to the file, from the command line to the working folder. */
  path?: true;
  /** The value is the name of one of the parts that this list key chooses. */
  memberOf?: 'metrics';
}

/** A key that chooses one part; `key.option` addresses the part's options. */
export interface SingleFacts extends KeyFacts {
  kind: PartKind;
  /** The part's name when nobody says otherwise; fastai's `GANLearner` with its documentation's networks. */
  default: string;
  /** It may be `none`. */
  optional?: true;
  /** It may be `auto`: the best one here. */
  auto?: true;
  /** The name of the part in a training; absent if a training has no such part. */
  part?: string;
}

/**
 * A key that chooses any number of parts, none by default; `key.NAME.option` addresses the options of one, and
 * `key.option` those of the only one.
 */
export interface ListFacts extends KeyFacts {
  kind: PartKind;
  list: true;
  /** The name of the parts in a training. */
  part: string;
}

/**
 * A key that gives parts to things by their names, to none by default: `key.NAME` addresses a part, `key.NAME.option`
 * its options.
 */
export interface MapFacts extends KeyFacts {
  kind: PartKind;
  map: true;
  /** The name of the parts in a training. */
  part: string;
  /** What the names are of, in the plural. */
  of: string;
  /** The options that each part has here beside its own. */
  options: OptionSpecs;
}

/**
 * The keys of a run's configuration: the one place where a key is described. `RunConfig`, the flags of `gan fit`, the
 * checks of files, of `--set` and of the environment, the schema, help, completion, `gan init` and what `--resume` may
 * change follow from it. Defaults are fastai's `GANLearner` where it has one (its Learner: lr 1e-3); recipes replace
 * some. Beside these keys a configuration has `data` and `source`, the options of built-in data. The comments are those
 * of `RunConfig`.
 */
export const configKeys = {
  recipe: {kind: 'recipe', default: 'auto', auto: true, optional: true, group: 'PART'},
  arch: {kind: 'architecture', default: 'basic', part: 'architecture', group: 'PART'},
  loss: {kind: 'loss', default: 'wgan', part: 'loss', group: 'PART'},
  opt: {kind: 'optimizer', default: 'adam', part: 'optimizer', group: 'PART'},
  /** Of the critic, where it has another optimiser than the generator; absent: the same. */
  criticOpt: {kind: 'optimizer', default: 'none', optional: true, part: 'criticOptimizer', group: 'PART'},
  /** What the networks minimise beside the loss. */
  penalty: {kind: 'penalty', list: true, part: 'penalties', group: 'PART'},
  switcher: {kind: 'switcher', default: 'fixed', part: 'switcher', group: 'PART'},
  /** Schedule of the learning rate; absent if it is constant. */
  schedule: {kind: 'schedule', default: 'none', optional: true, part: 'schedule', group: 'PART', resumable: true},
  /**
   * Schedules of hyperparameters by their names: `mom`, `critic.lr`, `penalty.r1.weight`. The value is endValue +
   * (startValue - endValue) * what the schedule gives.
   */
  schedules: {
    kind: 'schedule',
    map: true,
    part: 'schedules',
    of: 'hyperparameters',
    options: {
      startValue: opt.num(undefined, {
        help: 'value where the schedule gives 1; none: the one that the training begins with',
      }),
      endValue: opt.num(0, {help: 'value where the schedule gives 0'}),
    },
    group: 'PART',
  },
  /** Augmentations in the order in which they are applied. */
  augment: {kind: 'augmentation', list: true, part: 'augmentations', group: 'PART'},
  metrics: {kind: 'metric', list: true, part: 'metrics', group: 'PART'},
  callbacks: {kind: 'callback', list: true, part: 'callbacks', group: 'PART'},
  backend: {kind: 'backend', default: 'auto', auto: true, group: 'PART', resumable: true},

  /** Pixels: the side of square images, or `64x96`, height and width. */
  size: {
    spec: opt.size(64, {
      min: 1,
      max: 4096,
      help: 'pixels: the side of square images, or height x width, such as 64x96',
    }),
    group: 'DATA',
  },
  /** 1: grey, 2: grey with alpha, 3: RGB, 4: RGB with alpha. */
  channels: {
    spec: opt.oneOf(['1', '2', '3', '4'], '3', {help: 'colour channels: grey, grey with alpha, RGB, RGB with alpha'}),
    numeric: true,
    group: 'DATA',
  },
  /** How an image of another shape gets the size. */
  resize: {
    spec: opt.oneOf(['crop', 'pad', 'squish'], 'crop', {help: 'how an image of another shape gets the size'}),
    group: 'DATA',
  },
  /** Bits a channel that images are read with; 16: those of files that have more than 8. */
  depth: {
    spec: opt.oneOf(['8', '16'], '8', {
      help: 'bits of a colour channel: 16 keeps what deeper files and floats have (docs/data.md)',
    }),
    numeric: true,
    older: '8',
    group: 'DATA',
  },
  /** Version of the rules by which files become pixels. */
  decoding: {
    spec: opt.oneOf(['1', '2'], '2', {
      help: 'how files become pixels: 2: scaled as Pillow does; 1: as in runs that are older than this key (docs/data.md)',
    }),
    numeric: true,
    older: '1',
    group: 'DATA',
  },
  /** Whether the networks learn the images by their labels: classes, or attributes. */
  conditional: {
    spec: opt.bool(false, {
      help: 'learn the images by their classes or attributes, which the labels of the data tell (docs/conditional.md)',
    }),
    older: false,
    group: 'DATA',
  },
  /** Images in each step, or, with `accumulate`, in each of its passes. */
  batchSize: {
    spec: opt.int(64, {min: 1, help: 'images per step; auto: the largest power of two that the device has memory for'}),
    auto: true,
    group: 'TRAINING',
  },
  /** Batches that form one optimiser step: the memory of one, the gradients of all. */
  accumulate: {
    spec: opt.int(1, {min: 1, help: 'batches whose gradients are added up for one optimizer step'}),
    older: 1,
    group: 'TRAINING',
  },
  /** With several ranks: batch norm over the images of all. */
  syncBn: {
    spec: opt.bool(false, {
      help: 'with several ranks: batch norm over the images of all of them (docs/clusters.md)',
    }),
    older: false,
    group: 'TRAINING',
  },
  /** Passes over the data; when `steps` is given it wins. */
  epochs: {spec: opt.int(1, {min: 1, help: 'passes over the data'}), group: 'TRAINING', resumable: true},
  /** Optimiser steps, of the critic and the generator together. */
  steps: {
    spec: opt.int(undefined, {
      min: 1,
      help: 'optimizer steps of critic and generator together, instead of epochs',
    }),
    group: 'TRAINING',
    resumable: true,
  },
  /** Minutes to train; as many steps as the device does in that time, which `steps` then says. */
  minutes: {
    spec: opt.num(undefined, {
      min: 0.01,
      help: 'minutes to train, instead of epochs: the device is timed for some seconds, then the steps are planned',
    }),
    group: 'TRAINING',
    resumable: true,
  },
  /** Learning rate. */
  lr: {spec: opt.num(1e-3, {min: 0, help: 'learning rate'}), group: 'TRAINING', resumable: true},
  /** Of the critic (two time scales, arXiv 1706.08500); absent: as `lr`. */
  criticLr: {
    spec: opt.num(undefined, {min: 0, help: "the critic's learning rate; none: the same as lr"}),
    group: 'TRAINING',
    resumable: true,
  },
  /** Half-life, in images, of the average of the generator's weights that images are drawn with; 0: no average. */
  emaHalfLife: {
    spec: opt.num(0, {
      min: 0,
      help: "half-life, in images, of an average of the generator's weights to draw images with; 0: no average",
    }),
    older: 0,
    group: 'TRAINING',
  },
  /** Weight decay; absent: what the optimiser has by default. */
  wd: {
    spec: opt.num(undefined, {min: 0, help: "weight decay; none: the optimizer's own default"}),
    group: 'TRAINING',
  },
  /** Bound of the critic's weights (WGAN); absent: no clipping. */
  clip: {
    spec: opt.num(undefined, {min: 0, help: "clip the critic's weights to this bound (WGAN); none: no clipping"}),
    group: 'TRAINING',
  },
  /** Whether to clip the critic's norm layers too. */
  clipNorms: {
    spec: opt.bool(false, {help: "clip the critic's norm layers too, as the authors of WGAN do"}),
    group: 'TRAINING',
  },
  /** Bound of the length of each step's gradients; absent: no clipping. */
  gradClip: {
    spec: opt.num(undefined, {
      min: 0,
      help: "clip the gradients of each step to this norm, all of a network's as one vector; none: no clipping",
    }),
    group: 'TRAINING',
  },
  /** Length of the generator's input. */
  latent: {spec: opt.int(100, {min: 1, help: "length of the generator's input noise"}), group: 'TRAINING'},
  /** The generator has the first turn. */
  genFirst: {spec: opt.bool(false, {help: 'train the generator first'}), group: 'TRAINING'},
  /** The network that is not trained is in eval mode. */
  switchEval: {spec: opt.bool(true, {help: 'put the network whose turn it is not in eval mode'}), group: 'TRAINING'},
  /** Part of the images held out for validation, in percent. */
  validPct: {
    spec: opt.num(0, {min: 0, max: 99, help: 'percent of the images held out for validation'}),
    group: 'DATA',
  },
  /** Seed of weights, noise and data order. */
  seed: {spec: opt.int(0, {min: 0, help: 'seed of weights, noise and data order'}), group: 'TRAINING'},
  /** Other random numbers from here on: 0 has those of the seed alone. Weights, held-out images and samples stay. */
  attempt: {
    spec: opt.int(0, {min: 0, help: 'with --resume: another number goes on with other data order and noise'}),
    older: 0,
    group: 'TRAINING',
    resumable: true,
  },
  /** How often the training may go back to a checkpoint by itself; counted by `attempt`. */
  retries: {
    spec: opt.int(0, {
      min: 0,
      help: 'times to go back to the best checkpoint after a collapse or divergence, with half the learning rate',
    }),
    older: 0,
    group: 'TRAINING',
    resumable: true,
  },
  /** Images that the metrics compare. */
  metricImages: {
    spec: opt.int(256, {min: 2, help: 'number of real and of generated images that metrics compare'}),
    older: 256,
    group: 'OUTPUT',
  },
  /** Feature network of the metrics, made by `gan classify` or Inception's weights; absent: pixels. */
  features: {
    spec: opt.str(undefined, {
      help: 'safetensors file of a network whose features metrics compare; none: pixels (docs/evaluation.md)',
    }),
    path: true,
    group: 'OUTPUT',
  },
  /** Steps between sample grids; 0: only at the end. */
  sampleEvery: {
    spec: opt.int(100, {min: 0, help: 'steps between sample grids; 0: only at the end'}),
    group: 'OUTPUT',
    resumable: true,
  },
  /** Seconds after which a sample grid is due although its step is not; the first comes after five at most. */
  sampleSeconds: {
    spec: opt.num(60, {
      min: 0,
      help: 'seconds after which a sample grid comes although its step has not, the first after 5; 0: by steps alone',
    }),
    older: 0,
    group: 'OUTPUT',
    resumable: true,
  },
  /** Steps between checkpoints; 0: only at the end. */
  checkpointEvery: {
    spec: opt.int(500, {min: 0, help: 'steps between checkpoints; 0: only at the end'}),
    group: 'OUTPUT',
    resumable: true,
  },
  /** How many are kept, the newest, and the one before it in case that turns out to be bad; 0: all. */
  keepCheckpoints: {
    spec: opt.int(2, {min: 0, help: 'number of newest checkpoints to keep; 0: all'}),
    group: 'OUTPUT',
    resumable: true,
  },
  /** Name of a metric: also keep the checkpoint of the epoch with its best value. */
  keepBest: {
    spec: opt.str(undefined, {
      help: 'a metric: also keep the checkpoint of the epoch with its best value',
    }),
    memberOf: 'metrics',
    group: 'OUTPUT',
    resumable: true,
  },
  /** Steps between looks of the watch over the training; 0: none. */
  watchEvery: {
    spec: opt.int(100, {min: 0, help: 'steps between looks for collapse, divergence and the like; 0: none'}),
    older: 0,
    group: 'OUTPUT',
    resumable: true,
  },
  /** What ends the training early: findings of the watch, `plateau`, values of metrics (docs/watch.md). */
  stopWhen: {
    spec: opt.str(undefined, {
      help: 'end early at findings (collapse, critic-won, critic-lost, diverged, overfitting), plateau, or METRIC<VALUE; separated by commas',
    }),
    group: 'OUTPUT',
    resumable: true,
  },
  /** Epochs without a better value of the metric that make a plateau. */
  patience: {
    spec: opt.int(10, {min: 1, help: 'epochs without a better value that make a plateau for --stop-when'}),
    older: 10,
    group: 'OUTPUT',
    resumable: true,
  },
  /** Write TensorBoard's event files. */
  tensorboard: {
    spec: opt.bool(false, {help: "write TensorBoard's event files to the run folder"}),
    older: false,
    group: 'OUTPUT',
    resumable: true,
  },
  /** Steps between histograms of the weights in TensorBoard's files; 0: none. */
  histogramEvery: {
    spec: opt.int(0, {min: 0, help: "steps between histograms of the weights in TensorBoard's files; 0: none"}),
    older: 0,
    group: 'OUTPUT',
    resumable: true,
  },
  /** `fastai` reproduces the original's behaviour, faults included (docs/differences.md). */
  compat: {
    spec: opt.oneOf(['none', 'fastai'], 'none', {
      help: 'fastai: reproduce fastai, faults included (docs/differences.md)',
    }),
    group: 'TRAINING',
  },
  /** Whether steps are captured and replayed. */
  capture: {
    spec: opt.oneOf(['auto', 'off'], 'auto', {
      help: 'auto: capture and replay steps where possible, with the same results; off: never (docs/performance.md)',
    }),
    older: 'auto',
    group: 'TRAINING',
  },
  /** What the factors of matrix products and convolutions are rounded to: see docs/backends.md. */
  precision: {
    spec: opt.oneOf(['default', 'fp32', 'tf32', 'fp16', 'bf16'], 'default', {
      help: "rounding of the factors of matrix products and convolutions, of backends that have it; default: the backend's",
    }),
    older: 'default',
    group: 'TRAINING',
    resumable: true,
  },
  /** Weights to start from: safetensors in PyTorch's names and layout. */
  init: {
    spec: opt.str(undefined, {help: "safetensors file with initial weights, in PyTorch's names and layout"}),
    path: true,
    group: 'TRAINING',
  },
} as const satisfies Record<string, ScalarFacts | SingleFacts | ListFacts | MapFacts>;

export type ConfigKeys = typeof configKeys;
export type ConfigKey = keyof ConfigKeys;

/** The keys whose facts are of a type. */
export type KeysWith<Facts> = {[K in ConfigKey]: ConfigKeys[K] extends Facts ? K : never}[ConfigKey];
export type ScalarKey = KeysWith<{spec: OptionSpec}>;
export type SingleKey = KeysWith<{default: string}>;
export type ListKey = KeysWith<{list: true}>;
export type MapKey = KeysWith<{map: true}>;

export const tableKeys = Object.keys(configKeys) as ConfigKey[];
const keysWith = <K extends ConfigKey>(fact: string): readonly K[] =>
  tableKeys.filter((key): key is K => fact in configKeys[key]);

export const scalarKeys = keysWith<ScalarKey>('spec');
export const singleKeys = keysWith<SingleKey>('default');
export const listKeys = keysWith<ListKey>('list');
export const mapKeys = keysWith<MapKey>('map');

/** The facts of a key, also those that only some keys have. */
export const scalarFacts = (key: ScalarKey): ScalarFacts => configKeys[key];
export const singleFacts = (key: SingleKey): SingleFacts => configKeys[key];

export const isListKey = (key: string): key is ListKey => (listKeys as readonly string[]).includes(key);
export const isMapKey = (key: string): key is MapKey => (mapKeys as readonly string[]).includes(key);
export const isSingleKey = (key: string): key is SingleKey => (singleKeys as readonly string[]).includes(key);
export const isScalarKey = (key: string): key is ScalarKey => (scalarKeys as readonly string[]).includes(key);

/** The specifications of all plain values, for `checkOptions`. */
export const scalarSpecs = Object.fromEntries(scalarKeys.map((key) => [key, configKeys[key].spec])) as {
  [K in ScalarKey]: ConfigKeys[K]['spec'];
} satisfies OptionSpecs;

/** The keys that have options, which are addressed behind a dot. */
export const partKeys: readonly string[] = ['source', ...singleKeys, ...mapKeys, ...listKeys];

/** The keys that `gan fit --resume` may change; of a part its options, too. */
export const resumableKeys: readonly ConfigKey[] = tableKeys.filter((key) => 'resumable' in configKeys[key]);

/** Data when none is named: needs no download. */
export const defaultData = 'builtin:shapes';

/** Every key that a file may have at its top level. `source` holds options of the built-in data source. */
export const topLevelKeys: readonly string[] = ['data', ...partKeys, ...scalarKeys];

/** `batchSize` to `batch-size`. */
export const flagOf = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);

/** The key that chooses a kind of part; undefined for those that are named elsewhere. */
export const keyOfKind = (kind: PartKind): SingleKey | ListKey | undefined =>
  [...singleKeys, ...listKeys].find((key) => configKeys[key].kind === kind);

/** The command line that uses a part: `gan fit --arch basic`. */
export const usageOf = (kind: PartKind, name: string): string =>
  (kindFacts(kind).usage ?? `gan fit --${flagOf(keyOfKind(kind)!)} NAME`).replace('NAME', name);

/** The text for `--set` that chooses a part: `arch=basic`. */
export const settingOf = (kind: PartKind, name: string): string =>
  (kindFacts(kind).setting ?? `${keyOfKind(kind)}=NAME`).replace('NAME', name);
