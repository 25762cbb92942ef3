import {join} from 'node:path';
import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  FixedGANSwitcher,
  fromBatches,
  GANLearner,
  readCheckpoint,
  restoreNetworks,
  resumeFrom,
  saveCheckpoint,
  setSeed,
  tf,
  WeightAverage,
  weightsOf,
  wganLosses,
  type Callback,
  type GANLearnerOptions,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {allState, ganError, inFolder, latent, noiseBatches, random, Scale, side, valuesOf} from '../helpers.js';

const {genLossFunc, critLossFunc} = wganLosses;
const steps = 18;

/** Half-life and batches are such that the ramp ends on the way. */
function makeLearner(options: GANLearnerOptions = {}): GANLearner {
  const streams = setSeed(3);
  const generator = basicGenerator(side, 1, {inSize: latent, nFeatures: 4});
  const critic = basicCritic(side, 1, {nFeatures: 4});
  return new GANLearner(fromBatches(noiseBatches(steps)), generator, critic, genLossFunc, critLossFunc, {
    optFunc: adam(),
    lr: 1e-2,
    switcher: FixedGANSwitcher(1, 1),
    switchEval: false,
    emaHalfLife: 0.6,
    streams,
    ...options,
  });
}

/** The average of numbers over steps of `batch` images, in float64. */
function averaged(history: readonly number[][], {halfLife, batch}: {halfLife: number; batch: number}): number[] {
  return history[0]!.map((_, i) => {
    let images = 0;
    let average = NaN;
    for (const values of history) {
      const life = Math.min(halfLife, images * 0.05);
      const beta = life === 0 ? 0 : 2 ** (-batch / life);
      average = beta === 0 ? values[i]! : beta * average + (1 - beta) * values[i]!;
      images += batch;
    }
    return average;
  });
}

const averageState = async (ema: WeightAverage): Promise<Record<string, number[]>> =>
  Object.fromEntries([...(await ema.stateDict())].map(([name, {data}]) => [name, Array.from(data, Number)]));

describe('the average of weights', () => {
  withDevice();

  it('is the recursion with a half-life that grows with the images seen, up to its limit', () => {
    for (const [halfLife, batch] of [
      [1000, 64],
      [100, 32],
      [20, 500],
    ] as const) {
      const network = new Scale(3);
      const average = new WeightAverage(network, {halfLife});
      const history = Array.from({length: 300}, (_, i) => [Math.sin(i / 7) + i / 100]);
      for (const [value] of history) {
        tf.tidy(() => network.weight.variable.assign(tf.tensor([value!])));
        average.update(batch);
      }
      expectClose([average.applied(() => network.value)], averaged(history, {halfLife, batch}), 'sum');
      expect(average.images).to.equal(300 * batch);
      average.dispose();
      network.dispose();
    }
  });

  it('halves what it was after a half-life', () => {
    const network = new Scale(0);
    const average = new WeightAverage(network, {halfLife: 640, ramp: Infinity});
    tf.tidy(() => network.weight.variable.assign(tf.tensor([1])));
    average.images = 1;
    for (let i = 0; i < 10; i++) average.update(64);
    expectClose([average.applied(() => network.value)], [0.5]);
    average.dispose();
    network.dispose();
  });

  it('of weights that stand still is these weights, to the last bit', () => {
    const network = new Scale(0.1);
    const average = new WeightAverage(network, {halfLife: 5e5, ramp: Infinity});
    average.images = 1;
    for (let i = 0; i < 500; i++) average.update(64);
    expect(average.applied(() => network.value)).to.equal(Math.fround(0.1));
    average.dispose();
    network.dispose();
  });

  it('gives the weights back when what is drawn fails, and leaves no tensor', () => {
    const network = new Scale(2);
    const before = tf.memory().numTensors;
    const average = new WeightAverage(network, {halfLife: 10});
    tf.tidy(() => network.weight.variable.assign(tf.tensor([5])));
    expect(() =>
      average.applied(() => {
        expect(network.value).to.equal(2);
        throw new Error('no');
      }),
    ).to.throw('no');
    expect(network.value).to.equal(5);
    average.dispose();
    expect(tf.memory().numTensors).to.equal(before);
    network.dispose();
  });

  it('wants a half-life above 0', async () => {
    const network = new Scale(1);
    expect((await ganError(() => new WeightAverage(network, {halfLife: 0}))).code).to.equal('GAN_ARGUMENT');
    network.dispose();
  });
});

describe('a GAN that averages its generator', function () {
  this.timeout(30_000);
  withDevice();

  it('averages parameters over the steps of the generator and copies buffers, whether steps are repeated or not', async () => {
    for (const capture of ['off', 'auto'] as const) {
      const learn = makeLearner({capture, switcher: FixedGANSwitcher(2, 1), emaHalfLife: 0.6});
      const {generator} = learn.ganModel;
      const parameters = new Map(generator!.namedParameters());
      const history = new Map([...parameters.keys()].map((name): [string, number[][]] => [name, []]));
      let buffers: number[][] = [];
      const note: Callback = {
        name: 'note',
        runBefore: ['switcher'],
        afterBatch() {
          if (learn.turn !== 'generator') return;
          for (const [name, {variable}] of parameters) history.get(name)!.push(valuesOf(variable));
          buffers = generator!.namedBuffers().map(([, {variable}]) => valuesOf(variable));
        },
      };
      await learn.fit(1, undefined, {cbs: [note]});
      const state = await averageState(learn.ema!);
      learn.ema!.applied(() => {
        for (const [name, {variable}] of parameters)
          expectClose(valuesOf(variable), averaged(history.get(name)!, {halfLife: 0.6, batch: 2}), 'sum', name);
        expect(generator!.namedBuffers().map(([, {variable}]) => valuesOf(variable))).to.deep.equal(buffers);
      });
      expect(Object.keys(state)).to.have.members([
        ...parameters.keys(),
        ...generator!.namedBuffers().map(([name]) => name),
      ]);
      expect(learn.ema!.images).to.equal(2 * (steps / 3));
      if (capture === 'auto') expect(learn.capture.repeated).to.be.greaterThan(8);
      learn.dispose();
    }
  });

  it('trains as without, to the last bit', async () => {
    const states = [];
    for (const emaHalfLife of [0, 0.6]) {
      const learn = makeLearner({emaHalfLife});
      await learn.fit(1);
      states.push(await allState(learn.model));
      learn.dispose();
    }
    expect(states[1]).to.deep.equal(states[0]);
  });

  it('draws with the average, in the modes that the generator had', async () => {
    const learn = makeLearner();
    await learn.fit(1);
    const generator = learn.ganModel.generator!.train();
    const x = random([3, latent], 5);
    const images = valuesOf(learn.draw(x));
    expect(generator.training).to.equal(true);
    const twin = basicGenerator(side, 1, {inSize: latent, nFeatures: 4}).eval();
    twin.loadStateDict(new Map([...(await generator.stateDict()), ...(await learn.ema!.stateDict())]));
    expect(images).to.deep.equal(valuesOf(twin.forward(x)));
    twin.loadStateDict(await generator.stateDict());
    expect(images).to.not.deep.equal(valuesOf(twin.forward(x)));
    twin.dispose();
    learn.dispose();
  });

  it('goes on bit for bit from a checkpoint, which has both weights by name', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      const run = async (from?: string, to?: string): Promise<unknown> => {
        const learn = makeLearner();
        const save: Callback = {
          name: 'save',
          async afterBatch({epoch, iter, step}) {
            if (to === undefined || step !== 7) return;
            await saveCheckpoint(learn, to, {epoch, batch: iter + 1, step});
            learn.stop('saved');
          },
        };
        await learn.fit(1, undefined, {
          cbs: [save],
          ...(from !== undefined && resumeFrom(learn, await readCheckpoint(from))),
        });
        const result = [await allState(learn.model), await averageState(learn.ema!), learn.ema!.images];
        if (to !== undefined) {
          const checkpoint = await readCheckpoint(to);
          expect(checkpoint.ema).to.deep.equal({halfLife: 0.6, images: 6});
          const live = await learn.model.stateDict();
          const averages = await learn.ema!.stateDict();
          expect(weightsOf(checkpoint, 'trained')).to.deep.equal(live);
          const drawn = weightsOf(checkpoint);
          expect([...drawn.keys()]).to.deep.equal([...live.keys()]);
          for (const [name, tensor] of drawn)
            expect(tensor, name).to.deep.equal(averages.get(name.replace('generator.', '')) ?? live.get(name));
        }
        learn.dispose();
        return result;
      };
      const whole = await run();
      await run(undefined, path);
      expect(await run(path)).to.deep.equal(whole);
    });
  });

  it('begins the average anew from a checkpoint that has none', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      const learn = makeLearner({emaHalfLife: 0});
      await learn.fit(1);
      await saveCheckpoint(learn, path, {epoch: 0, batch: 2, step: 2});
      const checkpoint = await readCheckpoint(path);
      expect(checkpoint.emaWeights.size).to.equal(0);
      const other = makeLearner();
      other.ema!.update(64);
      restoreNetworks(other, checkpoint);
      const averages = await other.ema!.stateDict();
      const current = await learn.ganModel.generator!.stateDict();
      for (const [name, tensor] of averages) expect(tensor, name).to.deep.equal(current.get(name));
      expect(other.ema!.images).to.equal(0);
      learn.dispose();
      other.dispose();
    });
  });

  it('leaves no tensor behind', async () => {
    const before = tf.memory().numTensors;
    const learn = makeLearner();
    await learn.fit(1);
    await learn.generate({data: new Float32Array(2 * latent), shape: [2, latent]});
    learn.dispose();
    expect(tf.memory().numTensors).to.equal(before);
  });
});
