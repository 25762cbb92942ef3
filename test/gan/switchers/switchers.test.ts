import {expect} from 'chai';
import {
  AdaptiveGANSwitcher,
  FixedGANSwitcher,
  fromBatches,
  GANLearner,
  sgd,
  wganLosses,
  type Compat,
  type Turn,
  type StepCount,
  type Switcher,
} from 'gankit';
import {withDevice} from '../../device.js';
import {ganError, numberBatches, Scale} from '../helpers.js';

/** The turns that a switcher gives, without a learner: losses may depend on the turn and its place. */
function turns(switcher: Switcher, count: number, loss: (mode: Turn, i: number) => number = () => 0): string {
  let [mode, run]: [Turn, number] = ['critic', 0];
  const total = {critic: 0, generator: 0};
  let text = '';
  for (let i = 0; i < count; i++) {
    text += mode[0]!;
    run++;
    total[mode]++;
    const other: Turn = mode === 'critic' ? 'generator' : 'critic';
    const next: Turn = switcher({last: mode, run, otherSteps: total[other], loss: loss(mode, i)});
    if (next !== mode) run = 0;
    mode = next;
  }
  return text;
}

describe('FixedGANSwitcher', () => {
  it('gives the critic nCrit steps, then the generator nGen', () => {
    expect(turns(FixedGANSwitcher(5, 1), 13)).to.equal('cccccgcccccgc');
    expect(turns(FixedGANSwitcher(2, 3), 12)).to.equal('ccgggccgggcc');
  });

  it('gives one each by default', () => expect(turns(FixedGANSwitcher(), 5)).to.equal('cgcgc'));

  it('asks a function with the steps of the other network', () => {
    const asked: number[] = [];
    const nCrit: StepCount = (generatorSteps) => {
      asked.push(generatorSteps);
      return generatorSteps < 2 ? 3 : 1; // more critic steps at first
    };
    expect(turns(FixedGANSwitcher(nCrit, 1), 12)).to.equal('cccgcccgcgcg');
    expect(asked).to.deep.equal([0, 0, 0, 1, 1, 1, 2, 3]);
    expect(
      turns(
        FixedGANSwitcher(1, (criticSteps) => criticSteps),
        9,
      ),
    ).to.equal('cgcggcggg');
  });

  it('refuses what is no number of steps', async () => {
    for (const count of [0, -1, 1.5, NaN]) {
      expect((await ganError(() => FixedGANSwitcher(count))).message).to.include(`nCrit is ${count}`);
      expect((await ganError(() => FixedGANSwitcher(1, count))).message).to.include(`nGen is ${count}`);
    }
  });
});

describe('AdaptiveGANSwitcher', () => {
  it('stays with a network until its loss is below its threshold', () => {
    const losses = [1, 0.6, 0.4, 3, 2, 1.9, 0.49, 5];
    expect(turns(AdaptiveGANSwitcher({criticThresh: 0.5, genThresh: 2}), 8, (_, i) => losses[i]!)).to.equal('cccgggcg');
  });

  it('does not switch at the threshold itself', () =>
    expect(turns(AdaptiveGANSwitcher({criticThresh: 0.5}), 3, () => 0.5)).to.equal('ccc'));
  it('switches after every step without thresholds', () =>
    expect(turns(AdaptiveGANSwitcher(), 5, () => 9)).to.equal('cgcgc'));
  it('switches after every step of the network that has none', () => {
    expect(
      turns(AdaptiveGANSwitcher({genThresh: 0.5}), 6, (mode, i) => (mode === 'generator' && i === 3 ? 0.1 : 9)),
    ).to.equal('cgggcg');
  });
  it('stays when the loss is not a number', () =>
    expect(turns(AdaptiveGANSwitcher({criticThresh: 1}), 2, () => NaN)).to.equal('cc'));
});

describe('turns in a training', () => {
  withDevice();

  async function order(
    compat: Compat,
    switcher: Switcher | undefined,
    {batches = 12, epochs = 2, genFirst = false, wgan = false} = {},
  ): Promise<string> {
    const dls = fromBatches(numberBatches(Array.from({length: batches}, () => [1, 1] as const)));
    const options = {compat, optFunc: sgd(), lr: 0.01, genFirst, ...(switcher && {switcher})};
    const nets = [new Scale(1), new Scale(1)] as const;
    const learn = wgan
      ? GANLearner.wgan(dls, ...nets, options)
      : new GANLearner(dls, ...nets, wganLosses.genLossFunc, wganLosses.critLossFunc, options);
    let text = '';
    await learn.fit(epochs, undefined, {
      cbs: [
        {
          name: 'note',
          beforeEpoch: ({epoch}) => void (text += epoch > 0 ? '|' : ''),
          afterPred: ({training}) => void (training && (text += learn.ganModel.genMode ? 'g' : 'c')),
        },
      ],
    });
    return text;
  }

  it('carry on into the next epoch', async () => {
    expect(await order('none', FixedGANSwitcher(5, 1))).to.equal('cccccgcccccg|cccccgcccccg');
    expect(await order('none', FixedGANSwitcher(2, 1), {batches: 4, epochs: 3})).to.equal('ccgc|cgcc|gccg');
  });

  it('begin every epoch but the first with the generator in fastai', async () => {
    expect(await order('fastai', FixedGANSwitcher(5, 1))).to.equal('cccccgcccccg|gcccccgccccc');
    expect(await order('fastai', FixedGANSwitcher(2, 1), {batches: 4, epochs: 3})).to.equal('ccgc|gccg|gccg');
  });

  it('are one each by default, five to one in wgan', async () => {
    expect(await order('none', undefined, {batches: 6, epochs: 1})).to.equal('cgcgcg');
    expect(await order('none', undefined, {batches: 8, epochs: 1, wgan: true})).to.equal('cccccgcc');
  });

  it('begin with the generator when genFirst', async () => {
    expect(await order('none', FixedGANSwitcher(2, 1), {batches: 5, epochs: 1, genFirst: true})).to.equal('gccgc');
  });

  it("give a function the steps of the other network in all, and none in fastai's way", async () => {
    const growing = (criticSteps: number): number => Math.max(1, criticSteps);
    expect(await order('none', FixedGANSwitcher(1, growing), {batches: 9, epochs: 1})).to.equal('cgcggcggg');
    expect(await order('fastai', FixedGANSwitcher(1, growing), {batches: 9, epochs: 1})).to.equal('cgcgcgcgc');
  });

  it('follow a function of the caller', async () => {
    const script = 'ccgggc';
    let i = 0;
    expect(
      await order('none', () => (script[++i % 6] === 'g' ? 'generator' : 'critic'), {batches: 6, epochs: 2}),
    ).to.equal('ccgggc|ccgggc');
  });
});
