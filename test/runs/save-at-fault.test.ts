import {expect} from 'chai';
import path from 'node:path';
import type {Device} from '../../dist/backends/device.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {GanError} from '../../dist/errors.js';
import type {Callback} from '../../dist/gan/callback.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {openTraining} from '../../dist/runs/open-training.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import type {TrainEvent} from '../../dist/runs/train.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {contentOf, differences} from '../reliability/support.js';
import {openCpu, tinyConfig, tinySettings} from './helpers.js';

/** Six steps in two epochs; no checkpoint is due before the end. */
const set = ['source.count=24', 'epochs=2', 'checkpointEvery=0', 'sampleEvery=0', 'emaHalfLife=20', 'metrics=swd'];

describe('a training that ends with an error', () => {
  let device: Device;
  let config: RunConfig;
  let whole: Map<string, string>;

  before(async () => {
    device = await openCpu();
    config = await tinyConfig([...set, 'metrics.swd.directions=4', 'metricImages=8']);
    const dir = path.join(folder(), 'run');
    await fit(dir);
    whole = contentOf(dir);
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function fit(dir: string, callbacks: Callback[] = [], resume = false, using = config): Promise<TrainEvent[]> {
    const events: TrainEvent[] = [];
    const training = await openTraining(using, {device, parts: {callbacks}, ...(resume && {resume: dir})});
    try {
      await training.fit(dir, {notify: (event) => events.push(event)});
    } finally {
      await training.close();
    }
    return events;
  }

  /** A callback that fails once, in an event of the training after so many steps. */
  const failing = (event: 'beforeBatch' | 'afterBatch' | 'afterLossRead' | 'afterEpoch', at: number): Callback => ({
    name: 'failing',
    [event]({step, training}: {step: number; training: boolean}) {
      if (step === at && (training || event === 'afterEpoch'))
        throw new GanError('config', 'GAN_TEST', `failed in ${event}`, {suggestions: ['mend it']});
    },
  });

  for (const [event, at, savedAt] of [
    ['beforeBatch', 2, 2],
    ['afterBatch', 2, 2],
    ['afterLossRead', 5, 5],
    ['afterEpoch', 3, 3],
  ] as const) {
    it(`in ${event} is saved after its last whole step, and goes on as if nothing had been`, async () => {
      const dir = path.join(folder(), 'run');
      const error = await fit(dir, [failing(event, at)]).then(
        () => undefined,
        (thrown: unknown) => thrown as GanError,
      );
      expect(error).to.include({code: 'GAN_TEST', kind: 'config', message: `failed in ${event}`});
      expect(error!.suggestions).to.deep.equal([
        'mend it',
        `The training is saved up to step ${savedAt} and can go on there: gan fit --resume ${dir}`,
      ]);
      await fit(dir, [], true);
      expect(
        differences(contentOf(dir), whole).filter((each) => !each.startsWith('checkpoints/step-0000000')),
      ).to.deep.equal([]);
      const last = 'checkpoints/step-00000006/tensors.safetensors';
      expect(contentOf(dir).get(last)).to.equal(whole.get(last));
    });
  }

  /** A callback that fails once inside the third step. */
  const failingIn = (event: 'afterLoss' | 'afterStep'): Callback => ({
    name: 'failing',
    [event]({step, training}: {step: number; training: boolean}) {
      if (training && step === 2) throw new GanError('config', 'GAN_TEST', 'failed in a step');
    },
  });
  const errorOf = async (work: Promise<unknown>): Promise<GanError> =>
    work.then(
      () => expect.fail('it went well'),
      (error: unknown) => error as GanError,
    );

  it('inside a step is saved after the step before: the weights exactly, running statistics with the batch that failed', async () => {
    const [dir, other] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    const {suggestions} = await errorOf(fit(dir, [failingIn('afterLoss')]));
    expect(suggestions).to.deep.equal([
      `The training is saved up to step 2 and can go on there, but not to the last bit (running statistics have seen the batch that failed): gan fit --resume ${dir}`,
    ]);
    await errorOf(fit(other, [failing('beforeBatch', 2)])); // saved before the step begins
    const [got, wanted] = await Promise.all(
      [dir, other].map(async (run) => (await readCheckpoint(path.join(run, 'checkpoints/step-00000002'))).model),
    );
    const isStatistic = (name: string): boolean => /running_|num_batches_tracked/.test(name);
    for (const [name, tensor] of wanted!)
      if (!isStatistic(name)) expect([...got!.get(name)!.data], name).to.deep.equal([...tensor.data]);
    expect([...got!.keys()].some(isStatistic)).to.equal(true);
    await fit(dir, [], true);
  });

  it('inside a step of networks without running statistics goes on as if nothing had been', async () => {
    const own = [...tinySettings.filter((each) => !each.startsWith('arch.')), 'arch=mlp', ...set, 'metrics=none'];
    const {config: plain} = await resolveConfig({registry: openRegistry(), set: own, ignoreFiles: true});
    const [dir, undisturbed] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit(undisturbed, [], false, plain);
    const {suggestions} = await errorOf(fit(dir, [failingIn('afterLoss')], false, plain));
    expect(suggestions.join()).to.contain('saved up to step 2 and can go on there: gan fit');
    await fit(dir, [], true, plain);
    const last = 'checkpoints/step-00000006/tensors.safetensors';
    expect(contentOf(dir).get(last)).to.equal(contentOf(undisturbed).get(last));
  });

  it('while the weights change has nothing to save', async () => {
    const dir = path.join(folder(), 'run');
    expect((await errorOf(fit(dir, [failingIn('afterStep')]))).suggestions).to.deep.equal([]);
    expect([...contentOf(dir).keys()].filter((name) => name.startsWith('checkpoints'))).to.deep.equal([]);
  });
}).timeout(60_000);
