// What bench/quality.mjs trains: for each data set one recipe, the same for both sides. Every number may be replaced with
// --set NAME=VALUE.

/** Fields of a recipe, with the values that most have. */
const common = {
  /** Side of the images, and their channels. */
  size: 32,
  channels: 3,
  /** `resnet` (src/gan/nets/resnet.ts) or `mlp` (src/gan/nets/mlp.ts), and its width. */
  arch: 'resnet',
  width: 32,
  latent: 128,
  /** `hinge` or `relativistic`. */
  loss: 'hinge',
  /** Weight of R1 at real and of R2 at generated images, in every critic step; 0: neither. */
  gamma: 0,
  /** Spectral normalisation of the critic. */
  spectral: true,
  batch: 64,
  /** Critic steps for each generator step. */
  nCrit: 1,
  lr: 2e-4,
  beta1: 0,
  beta2: 0.9,
  /** Half-life, in images, of the generator's average; at most 5 % of the images seen. */
  ema: 10_000,
  /** Augmentations of what the critic sees, in their order: color, translation, cutout. */
  augment: '',
  /** Images to draw for each evaluation. */
  samples: 5000,
  /** What is compared, the first one in charts. */
  metrics: ['class', 'pixel'],
};

const points = {
  size: 1,
  channels: 2,
  arch: 'mlp',
  width: 256,
  latent: 2,
  loss: 'relativistic',
  gamma: 0.1,
  spectral: false,
  batch: 256,
  lr: 1e-3,
  samples: 2500,
  metrics: ['modes', 'highQuality'],
};

/** Data sets: the name of the source and its options, and the recipe. */
const works = {
  'fashion-mnist': {source: 'fashion-mnist', options: {}, recipe: {channels: 1}},
  stacked: {
    source: 'fashion-mnist',
    options: {stacked: true},
    recipe: {width: 64, samples: 10_000, metrics: ['modes', 'kl', 'pixel']},
  },
  emoji: {
    source: 'emoji',
    options: {count: 500},
    recipe: {size: 64, width: 16, augment: 'color,translation,cutout', samples: 500, metrics: ['pixel']},
  },
  ring8: {source: 'ring8', options: {}, recipe: points},
  grid25: {source: 'grid25', options: {}, recipe: points},
};

export const dataNames = Object.keys(works);

/** The work on a data set. @param set [`NAME=VALUE`] */
export function workOn(data, set = []) {
  const {source, options, recipe} = works[data];
  const work = {data, source, options, ...common, ...recipe};
  for (const assignment of set) {
    const [name, value] = assignment.split('=');
    if (!(name in common) || value === undefined)
      throw new Error(`--set ${assignment}: wanted NAME=VALUE, NAME being one of ${Object.keys(common).join(', ')}`);
    const kind = typeof common[name];
    if (kind === 'object') throw new Error(`--set ${assignment}: ${name} stays as it is`);
    work[name] = kind === 'number' ? Number(value) : kind === 'boolean' ? value === 'true' : value;
    if (Number.isNaN(work[name])) throw new Error(`--set ${assignment}: wanted a number`);
  }
  return work;
}

/** The same as the configuration of a run of this project. */
export const settingsOf = (work, {seed, steps}) => ({
  recipe: 'none',
  data: `builtin:${work.source}`,
  source: work.options,
  size: work.size,
  channels: work.channels,
  arch:
    work.arch === 'mlp'
      ? {name: 'mlp', width: work.width}
      : {name: 'resnet', nFeatures: work.width, criticNorm: work.spectral ? 'spectral' : 'none'},
  loss: work.loss,
  ...(work.gamma > 0 && {penalty: ['r1', 'r2'].map((name) => ({name, gamma: work.gamma}))}),
  opt: {name: 'adam', mom: work.beta1, sqrMom: work.beta2, eps: 1e-8},
  switcher: {name: 'fixed', nCrit: work.nCrit, nGen: 1},
  augment: work.augment === '' ? [] : work.augment.split(','),
  emaHalfLife: work.ema,
  latent: work.latent,
  batchSize: work.batch,
  lr: work.lr,
  wd: 0,
  switchEval: false,
  seed,
  steps,
  sampleEvery: 0,
  checkpointEvery: 0,
});
