import '@tensorflow/tfjs-backend-cpu';
import {expect} from 'chai';
import {tf, type Tensor} from '../../dist/backends/tf.js';
import {createParts} from '../../dist/config/parts.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import type {FiniteSource} from '../../dist/gan/data/types.js';
import {namedTerms, sumOf, type Terms} from '../../dist/gan/losses/terms.js';
import type {TrainingStep} from '../../dist/gan/training-step.js';
import type {Turn} from '../../dist/gan/switchers/switcher.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import type {GivenMap} from '../../dist/options/options-check.js';

const registry = openRegistry();
const given = (values: Record<string, unknown>): GivenMap =>
  new Map(Object.entries(values).map(([key, value]) => [key, {value, origin: 'a test'}]));
const number = (scalar: Tensor): number => scalar.dataSync()[0]!;

describe('the built-in parts', () => {
  before(async () => {
    await registry.tensors.load();
    await tf.setBackend('cpu');
  });

  describe('architectures', () => {
    const wanted = {height: 16, width: 16, channels: 3, latentSize: 5};
    for (const [name, options] of [
      ['basic', {nFeatures: 4, nExtraLayers: 1}],
      ['basic', {nFeatures: 4, criticActivation: 'leaky'}],
      ['gan-critic', {nFeatures: 4, nf: 8, nBlocks: 1}],
      ['resnet', {nFeatures: 4}],
      ['resnet', {nFeatures: 4, norm: 'pixel', criticNorm: 'none', activation: 'leaky', stddevGroup: 2}],
      ['light', {nFeatures: 4, maxFeatures: 8, nExtraLayers: 1}],
      ['light', {nFeatures: 4, norm: 'none', criticNorm: 'none', stddevGroup: 2}],
      ['mlp', {layers: 2, width: 8, activation: 'leaky'}],
    ] as const) {
      it(`${name} ${JSON.stringify(options)} makes images from latents and one score an image`, async () => {
        const {generator, critic} = await registry.create('architecture', name, given(options));
        const [g, c] = [generator(wanted), critic(wanted)];
        const images = g.forward(tf.zeros([2, 5]));
        expect(images.shape).to.deep.equal([2, 16, 16, 3]);
        expect(c.forward(images).shape).to.deep.equal([2, 1]);
      });
    }
  });

  describe('losses', () => {
    const step = {
      real: {scores: tf.tensor([[1], [3]]), images: tf.fill([2, 4], 0.5)},
      fake: {scores: tf.tensor([[-1], [0]]), images: tf.zeros([2, 4])},
    } as unknown as TrainingStep;
    const softplus = (x: number): number => Math.log1p(Math.exp(x));
    const total = (given: Tensor | Terms): number => number(sumOf(namedTerms(given, 'all')));

    it('wgan: mean(real) - mean(fake) for the critic, mean(fake) for the generator', async () => {
      const loss = await registry.create('loss', 'wgan');
      expect(total(loss.critic(step))).to.be.closeTo(2.5, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo(-0.5, 1e-6);
    });

    it('wgan with real images high: the signs of the paper', async () => {
      const loss = await registry.create('loss', 'wgan', given({real: 'high'}));
      expect(total(loss.critic(step))).to.be.closeTo(-0.5 - 2, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo(0.5, 1e-6);
    });

    it('logistic: both halves in full for the critic; non-saturating for the generator unless asked', async () => {
      const loss = await registry.create('loss', 'logistic');
      const critic = (softplus(-1) + softplus(-3)) / 2 + (softplus(-1) + softplus(0)) / 2;
      expect(total(loss.critic(step))).to.be.closeTo(critic, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo((softplus(1) + softplus(0)) / 2, 1e-6);
      // log(1 - sigmoid(x)), which the paper's equation 1 has
      const log = (x: number): number => Math.log(1 - 1 / (1 + Math.exp(-x)));
      const saturating = await registry.create('loss', 'logistic', given({saturating: true}));
      expect(total(saturating.critic(step))).to.be.closeTo(critic, 1e-6);
      expect(total(saturating.generator(step))).to.be.closeTo((log(-1) + log(0)) / 2, 1e-6);
    });

    it('logistic: as the first GAN without a penalty, bce has half its critic loss', async () => {
      const [logistic, bce] = [await registry.create('loss', 'logistic'), await registry.create('loss', 'bce')];
      expect(total(logistic.critic(step))).to.be.closeTo(2 * total(bce.critic(step)), 1e-6);
      expect(total(logistic.generator(step))).to.be.closeTo(total(bce.generator(step)), 1e-6);
    });

    it('least-squares: half the squared distance from the targets', async () => {
      const loss = await registry.create('loss', 'least-squares');
      expect(total(loss.critic(step))).to.be.closeTo((0 + 4) / 4 + (1 + 0) / 4, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo((4 + 1) / 4, 1e-6);
      const pearson = await registry.create('loss', 'least-squares', given({fake: -1, real: 2, wanted: 0.5}));
      expect(total(pearson.critic(step))).to.be.closeTo((1 + 1) / 4 + (0 + 1) / 4, 1e-6);
      expect(total(pearson.generator(step))).to.be.closeTo((2.25 + 0.25) / 4, 1e-6);
    });

    it('bce: cross-entropy of real as 1 and fake as 0, and of fake as 1 for the generator, with the pixel term', async () => {
      const critic = (softplus(-1) + softplus(-3)) / 4 + (softplus(-1) + softplus(0)) / 4;
      const generator = (softplus(1) + softplus(0)) / 2;
      const loss = await registry.create('loss', 'bce');
      expect(total(loss.critic(step))).to.be.closeTo(critic, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo(generator, 1e-6);
      const withPixels = await registry.create('loss', 'bce', given({pixelWeight: 10}));
      expect(total(withPixels.generator(step))).to.be.closeTo(generator + 10 * 0.5, 1e-5);
      expect(Object.keys(withPixels.generator(step))).to.deep.equal(['adversarial', 'pixel']);
    });

    it('hinge: scores below 1 of real images and above -1 of fakes count', async () => {
      const loss = await registry.create('loss', 'hinge');
      expect(total(loss.critic(step))).to.be.closeTo(0 + 1 / 2, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo(0.5, 1e-6);
    });

    it('relativistic: softplus of the difference in each pair, with opposite signs for the two networks', async () => {
      const loss = await registry.create('loss', 'relativistic');
      expect(total(loss.critic(step))).to.be.closeTo((softplus(-1 - 1) + softplus(0 - 3)) / 2, 1e-6);
      expect(total(loss.generator(step))).to.be.closeTo((softplus(1 + 1) + softplus(3 - 0)) / 2, 1e-6);
    });
  });

  describe('switchers', () => {
    const turns = async (name: string, options: Record<string, unknown>, losses: number[]): Promise<string> => {
      const next = await registry.create('switcher', name, given(options));
      let [last, run] = ['critic' as Turn, 0];
      return losses
        .map((loss) => {
          run++;
          const turn = last;
          const then = next({last, run, otherSteps: 0, loss});
          if (then !== last) [last, run] = [then, 0];
          return turn[0];
        })
        .join('');
    };

    it('fixed: nCrit critic steps, then nGen generator steps', async () => {
      expect(await turns('fixed', {nCrit: 5, nGen: 1}, new Array<number>(12).fill(0))).to.equal('cccccgcccccg');
      expect(await turns('fixed', {nGen: 2}, new Array<number>(7).fill(0))).to.equal('cggcggc');
    });

    it('adaptive: stays until the loss is below the threshold', async () => {
      expect(await turns('adaptive', {criticThresh: 0.65}, [1, 0.65, 0.6, 9, 1, 0.1, 9])).to.equal('cccgccg');
    });
  });

  it('optimizers: make one with the learning rate, and with their own defaults of fastai', async () => {
    const defaults = {adam: {mom: 0.9, sqrMom: 0.99, eps: 1e-5}, rmsprop: {mom: 0, sqrMom: 0.99}, sgd: {mom: 0}};
    expect(registry.names('optimizer')).to.have.members(Object.keys(defaults));
    for (const [name, hypers] of Object.entries(defaults)) {
      const factory = await registry.create('optimizer', name);
      expect(factory([[]], 0.25).hypers[0]).to.include({lr: 0.25, ...hypers});
    }
  });

  it('source shapes: as many images as asked for, of the size asked for', async () => {
    const source = (await (
      await registry.create('source', 'shapes', given({count: 7}))
    )({height: 12, width: 12, channels: 1, resize: 'crop'})) as FiniteSource;
    expect(source).to.deep.include({size: 7, shape: [12, 12, 1]});
    expect(await source.read(6)).to.have.length(144);
  });

  it('recipe gan: a spectrally normalised critic, one step each', async () => {
    const flags = new Map([['recipe', {value: 'gan', origin: '--recipe'}]]);
    const {config} = await resolveConfig({registry, flags, ignoreFiles: true});
    expect(config).to.deep.include({
      lr: 2e-3,
      wd: 0,
      switchEval: false,
      opt: {name: 'adam', options: {mom: 0.5, sqrMom: 0.99, eps: 1e-5}},
      switcher: {name: 'fixed', options: {nCrit: 1, nGen: 1}},
    });
    expect(config).to.have.nested.property('loss.name', 'bce');
    expect(config).to.have.nested.property('arch.options.criticNorm', 'spectral');
    expect(config).to.not.have.property('clip');
  });

  it('createParts makes all parts of a configuration', async () => {
    const {config} = await resolveConfig({registry, set: ['recipe=wgan'], ignoreFiles: true});
    expect(await createParts(registry, config)).to.have.all.keys(
      'architecture',
      'loss',
      'optimizer',
      'switcher',
      'source',
      'augmentations',
      'metrics',
      'callbacks',
      'penalties',
      'schedules',
    );
    expect(await createParts(registry, {...config, data: '/some/folder', source: {}})).to.not.have.property('source');
  });
});
