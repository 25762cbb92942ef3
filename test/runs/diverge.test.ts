import {expect} from 'chai';
import path from 'node:path';
import {tf, type Tensor} from '../../dist/backends/tf.js';
import type {Device} from '../../dist/backends/device.js';
import {readCheckpoint} from '../../dist/gan/checkpoint.js';
import type {StepLoss} from '../../dist/plugin/index.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {fit, metrics, newest, openCpu} from './helpers.js';

/** The difference of the means, until the loss of step `at`, to which something is done. */
function lossThatBreaks(at: number, breakIt: (loss: Tensor) => Tensor): StepLoss {
  let step = 0;
  const count = (loss: Tensor): Tensor => (++step >= at ? breakIt(loss) : loss);
  return {
    critic: ({real, fake}) => count(tf.sub(tf.mean(real.scores), tf.mean(fake.scores))),
    generator: ({fake}) => count(tf.mean(fake.scores)),
  };
}

const becomesNaN = (loss: Tensor): Tensor => tf.mul(loss, NaN);
/** The value stays finite, the gradient does not: 0 times the slope of the root at 0. */
const breaksGradients = (loss: Tensor): Tensor => tf.add(loss, tf.sqrt(tf.mul(loss, 0)));

describe('a run that diverges', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  const cases: [what: string, breakIt: (loss: Tensor) => Tensor, says: RegExp][] = [
    ['a loss is not finite', becomesNaN, /^the loss is NaN at step 8; /],
    [
      'the weights are not finite though the loss was',
      breaksGradients,
      /^after step 8, (model|optimizer)\.\S+ holds values that are not finite; /,
    ],
  ];
  for (const [what, breakIt, says] of cases) {
    it(`ends when ${what}; the last good checkpoint is kept and named`, async () => {
      const dir = path.join(folder(), 'run');
      const parts = {loss: lossThatBreaks(8, breakIt)};
      const error = await ganError(() => fit({device, dir, parts, set: ['steps=40', 'checkpointEvery=2']}));
      expect({code: error.code, kind: error.kind}).to.deep.equal({code: 'GAN_DIVERGED', kind: 'diverged'});
      const last = newest(dir, 'checkpoints');
      expect(error.message).to.match(says).and.contain(`the last good checkpoint is ${last}`);
      expect(error.suggestions.join()).to.contain('--lr');
      const {position, model} = await readCheckpoint(last);
      expect(position.step).to.equal(6);
      for (const [name, {data}] of model)
        expect(
          [...data].every((value) => Number.isFinite(Number(value))),
          name,
        ).to.equal(true);
      const {step} = await fit({device, dir, set: ['steps=9'], resume: true});
      expect(step).to.equal(9);
      // 6: a step, and the row of its epoch
      expect(metrics(dir).map((line) => line['step'])).to.deep.equal([1, 2, 3, 4, 5, 6, 6, 7, 8, 9]);
    });
  }

  it('says so when there is no checkpoint yet', async () => {
    const error = await ganError(() =>
      fit({device, dir: path.join(folder(), 'run'), parts: {loss: lossThatBreaks(1, becomesNaN)}}),
    );
    expect(error.message).to.contain('no checkpoint had been written yet');
  });
});
