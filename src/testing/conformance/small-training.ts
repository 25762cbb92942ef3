import type {Callback} from '../../gan/callback.js';
import type {Batch} from '../../gan/data/types.js';
import {fromBatches} from '../../gan/data/data-loaders.js';
import {GANLearner} from '../../gan/gan-learner.js';
import {LeakyReLU} from '../../gan/layers/activations.js';
import {bceWithLogits, mse} from '../../gan/losses/functions.js';
import {AdaptiveLoss, ganLossFromFunc} from '../../gan/losses/gan-loss.js';
import {basicCritic} from '../../gan/nets/basic-critic.js';
import {basicGenerator} from '../../gan/nets/basic-generator.js';
import {adam} from '../../gan/optim/rules.js';
import {Rng} from '../../gan/rng.js';
import type {CaptureMode} from '../../gan/step-capture.js';
import {setSeed} from '../../gan/streams.js';
import {FixedGANSwitcher} from '../../gan/switchers/gan-switchers.js';

export interface SmallTraining {
  steps: number;
  /** Whether steps may be captured and replayed. Default 'auto'. */
  capture?: CaptureMode;
  afterStep?(): Promise<void>;
}

export interface SmallTrainingResult {
  /** One for each step: critic, generator, critic, ... */
  losses: number[];
  /** Euclidean norms of all of a network's parameters, at the end. */
  norms: {generator: number; critic: number};
  /** The norm of the running statistics of both. */
  statistics: number;
  /** Steps that were repeated, and why others were not. */
  repeated: number;
  /** Repeated steps that the device ran from a capture of its own. */
  launched: number;
  refusals: readonly string[];
  /** Frees the networks and the optimiser. */
  dispose(): void;
}

const [size, channels, latent, batchSize] = [16, 2, 6, 4];

/**
 * A whole training, small: transposed and strided convolutions, batch norm, leaky ReLU, tanh, binary cross-entropy,
 * Adam. Weights, latents and images come from the host's random numbers, so that every device computes the same.
 */
export async function smallTraining({steps, capture = 'auto', afterStep}: SmallTraining): Promise<SmallTrainingResult> {
  setSeed(7);
  const generator = basicGenerator(size, channels, {inSize: latent, nFeatures: 8, nExtraLayers: 1});
  const critic = basicCritic(size, channels, {nFeatures: 8, nExtraLayers: 1, actCls: () => new LeakyReLU(0.2)});
  const {genLossFunc, critLossFunc} = ganLossFromFunc(mse, new AdaptiveLoss(bceWithLogits).forward, [1, 0]);
  const losses: number[] = [];
  const observer: Callback = {
    name: 'observer',
    afterLossRead: ({lastLoss}) => void losses.push(lastLoss!.value),
    afterBatch: () => afterStep?.(),
  };
  const learn = new GANLearner(fromBatches(batches(steps)), generator, critic, genLossFunc, critLossFunc, {
    switcher: FixedGANSwitcher(1, 1),
    optFunc: adam({mom: 0.5, wd: 0}),
    lr: 1e-3,
    capture,
    cbs: [observer],
  });
  await learn.fit(1);
  const norms = {generator: await norm(generator.parameters()), critic: await norm(critic.parameters())};
  const statistics = await norm([generator, critic].flatMap((network) => network.namedBuffers().map(([, one]) => one)));
  const {repeated, launched, refusals} = learn.capture;
  return {losses, norms, statistics, repeated, launched, refusals, dispose: () => learn.dispose()};
}

function batches(count: number): Batch[] {
  const rng = new Rng('small training');
  return Array.from({length: count}, (_, i) => ({
    input: {data: rng.fork('latents', i).normal(batchSize * latent), shape: [batchSize, latent]},
    target: {
      data: rng.fork('images', i).uniform(batchSize * size * size * channels, -1, 1),
      shape: [batchSize, size, size, channels],
    },
    size: batchSize,
  }));
}

async function norm(parameters: readonly {variable: {data(): Promise<ArrayLike<number>>}}[]): Promise<number> {
  let sum = 0;
  for (const {variable} of parameters) for (const value of Array.from(await variable.data())) sum += value * value;
  return Math.sqrt(sum);
}
