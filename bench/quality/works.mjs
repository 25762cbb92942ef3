// What bench/quality.mjs trains: for each data set one recipe, the same for both sides. Every number may be replaced with
// --set NAME=VALUE.

/** Fields of a recipe, with the values that most have. */
const common = {
  /** Side of the images, and their channels. */
  size: 32,
  channels: 3,
  /** `resnet`, `light` or `mlp` (src/gan/nets), and its width. */
  arch: 'resnet',
  width: 32,
  /** Residual layers more at each size, of `light`. */
  extra: 0,
  /** Hidden layers of `mlp`. */
  layers: 3,
  latent: 128,
  /** `hinge` or `relativistic`. */
  loss: 'hinge',
  /** Penalties of the critic, in their order: r1 at real, r2 at generated images; their weight; in each nth critic step. */
  penalties: '',
  gamma: 0,
  every: 1,
  /** Spectral normalisation of the critic. */
  spectral: true,
  batch: 64,
  /** Critic steps for each generator step. */
  nCrit: 1,
  lr: 2e-4,
  /** Of the learning rate: `constant`, or `linear`: falls to 0 in the second half of the budget. */
  schedule: 'constant',
  beta1: 0,
  beta2: 0.9,
  /** Half-life, in images, of the generator's average; at most 5 % of the images seen. */
  ema: 10_000,
  /** Augmentations of what the critic sees, in their order: color, translation, cutout. */
  augment: '',
  /** Backend of this project. */
  backend: 'native',
  /** Images to draw for each evaluation. */
  samples: 5000,
  /** What is compared, the first one in charts. */
  metrics: ['class', 'pixel'],
};

/** The recipe `points`, without the schedules of its penalties. */
const points = {
  size: 1,
  channels: 2,
  arch: 'mlp',
  width: 256,
  layers: 4,
  latent: 2,
  loss: 'relativistic',
  penalties: 'r1,r2',
  gamma: 0.003,
  spectral: false,
  batch: 256,
  lr: 4e-3,
  schedule: 'linear',
  beta1: 0.5,
  beta2: 0.99,
  ema: 20_000,
  samples: 2500,
  metrics: ['modes', 'highQuality'],
};

/** The recipe `light` (src/parts/recipes). */
const light = {
  arch: 'light',
  width: 16,
  latent: 64,
  loss: 'relativistic',
  penalties: 'r1',
  gamma: 1,
  every: 4,
  spectral: false,
  batch: 16,
  lr: 1e-3,
  schedule: 'linear',
  beta2: 0.99,
  ema: 20_000,
};

/** Data sets: the name of the source and its options, and the recipe. */
const works = {
  'fashion-mnist': {source: 'fashion-mnist', options: {}, recipe: {...light, extra: 1, channels: 1}},
  stacked: {
    source: 'fashion-mnist',
    options: {stacked: true},
    recipe: {...light, extra: 1, samples: 10_000, metrics: ['modes', 'kl', 'pixel']},
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
      ? {name: 'mlp', layers: work.layers, width: work.width}
      : {
          name: work.arch,
          nFeatures: work.width,
          criticNorm: work.spectral ? 'spectral' : 'none',
          ...(work.arch === 'light' && {norm: 'pixel', nExtraLayers: work.extra, resampling: 'fir', stddevGroup: 4}),
        },
  loss: work.loss,
  penalty: work.penalties
    .split(',')
    .filter(Boolean)
    .map((name) => ({name, gamma: work.gamma, every: work.every})),
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
