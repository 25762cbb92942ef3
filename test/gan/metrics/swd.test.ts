import {expect} from 'chai';
import {tf} from '../../../dist/backends/tf.js';
import type {Device} from '../../../dist/backends/device.js';
import type {TensorMetric} from '../../../dist/gan/metrics/image-metrics.js';
import {Rng} from '../../../dist/gan/rng.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {openCpu} from '../../runs/helpers.js';

describe('metric swd', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());

  it('of images with one value is the distance of sorted values, whatever the directions', async () => {
    const registry = openRegistry();
    await registry.tensors.load();
    const {better, compute} = (await registry.create('metric', 'swd')) as TensorMetric;
    const set = (...values: number[]) => tf.tensor(values, [values.length, 1, 1, 1]);
    expect(better).to.equal('lower');
    expect(await compute({real: set(3, 1, 2), fake: set(2, 3, 1), rng: new Rng(0)})).to.equal(0);
    expect(await compute({real: set(3, 1, 2), fake: set(0, 2.5, 1), rng: new Rng(0)})).to.be.closeTo(
      (1 + 1 + 0.5) / 3,
      1e-6,
    );
  });

  it('of a shift by d in n dimensions is d times the mean length of a random direction along it', async () => {
    const registry = openRegistry();
    await registry.tensors.load();
    const {compute} = (await registry.create(
      'metric',
      'swd',
      new Map([['directions', {value: 4000, origin: 'a test'}]]),
    )) as TensorMetric;
    const real = tf.tensor(new Rng(1).normal(20 * 3), [20, 1, 1, 3]);
    // the mean of |cos| of the angle to a random direction in space is 1/2
    expect(await compute({real, fake: tf.add(real, tf.tensor([0, 3, 0])), rng: new Rng(0)})).to.be.closeTo(1.5, 0.05);
  });
});
