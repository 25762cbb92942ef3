/** What a learner does besides training: summary, lrFind, predict, showResults, rows and their printing. */
import {expect} from 'chai';
import {
  AdaptiveLoss,
  basicCritic,
  basicGenerator,
  bceWithLogits,
  BatchNorm,
  fromBatches,
  GANLearner,
  l1,
  Learner,
  mse,
  penalties,
  ProgressCallback,
  Sequential,
  sgd,
  Tanh,
  tf,
  valley,
  metrics,
  recipes,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../device.js';
import {ganError, noiseBatches, numberLoaders, Scale} from './helpers.js';

const pairs = [
  [1, 3],
  [2, 6],
] as const;

describe('losses of tensors whose shapes differ', () => {
  withDevice();

  for (const [name, loss] of Object.entries({mse, l1, bceWithLogits}))
    it(`${name} refuses [4, 1] and [4], and names the loss that takes them`, async () => {
      const error = await ganError(() => loss(tf.zeros([4, 1]), tf.zeros([4])));
      expect(error).to.include({code: 'GAN_SHAPE'});
      expect(error.message).to.contain(`${name}: `).and.contain('[4, 1]').and.contain('[4]');
      expect(error.suggestions[0]).to.contain(`new AdaptiveLoss(${name}).forward`);
      // what it suggests works: all scores 0
      expectClose(
        new AdaptiveLoss(loss).forward(tf.zeros([4, 1]), tf.zeros([4])),
        name === 'bceWithLogits' ? Math.log(2) : 0,
      );
    });

  it('AdaptiveLoss says what it wants', async () => {
    const error = await ganError(() => new AdaptiveLoss(mse).forward(tf.zeros([4, 1]), tf.zeros([3])));
    expect(error.message).to.contain('AdaptiveLoss').and.contain('[4, 1]').and.contain('[3]');
  });
});

describe('Learner.summary', () => {
  withDevice();

  it('lists the layers of both networks of a GAN with shapes and counts', async () => {
    const dls = fromBatches(noiseBatches(1, {shape: [16, 16, 1]}));
    const [generator, critic] = [basicGenerator(16, 1, {inSize: 3, nFeatures: 4}), basicCritic(16, 1, {nFeatures: 4})];
    const size = dls.train.batchSize;
    const before = tf.memory().numTensors;
    const text = await new GANLearner(
      fromBatches(noiseBatches(1, {shape: [16, 16, 1], inputShape: [3]})),
      generator,
      critic,
      {
        critic: ({real}) => tf.mean(real.scores),
        generator: ({fake}) => tf.mean(fake.scores),
      },
    ).summary();
    expect(tf.memory().numTensors).to.equal(before);
    expect(text).to.match(new RegExp(`^generator \\(input ${size} x 3\\)$`, 'm'));
    expect(text).to.match(new RegExp(`^1\\.1 +BatchNorm +${size} x 4 x 4 x 8 +16 +yes$`, 'm'));
    expect(text).to.match(new RegExp(`Tanh +${size} x 16 x 16 x 1$`, 'm'));
    for (const network of [generator, critic])
      expect(text).to.contain(`${network.parameterCount().toLocaleString('en-US')} parameters`);
  });

  it('leaves modes and layers as they were, and says what is frozen', async () => {
    const model = new Sequential([new BatchNorm(1), new Tanh()]);
    const layer = model.children()[0]![1] as BatchNorm;
    layer.parameters()[0]!.requiresGrad = false;
    const text = await new Learner(numberLoaders(pairs), model, mse).summary();
    expect(text)
      .to.match(/^0 +BatchNorm .* 2 +some$/m)
      .and.contain('2 parameters, 1 of them trained');
    expect(Object.keys(layer)).to.not.include('forward');
    expect(layer.training).to.equal(true);
  });
});

describe('Learner.lrFind', () => {
  withDevice();

  it('suggests halfway down the longest fall', () => {
    // falls from index 2 to 8: lengths 7, so start 1; a third is 7 / 3, and 1 + 2 + 1 = 4
    const losses = [5, 5, 7, 6, 5, 4, 3, 2, 1, 8];
    expect(
      valley(
        losses.map((_, i) => i),
        losses,
      ),
    ).to.equal(4);
  });

  it('tries rates that grow exponentially, and leaves the learner as it was', async () => {
    const model = new Scale(1);
    const learn = new Learner(numberLoaders(pairs), model, mse, {optFunc: sgd()});
    await learn.fit(1, 0.01);
    const [weights, rows] = [await model.stateDict(), learn.recorder!.rows];
    const {lrs, losses, valley: suggested} = await learn.lrFind({startLr: 1e-5, endLr: 1e-2, numIt: 30});
    expect(lrs).to.have.length(22); // 30 without a tenth and the last five
    expect(lrs[0]).to.be.closeTo(1e-5 * 1000 ** (3 / 30), 1e-10);
    expect(lrs[21]! / lrs[20]!).to.be.closeTo(1000 ** (1 / 30), 1e-9);
    expect(losses[21]).to.be.lessThan(losses[0]!);
    expect(lrs).to.include(suggested);
    expect(await model.stateDict()).to.deep.equal(weights);
    expect(learn.recorder!.rows).to.equal(rows);
    expect(learn.lr).to.equal(1e-3);
  });

  it('ends when the loss grows, and says so when that is too soon', async () => {
    const learn = new Learner(numberLoaders(pairs), new Scale(1), mse, {optFunc: sgd()});
    const error = await ganError(() => learn.lrFind({startLr: 10, endLr: 1000}));
    expect(error).to.include({code: 'GAN_LR_FIND'});
    expect(learn.opt).to.equal(undefined);
  });
});

describe('Learner.predict and showResults', () => {
  withDevice();

  it('predict gives what the model makes of an input in eval mode', async () => {
    const learn = new Learner(numberLoaders(pairs), new Scale(3), mse);
    const {data, shape} = await learn.predict({data: Float32Array.of(2, 5), shape: [2, 1]});
    expect([...data]).to.deep.equal([6, 15]);
    expect(shape).to.deep.equal([2, 1]);
  });

  it('showResults has input, output and target of pairs, also in one picture', async () => {
    const image = (value: number) => ({data: new Uint8Array(4).fill(value), shape: [1, 2, 2, 1]});
    const dls = fromBatches([{input: image(255), target: image(0), size: 1}]);
    const loss = {critic: ({real}: {real: {scores: Tensor}}) => tf.mean(real.scores), generator: () => tf.scalar(0)};
    const learn = new GANLearner(dls, new Scale(0), new Scale(1), loss);
    const results = await learn.showResults();
    expect([results.input.data[0], results.data[0], results.target.data[0]]).to.deep.equal([255, 128, 0]);
    const {width, height, data} = results.picture();
    expect([width, height]).to.deep.equal([14, 6]); // three of 2x2 with gaps of 2
    expect([2, 6, 10].map((x) => data[2 * width + x])).to.deep.equal([255, 128, 0]);
  });
});

describe('rows of a fit', () => {
  withDevice();

  it('are there in afterEpoch of every callback', async () => {
    const seen: number[] = [];
    const look = {
      name: 'look',
      runBefore: ['recorder'],
      afterEpoch: ({recorder}: Learner) => void seen.push(recorder!.rows.length),
    };
    await new Learner(numberLoaders(pairs), new Scale(1), mse, {cbs: [look]}).fit(2);
    expect(seen).to.deep.equal([1, 2]);
  });

  for (const isTTY of [true, false])
    it(`are printed by ProgressCallback ${isTTY ? 'in a terminal' : 'in a log, without control characters'}`, async () => {
      let text = '';
      const stream = {isTTY, write: (part: string) => Boolean((text += part))} as never;
      await new Learner(numberLoaders(pairs, [[1, 3]]), new Scale(3), mse, {cbs: [new ProgressCallback({stream})]}).fit(
        2,
      );
      expect(text.includes('\x1b')).to.equal(isTTY);
      const lines = text.replaceAll('\r\x1b[K', '').split('\n');
      expect(lines[0]).to.match(/^epoch +train_loss +valid_loss +time$/);
      expect(lines[2]).to.match(/^1 +0\.000000 +0\.000000 +00:00$/);
    });
});

describe('parts as values', () => {
  withDevice();

  it('have the options of the parts, checked, and their names', async () => {
    expect(penalties.r1({gamma: 2, every: 3})).to.include({name: 'r1', every: 3, network: 'critic'});
    expect(metrics.swd().name).to.equal('swd');
    expect(recipes.quick().values).to.include({loss: 'relativistic'});
    expect(await ganError(() => penalties.r1({gamma: -1}))).to.include({code: 'GAN_CONFIG_VALUE', kind: 'usage'});
  });
});

describe('a network', () => {
  it('that is made before a backend is open says what to do', async () => {
    if (tf.engine().backendNames().length > 0) return; // another file of this process has one open
    const error = await ganError(() => new BatchNorm(1));
    expect(error).to.include({code: 'GAN_NO_DEVICE'});
    expect(error.suggestions[0]).to.contain('openBackend()');
  });
});
