import {GANDiscriminativeLR} from '../../gan/callbacks/discriminative-lr.js';
import type {Batch, DataLoader, DataLoaders, HostTensor} from '../../gan/data/types.js';
import {Normalization} from '../../gan/data/normalize.js';
import {GANLearner, type GANLearnerOptions} from '../../gan/gan-learner.js';
import {LeakyReLU, ReLU, SigmoidRange} from '../../gan/layers/activations.js';
import {ConvLayer} from '../../gan/layers/conv-layer.js';
import {Sequential} from '../../gan/layers/sequential.js';
import {Learner} from '../../gan/learner.js';
import {bceWithLogits, l1, mse} from '../../gan/losses/functions.js';
import {AdaptiveLoss, ganLossFromFunc} from '../../gan/losses/gan-loss.js';
import {permute, type Module, type StateDict} from '../../gan/module.js';
import {basicCritic} from '../../gan/nets/basic-critic.js';
import {basicGenerator} from '../../gan/nets/basic-generator.js';
import {ganCritic} from '../../gan/nets/gan-critic.js';
import type {OptimizerFactory} from '../../gan/optim/optimizer.js';
import {adam, rmsProp, sgd} from '../../gan/optim/rules.js';
import {AdaptiveGANSwitcher, FixedGANSwitcher} from '../../gan/switchers/gan-switchers.js';
import type {Switcher} from '../../gan/switchers/switcher.js';
import {defined, refuse} from './fields.js';
import {sliceOf} from './torch-layout.js';
import type {TraceConfig} from './trace-recording.js';

/** The learner that a trace was recorded with, on its data and initial weights, in fastai's ways. */
export function traceLearner(config: TraceConfig, tensors: StateDict, where: string): GANLearner {
  assertSizes(config, tensors, where);
  const [generator, critic] = networks(config, where);
  const options: GANLearnerOptions = {
    compat: 'fastai',
    ...(config.switcher && {switcher: switcher(config.switcher)}),
    ...(config.opt && {optFunc: optimizer(config.opt)}),
    ...defined({genFirst: config.gen_first, switchEval: config.switch_eval, clip: config.clip}),
    ...(config.dlr?.where === 'constructor' && {cbs: [new GANDiscriminativeLR(config.dlr.mult)]}),
  };
  const dls = loaders(config, tensors);
  const learn = makeLearner(config, dls, generator, critic, options);
  if (config.train_metrics) {
    learn.recorder!.trainMetrics = true;
    learn.recorder!.validMetrics = false;
  }
  return learn;
}

function makeLearner(
  config: TraceConfig,
  dls: DataLoaders,
  generator: Module,
  critic: Module,
  options: GANLearnerOptions,
): GANLearner {
  const critLoss = new AdaptiveLoss(bceWithLogits).forward;
  switch (config.learner) {
    case 'wgan':
      return GANLearner.wgan(dls, generator, critic, options);
    case 'from_func': {
      const {genLossFunc, critLossFunc} = ganLossFromFunc(l1, critLoss, config.weights_gen);
      return new GANLearner(dls, generator, critic, genLossFunc, critLossFunc, options);
    }
    case 'from_learners':
      return GANLearner.fromLearners(new Learner(dls, generator, mse), new Learner(dls, critic, critLoss), {
        ...options,
        ...defined({weightsGen: config.weights_gen}),
      });
  }
}

/** Checks that the description of the batches matches the batches. */
function assertSizes({size, channels, noise, bs, nets}: TraceConfig, tensors: StateDict, where: string): void {
  const image = [bs, channels, size, size];
  const wanted = {'train.input': nets === 'image' ? image : [bs, noise], 'train.target': image};
  for (const [name, shape] of Object.entries(wanted)) {
    const [, ...got] = tensors.get(name)?.shape ?? [];
    if (got.join() !== shape.join())
      refuse(where, `bs, size, channels and noise say batches of [${shape}], but ${name} has [${got}]`);
  }
}

function networks(config: TraceConfig, where: string): [Module, Module] {
  const {size, channels, noise, nf_gen, nf_crit, extra, nets, crit_act} = config;
  const slope = /^leaky([\d.]+)$/.exec(crit_act)?.[1];
  if (!slope && crit_act !== 'relu') refuse(where, `'crit_act' is ${crit_act}, wanted relu or leaky with its slope`);
  const actCls = slope ? (): Module => new LeakyReLU(Number(slope)) : (): Module => new ReLU();
  const generator =
    nets === 'image'
      ? imageGenerator(config)
      : basicGenerator(size, channels, {inSize: noise, nFeatures: nf_gen, nExtraLayers: extra});
  const critic =
    nets === 'basic'
      ? basicCritic(size, channels, {nFeatures: nf_crit, nExtraLayers: extra, actCls})
      : ganCritic({nChannels: channels, nf: nf_crit, p: 0, ...defined({nBlocks: config.blocks})});
  return [generator, critic];
}

/** The small image-to-image network of the from_learners trace. */
function imageGenerator({channels, nf_gen, y_range}: TraceConfig): Module {
  return new Sequential([
    new ConvLayer(channels, nf_gen),
    new ConvLayer(nf_gen, nf_gen),
    new ConvLayer(nf_gen, channels, {normType: null, actCls: null}),
    new SigmoidRange(...y_range!),
  ]);
}

function optimizer(opt: NonNullable<TraceConfig['opt']>): OptimizerFactory {
  const common = defined({mom: opt.mom, wd: opt.wd, decoupleWd: opt.decouple_wd});
  switch (opt.name) {
    case 'SGD':
      return sgd(common);
    case 'RMSProp':
      return rmsProp({...common, ...defined({sqrMom: opt.sqr_mom})});
    case 'Adam':
      return adam({...common, ...defined({sqrMom: opt.sqr_mom, eps: opt.eps})});
  }
}

function switcher(given: NonNullable<TraceConfig['switcher']>): Switcher {
  if (given.kind === 'fixed') return FixedGANSwitcher(given.n_crit, given.n_gen);
  const {gen_thresh, critic_thresh} = given; // null: no threshold, as when absent
  return AdaptiveGANSwitcher(defined({genThresh: gen_thresh ?? undefined, criticThresh: critic_thresh ?? undefined}));
}

function loaders({batches, valid_batches = 0, channels}: TraceConfig, tensors: StateDict): DataLoaders {
  const train = loader('train', batches, tensors);
  return {
    train,
    ...(valid_batches > 0 && {valid: loader('valid', valid_batches, tensors)}),
    normalization: Normalization.symmetric(channels),
    report: () => ({items: train.size, skipped: []}),
  };
}

/** Training batches follow each other through the epochs; validation batches are the same in each. */
function loader(prefix: 'train' | 'valid', length: number, tensors: StateDict): DataLoader {
  const input = tensors.get(`${prefix}.input`)!;
  const target = tensors.get(`${prefix}.target`)!;
  const size = input.shape[1]!;
  return {
    batchSize: size,
    size: size * length,
    length,
    async *epoch(epoch, start = 0) {
      for (let i = start; i < length; i++) {
        const index = prefix === 'train' ? epoch * length + i : i;
        const batch: Batch = {
          input: hostTensor(sliceOf(input, index)),
          target: hostTensor(sliceOf(target, index)),
          size,
        };
        yield batch;
      }
    },
  };
}

/** [n, c, ...spatial] as recorded -> [n, ...spatial, c]. */
function hostTensor({data, shape}: {data: Float32Array | BigInt64Array; shape: number[]}): HostTensor {
  if (shape.length <= 2) return {data: data as Float32Array, shape};
  const permutation = [0, ...shape.slice(2).map((_, i) => i + 2), 1];
  return {data: permute(data as Float32Array, shape, permutation), shape: permutation.map((axis) => shape[axis]!)};
}
