import {join} from 'node:path';
import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  fromBatches,
  GANLearner,
  Module,
  nn,
  Parameter,
  plainSide,
  readSafetensors,
  Rng,
  setSeed,
  sgd,
  tf,
  wganLosses,
  writeSafetensors,
  type Architecture,
  type Batch,
  type GANLearnerOptions,
  type HostTensor,
  type Tensor,
  type WantedCritic,
  type WantedGenerator,
} from 'gankit';
import {expectClose, withDevice} from '../device.js';
import {allState, ganError, inFolder, latent, noiseBatches, side, tinyNets, valuesOf} from './helpers.js';

const [height, width, channels, classes] = [16, 24, 1, 2];
const shape = [height, width, channels];
const pixels = height * width * channels;

const oneHot = (labels: Tensor): Tensor => tf.cast(tf.oneHot(labels, classes), 'float32');

/** The class beside the latent. */
class ConditionalGenerator extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #layers: Module;
  readonly #shape: number[];

  constructor({latentSize, height, width, channels, classes = 0}: WantedGenerator) {
    super();
    this.#shape = [height, width, channels];
    const layers = [nn.dense(latentSize + classes, 24), nn.leakyRelu(0.2), nn.dense(24, height * width * channels)];
    this.#layers = this.add('layers', nn.sequential([...layers, nn.tanh()]));
  }

  override forward(latents: Tensor, labels: Tensor): Tensor {
    const images = this.run('layers', this.#layers, tf.concat([latents, oneHot(labels)], 1));
    return tf.reshape(images, [-1, ...this.#shape]);
  }
}

/** A score for each class, of which that of the label counts. */
class ConditionalCritic extends Module {
  static readonly repeatable = true;
  override readonly takesLabels = true;
  readonly #layers: Module;

  constructor({height, width, channels, classes = 0}: WantedCritic) {
    super();
    const layers = [nn.flatten(), nn.dense(height * width * channels, 24), nn.leakyRelu(0.2), nn.dense(24, classes)];
    this.#layers = this.add('layers', nn.sequential(layers));
  }

  override forward(images: Tensor, labels: Tensor): Tensor {
    return tf.sum(tf.mul(this.run('layers', this.#layers, images), oneHot(labels)), 1, true);
  }
}

const conditional: Architecture = {
  generator: (wanted) => new ConditionalGenerator(wanted),
  critic: (wanted) => new ConditionalCritic(wanted),
};

/** Images of class 0 are bright, those of class 1 dark. */
function labelledBatches(count: number, size = 8): Batch[] {
  const rng = new Rng(4);
  return Array.from({length: count}, () => {
    const labels = Int32Array.from({length: size}, () => rng.int(classes));
    const target = Float32Array.from({length: size * pixels}, (_, i) => {
      const bright = labels[Math.floor(i / pixels)] === 0 ? 0.6 : -0.6;
      return bright + 0.1 * (rng.float() - 0.5);
    });
    const input: HostTensor = {data: rng.normal(size * latent), shape: [size, latent]};
    return {input, target: {data: target, shape: [size, ...shape]}, labels, size};
  });
}

const {genLossFunc, critLossFunc} = nn.ganLossFromFunc(nn.l1, nn.adaptiveLoss(nn.bceWithLogits).forward, [1, 0]);

function conditionalLearner(steps: number, options: GANLearnerOptions = {}): GANLearner {
  const streams = setSeed(5);
  const wanted = {height, width, channels, classes};
  const generator = conditional.generator({...wanted, latentSize: latent});
  return new GANLearner(
    fromBatches(labelledBatches(steps)),
    generator,
    conditional.critic(wanted),
    genLossFunc,
    critLossFunc,
    {optFunc: adam({mom: 0.5, wd: 0}), lr: 2e-3, streams, ...options},
  );
}

const mean = (values: ArrayLike<number>): number =>
  Array.from(values).reduce((sum, value) => sum + value, 0) / values.length;

describe('conditional networks', function () {
  this.timeout(60_000);
  withDevice();

  it('learn what each class looks like, in images of 16x24, also in steps that are repeated from recordings', async () => {
    const learn = conditionalLearner(600, {emaHalfLife: 500});
    await learn.fit(1);
    expect(learn.capture.repeated).to.be.greaterThan(580);
    const latents = tf.tensor(new Rng(9).normal(20 * latent), [20, latent]);
    const [bright, dark] = [0, 1].map((label) => learn.draw(latents, tf.fill([20], label, 'int32')));
    expect(bright!.shape).to.deep.equal([20, height, width, channels]);
    expect(mean(valuesOf(bright!))).to.be.within(0.3, 0.9);
    expect(mean(valuesOf(dark!))).to.be.within(-0.9, -0.3);
    const bytes = await learn.generate({data: new Float32Array(2 * latent), shape: [2, latent]}, Int32Array.of(0, 1));
    expect(mean(bytes.data.subarray(0, pixels))).to.be.greaterThan(mean(bytes.data.subarray(pixels)) + 50);
    learn.dispose();
  });

  it('compute the same bits whether steps are repeated or not', async () => {
    const states = [];
    for (const capture of ['off', 'auto'] as const) {
      const learn = conditionalLearner(20, {capture, emaHalfLife: 50});
      await learn.fit(1);
      states.push(await allState(learn.model));
      learn.dispose();
    }
    expect(states[1]).to.deep.equal(states[0]);
  });

  it('are refused without labels, by the name of the network', async () => {
    const wanted = {height: side, width: side, channels: 1, classes};
    const generator = conditional.generator({...wanted, latentSize: latent});
    const critic = basicCritic(side, 1, {nFeatures: 4});
    const learn = new GANLearner(fromBatches(noiseBatches(2)), generator, critic, genLossFunc, critLossFunc);
    const error = await ganError(() => learn.fit(1));
    expect(error).to.include({code: 'GAN_LABELS', kind: 'data'});
    expect(error.message).to.include('the generator is conditional');
    expect((await ganError(() => learn.draw(tf.zeros([1, latent])))).code).to.equal('GAN_LABELS');
    learn.dispose();
  });

  it('that are not get the images alone, though the data has labels', async () => {
    const {generator, critic} = tinyNets();
    const batches = noiseBatches(2).map((batch) => ({...batch, labels: Int32Array.of(0, 1)}));
    const learn = new GANLearner(fromBatches(batches), generator, critic, genLossFunc, critLossFunc);
    await learn.fit(1);
    expect(learn.step).to.equal(2);
    learn.dispose();
  });
});

describe('image to image', function () {
  this.timeout(60_000);
  withDevice();

  it('trains on pairs, with images of different height and width: here to the negative of the input', async () => {
    setSeed(6);
    const layer = (from: number, to: number): Module => nn.conv(from, to, {kernelSize: 3, padding: 1});
    const generator = nn.sequential([layer(1, 8), nn.leakyRelu(0.2), layer(8, 1), nn.tanh()]);
    const critic = nn.sequential([layer(1, 4), nn.leakyRelu(0.2), nn.flatten(), nn.dense(4 * height * width, 1)]);
    const rng = new Rng(8);
    const batches = Array.from({length: 200}, (): Batch => {
      const input = rng.uniform(4 * pixels, -0.7, 0.7);
      return {
        input: {data: input, shape: [4, ...shape]},
        target: {data: input.map((value) => -value), shape: [4, ...shape]},
        size: 4,
      };
    });
    const losses = nn.ganLossFromFunc(nn.l1, nn.adaptiveLoss(nn.bceWithLogits).forward, [0.01, 1]);
    const learn = new GANLearner(fromBatches(batches), generator, critic, losses.genLossFunc, losses.critLossFunc, {
      optFunc: adam({wd: 0}),
      lr: 1e-2,
    });
    const {data} = batches[0]!.input;
    const error = (): number => {
      const made = valuesOf(learn.draw(tf.tensor(data as Float32Array, [4, ...shape])));
      return mean(made.map((value, i) => Math.abs(value + data[i]!)));
    };
    const before = error();
    await learn.fit(1);
    expect(before).to.be.greaterThan(0.3);
    expect(error()).to.be.lessThan(0.1);
    learn.dispose();
  });
});

describe('an architecture that makes plain square images', () => {
  it('names what it cannot do', async () => {
    expect(plainSide('basic', {height: 32, width: 32, channels: 3})).to.equal(32);
    for (const [wanted, what] of [
      [{height: 16, width: 24, channels: 3}, 'images of 16x24'],
      [{height: 32, width: 32, channels: 3, classes: 10}, '10 classes'],
      [{height: 32, width: 32, channels: 3, input: {height: 32, width: 32, channels: 1}}, 'image to image'],
    ] as const) {
      const error = await ganError(() => plainSide('basic', wanted));
      expect(error).to.include({code: 'GAN_ARCHITECTURE', kind: 'config'});
      expect(error.message).to.include('basic').and.include(what);
      expect(error.suggestions!.join()).to.include('gan parts architecture');
    }
  });
});

describe('a layer of a plug-in', () => {
  withDevice();

  /** LeakyReLU with a slope that is trained (arXiv 1502.01852). */
  class PReLU extends nn.Module {
    static readonly repeatable = true;
    readonly slope = this.register('weight', new nn.Parameter(Float32Array.of(0.25), [1]));

    override forward(x: Tensor): Tensor {
      return tf.sub(tf.relu(x), tf.mul(this.slope.variable, tf.relu(tf.neg(x))));
    }
  }

  const makeCritic = (): Module => nn.sequential([nn.flatten(), nn.dense(side * side, 8), new PReLU(), nn.dense(8, 1)]);

  it('trains by its gradient, goes on from a checkpoint, and is exported to safetensors', async () => {
    await inFolder(async (dir) => {
      const make = (options: GANLearnerOptions = {}): GANLearner => {
        const streams = setSeed(2);
        const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
        const dls = fromBatches(noiseBatches(12));
        return new GANLearner(dls, generator, makeCritic(), wganLosses.genLossFunc, wganLosses.critLossFunc, {
          optFunc: sgd(),
          lr: 0.05,
          streams,
          path: dir,
          ...options,
        });
      };
      const [eager, captured] = [make({capture: 'off'}), make()];
      await eager.fit(1);
      await captured.fit(1);
      expect(captured.capture.repeated).to.be.greaterThan(6);
      const state = await allState(captured.model);
      expect(state).to.deep.equal(await allState(eager.model));
      expect(state['critic.2.weight']![0]).to.not.equal(0.25);

      await captured.save('saved');
      const other = make();
      await other.load('saved');
      expect(await allState(other.model)).to.deep.equal(state);

      const file = join(dir, 'critic.safetensors');
      await writeSafetensors(file, await captured.ganModel.critic!.stateDict(), {format: 'pt'});
      const twin = makeCritic();
      twin.loadStateDict((await readSafetensors(file)).tensors);
      const x = tf.ones([1, side, side, 1]);
      expectClose(twin.forward(x), valuesOf(captured.ganModel.critic!.forward(x)), 'exact');
      expect(twin.parameters().every((parameter) => parameter instanceof Parameter)).to.equal(true);
      for (const learn of [eager, captured, other]) learn.dispose();
      twin.dispose();
    });
  });
});
