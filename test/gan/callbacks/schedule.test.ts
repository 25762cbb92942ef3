import {join} from 'node:path';
import {expect} from 'chai';
import {
  adam,
  cosine,
  fromBatches,
  GANLearner,
  ParamScheduler,
  readCheckpoint,
  resumeFrom,
  saveCheckpoint,
  scheduleHyperparameters,
  setSeed,
  tf,
  wganLosses,
  type Callback,
  type GANLearnerOptions,
  type Penalty,
  type Schedule,
  type Scheduled,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {allState, ganError, inFolder, noiseBatches, tinyNets} from '../helpers.js';

const steps = 20;
const falling: Schedule = ({position}) => 1 - position;

function makeLearner(options: GANLearnerOptions = {}): GANLearner {
  const streams = setSeed(3);
  const {generator, critic} = tinyNets(3);
  const {genLossFunc, critLossFunc} = wganLosses;
  return new GANLearner(fromBatches(noiseBatches(steps)), generator, critic, genLossFunc, critLossFunc, {
    optFunc: adam(),
    lr: 1e-2,
    criticLr: 3e-2,
    streams,
    ...options,
  });
}

/** The values of hyperparameters in each step. */
async function valuesDuring(learn: GANLearner, names: string[], cbs: Callback[]): Promise<number[][]> {
  const seen: number[][] = [];
  const note: Callback = {
    name: 'note',
    afterBatch: ({hyperparameters}) => void seen.push(names.map((name) => hyperparameters.get(name))),
  };
  await learn.fit(1, undefined, {cbs: [...cbs, note]});
  return seen;
}

describe('hyperparameters by name', () => {
  withDevice();

  it('are those of all groups, of each network, and those that others define', async () => {
    const learn = makeLearner();
    const {hyperparameters} = learn;
    let weight = 10;
    hyperparameters.define('penalty.weight', {get: () => weight, set: (value) => void (weight = value)});
    expect(hyperparameters.names()).to.include.members([
      'lr',
      'mom',
      'critic.lr',
      'generator.sqrMom',
      'penalty.weight',
    ]);
    expect(hyperparameters.values('lr')).to.deep.equal([1e-2, 3e-2]);
    hyperparameters.set('critic.lr', 5e-2);
    hyperparameters.set('penalty.weight', 2);
    expect(learn.opt!.hypers.map(({lr}) => lr)).to.deep.equal([1e-2, 5e-2]);
    expect([hyperparameters.get('critic.lr'), hyperparameters.get('penalty.weight'), weight]).to.deep.equal([
      5e-2, 2, 2,
    ]);
    hyperparameters.set('mom', [0.1, 0.2]);
    expect(learn.opt!.hypers.map(({mom}) => mom)).to.deep.equal([0.1, 0.2]);
    expect((await ganError(() => hyperparameters.set('mom', [1]))).code).to.equal('GAN_ARGUMENT');
    learn.dispose();
  });

  it('are refused by the nearest name when there is none', async () => {
    const learn = makeLearner();
    const error = await ganError(() => learn.hyperparameters.get('critic.moms'));
    expect(error).to.include({code: 'GAN_HYPERPARAMETER', kind: 'config'});
    expect(error.suggestions![0]).to.equal("Did you mean 'critic.mom'?");
    learn.dispose();
  });
});

describe('schedules', () => {
  withDevice();

  it('move any hyperparameter from where it is, or from one value to another, and give it back', async () => {
    const learn = makeLearner();
    const seen = await valuesDuring(
      learn,
      ['generator.lr', 'critic.lr', 'sqrMom', 'critic.wd'],
      [
        scheduleHyperparameters(
          {
            lr: {schedule: falling},
            sqrMom: {schedule: falling, startValue: 0.9, endValue: 0.99},
            'critic.wd': {schedule: falling, endValue: 0.1},
          },
          steps,
        ),
      ],
    );
    seen.forEach((values, step) => {
      const left = 1 - step / steps;
      expectClose(values, [1e-2 * left, 3e-2 * left, 0.99 - 0.09 * left, 0.1 + (0.01 - 0.1) * left]);
    });
    expect(learn.opt!.hypers.map(({lr, sqrMom, wd}) => [lr, sqrMom, wd])).to.deep.equal([
      [1e-2, 0.99, 0.01],
      [3e-2, 0.99, 0.01],
    ]);
    learn.dispose();
  });

  it('reach the device in every step that is repeated from a recording, as ParamScheduler does', async () => {
    const run = async (options: GANLearnerOptions, cb: () => Callback): Promise<[unknown, number]> => {
      const learn = makeLearner(options);
      await learn.fit(1, undefined, {cbs: [cb()]});
      const result: [unknown, number] = [await allState(learn.model), learn.capture.repeated];
      learn.dispose();
      return result;
    };
    const scheduled = (): Callback =>
      scheduleHyperparameters(
        {lr: {schedule: falling}, mom: {schedule: falling, startValue: 0.9, endValue: 0.5}},
        steps,
      );
    const [eager] = await run({capture: 'off'}, scheduled);
    const [captured, repeated] = await run({}, scheduled);
    const [byPosition] = await run(
      {},
      () =>
        new ParamScheduler({
          lr: (position) => [1e-2 * (1 - position), 3e-2 * (1 - position)],
          mom: (position) => 0.5 + (0.9 - 0.5) * (1 - position),
        }),
    );
    expect(captured).to.deep.equal(eager);
    expect(byPosition).to.deep.equal(eager);
    expect(repeated).to.be.greaterThan(10);
    const [constant] = await run({}, () => ({name: 'nothing'}));
    expect(constant).to.not.deep.equal(eager);
  });

  it('move the weight of a penalty, in repeated steps too', async () => {
    const two: Penalty = {
      name: 'two',
      network: 'critic',
      every: 2,
      compute: ({real}) => tf.add(tf.mul(tf.sum(real.scores), 0), 2),
      repeatable: true,
    };
    const square: Penalty = {
      name: 'square',
      network: 'critic',
      compute: ({real}) => tf.mean(tf.square(real.scores)),
      repeatable: true,
    };
    const run = async (capture: 'auto' | 'off', schedules: Record<string, Scheduled>) => {
      const learn = makeLearner({capture, penalties: [two, square]});
      const logged: [step: number, two: number | undefined][] = [];
      const note: Callback = {
        name: 'note',
        afterLossRead({lastLoss}) {
          if (lastLoss!.turn === 'critic') logged.push([lastLoss!.step - 1, lastLoss!.terms?.['two']]);
        },
      };
      await learn.fit(1, undefined, {cbs: [scheduleHyperparameters(schedules, steps), note]});
      const result = {logged, state: await allState(learn.model), repeated: learn.capture.repeated};
      expect(learn.hyperparameters.get('penalty.two.weight')).to.equal(1);
      learn.dispose();
      return result;
    };
    const schedules = {
      'penalty.two.weight': {schedule: falling, endValue: 3},
      'penalty.square.weight': {schedule: falling, startValue: 5},
    };
    const eager = await run('off', schedules);
    const captured = await run('auto', schedules);
    expect(captured.logged).to.have.length(steps / 2);
    captured.logged.forEach(([step, value], i) => {
      if (i % 2 === 1) expect(value, `step ${step}`).to.equal(undefined);
      else expect(value, `step ${step}`).to.be.closeTo(2 * 2 * (3 - 2 * (1 - step / steps)), 1e-5);
    });
    expect(captured.logged).to.deep.equal(eager.logged);
    expect(captured.state).to.deep.equal(eager.state);
    expect(captured.repeated).to.be.greaterThan(10); // more than the generator alone
    expect((await run('auto', {})).state).to.not.deep.equal(eager.state);
  });

  it('need no state: a resumed run has the same values', async () => {
    await inFolder(async (dir) => {
      const path = join(dir, 'checkpoint');
      const schedule = (): Callback =>
        scheduleHyperparameters({mom: {schedule: falling}, 'critic.lr': {schedule: falling}}, steps);
      const save = (learn: GANLearner): Callback => ({
        name: 'save',
        async afterBatch({epoch, iter, step}) {
          if (step !== 9) return;
          await saveCheckpoint(learn, path, {epoch, batch: iter + 1, step});
          learn.stop('saved');
        },
      });
      const [whole, first, rest] = [makeLearner(), makeLearner(), makeLearner()];
      await whole.fit(1, undefined, {cbs: [schedule()]});
      await first.fit(1, undefined, {cbs: [schedule(), save(first)]});
      await rest.fit(1, undefined, {cbs: [schedule()], ...resumeFrom(rest, await readCheckpoint(path))});
      expect(await allState(rest.model)).to.deep.equal(await allState(whole.model));
      for (const learn of [whole, first, rest]) learn.dispose();
    });
  });

  it('are refused when they give no number of at least 0, or name nothing', async () => {
    const learn = makeLearner();
    const error = await ganError(() =>
      learn.fit(1, undefined, {cbs: [scheduleHyperparameters({mom: {schedule: () => NaN}}, steps)]}),
    );
    expect(error.code).to.equal('GAN_SCHEDULE');
    expect(error.message).to.include('mom').and.include('NaN').and.include('step 0 of 20');
    const unknown = await ganError(() =>
      learn.fit(1, undefined, {cbs: [scheduleHyperparameters({momentum: {schedule: falling}}, steps)]}),
    );
    expect(unknown.code).to.equal('GAN_HYPERPARAMETER');
    learn.dispose();
  });

  it('of fitOneCycle are half cosines of all rates and of momentum', async () => {
    const learn = makeLearner();
    const seen: number[][] = [];
    const note: Callback = {
      name: 'note',
      afterBatch: ({opt}) => void seen.push([opt!.hypers[0]!.lr, opt!.hypers[1]!.mom!]),
    };
    await learn.fitOneCycle(1, undefined, {cbs: [note], pctStart: 0.5});
    expectClose(seen[5]!, [cosine(1e-2 / 25, 1e-2)(0.5), cosine(0.95, 0.85)(0.5)]);
    learn.dispose();
  });
});
