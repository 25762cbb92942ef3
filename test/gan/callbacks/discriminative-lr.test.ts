import {expect} from 'chai';
import {
  FixedGANSwitcher,
  fromBatches,
  GANDiscriminativeLR,
  GANLearner,
  Learner,
  mse,
  sgd,
  wganLosses,
  type Callback,
  type Compat,
  type Module,
  type Parameter,
  type Splitter,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {numberBatches, numberLoaders, Scale} from '../helpers.js';

type Where = 'constructor' | 'addCbs' | 'fit';

interface Seen {
  /** Network and rate of each step. */
  steps: [string, number][];
  recorded: number[];
  after: number[];
}

async function rates(
  compat: Compat,
  where: Where,
  {oneCycle = false, lr = 0.1 as number | number[], cancel = false, splitter = undefined as Splitter | undefined} = {},
): Promise<Seen> {
  const dlr = new GANDiscriminativeLR(5);
  const dls = fromBatches(numberBatches(Array.from({length: 6}, () => [0.1, 0.1] as const)));
  const learn = new GANLearner(dls, new Scale(0.1), new Scale(0.1), wganLosses.genLossFunc, wganLosses.critLossFunc, {
    compat,
    optFunc: sgd(),
    lr,
    switcher: FixedGANSwitcher(2, 1),
    ...(where === 'constructor' && {cbs: [dlr]}),
    ...(splitter && {splitter}),
  });
  if (where === 'addCbs') learn.addCbs(dlr);
  const steps: [string, number][] = [];
  const note: Callback = {
    name: 'note',
    runAfter: ['recorder'],
    beforeStep({opt}) {
      steps.push([learn.ganTrainer.turn[0]!, opt!.hypers.at(learn.ganTrainer.turn === 'critic' ? -1 : 0)!.lr]);
      if (cancel) learn.cancel('Step');
    },
  };
  const cbs = [...(where === 'fit' ? [dlr] : []), note];
  if (oneCycle) await learn.fitOneCycle(1, 1, {cbs});
  else await learn.fit(1, undefined, {cbs});
  return {steps, recorded: learn.recorder!.lrs, after: learn.opt!.hypers.map((hypers) => hypers.lr)};
}

const expectRates = ({steps}: Seen, wanted: number[]): void => {
  expect(steps.map(([mode]) => mode).join('')).to.equal('ccgccg');
  expectClose(
    steps.map(([, rate]) => rate),
    wanted,
  );
};

describe('GANDiscriminativeLR', () => {
  withDevice();

  // one cycle over six steps: at 0 and 1/6 up from 1/25 (a quarter of the way up lasts 1.5 steps), then down
  const cycle = [0, 1, 2, 3, 4, 5].map((i) => {
    const at = i / 6;
    return at < 0.25
      ? 0.04 + (0.96 * (1 - Math.cos((Math.PI * at) / 0.25))) / 2
      : 1e-5 + ((1 - 1e-5) * (1 + Math.cos((Math.PI * (at - 0.25)) / 0.75))) / 2;
  });

  for (const where of ['constructor', 'addCbs', 'fit'] as const) {
    it(`multiplies the rate of exactly the critic's steps, given to ${where}`, async () => {
      const seen = await rates('none', where);
      expectRates(seen, [0.5, 0.5, 0.1, 0.5, 0.5, 0.1]);
      expectClose(seen.recorded, new Array(6).fill(0.1));
      expectClose(seen.after, [0.1, 0.1]);
    });

    it(`multiplies a schedule's rate too, given to ${where}`, async () => {
      const seen = await rates('none', where, {oneCycle: true});
      expectRates(
        seen,
        cycle.map((rate, i) => rate * ([2, 5].includes(i) ? 1 : 5)),
      );
      expectClose(seen.recorded, cycle);
    });
  }

  it('keeps the rates of groups apart', async () => {
    const seen = await rates('none', 'fit', {lr: [0.1, 0.2]});
    expectRates(seen, [1, 1, 0.1, 1, 1, 0.1]);
    expectClose(seen.after, [0.1, 0.2]);
  });

  it('undoes it after a step that was cancelled', async () => {
    expectClose((await rates('none', 'fit', {cancel: true})).after, [0.1, 0.1]);
  });

  it("in fastai's way works in the constructor", async () => {
    const seen = await rates('fastai', 'constructor');
    expectRates(seen, [0.5, 0.5, 0.1, 0.5, 0.5, 0.1]);
    expectClose(seen.recorded, new Array(6).fill(0.1));
  });

  it("in fastai's way gives every group the rate of the first", async () => {
    const splitter = (model: Module): Parameter[][] => model.parameters().map((parameter) => [parameter]);
    const seen = await rates('fastai', 'constructor', {lr: [0.1, 0.2], splitter});
    expectRates(seen, [0.5, 0.5, 0.1, 0.5, 0.5, 0.1]);
    expectClose(seen.after, [0.1, 0.1]);
  });

  for (const where of ['addCbs', 'fit'] as const) {
    it(`in fastai's way also multiplies the generator's rate when it comes later, by ${where}`, async () => {
      expectRates(await rates('fastai', where), new Array<number>(6).fill(0.5));
    });
  }

  it("in fastai's way is overwritten by a schedule", async () => {
    expectRates(await rates('fastai', 'constructor', {oneCycle: true}), cycle);
  });

  it('does nothing in a learner without a GAN', async () => {
    const seen: number[] = [];
    const learn = new Learner(numberLoaders([[1, 1]]), new Scale(1), mse, {
      lr: 0.1,
      cbs: [new GANDiscriminativeLR(), {name: 'note', beforeStep: ({opt}) => void seen.push(opt!.hypers[0]!.lr)}],
    });
    await learn.fit(1);
    expect(seen).to.deep.equal([0.1]);
  });
});
