import {expect} from 'chai';
import {setDeviceCapture} from '../../../dist/backends/capture/device-replay.js';
import {Steps} from '../../../dist/backends/capture/steps.js';
import {tf, type Tensor} from '../../../dist/backends/tf.js';
import {perStepTensor} from '../../../dist/backends/capture/step-values.js';
import {openDevice} from '../../../dist/backends/open.js';
import {GANLearner} from '../../../dist/gan/gan-learner.js';
import {adam} from '../../../dist/gan/optim/rules.js';
import {fromBatches} from '../../../dist/gan/data/data-loaders.js';
import {basicCritic} from '../../../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../../../dist/gan/nets/basic-generator.js';
import {setSeed} from '../../../dist/gan/streams.js';
import {noiseBatches} from './batches.js';
import {blendKernel, blends, FixedAddresses, updateKernel} from './fixed-addresses.js';

describe('steps on a device that repeats them at fixed addresses', () => {
  let device: FixedAddresses;
  before(async () => {
    await import('@tensorflow/tfjs-backend-cpu');
    await openDevice('cpu', {probe: async () => ({ok: true}), open: async () => ({tfBackend: 'cpu'})});
  });
  beforeEach(() => setDeviceCapture((device = new FixedAddresses())));
  afterEach(() => setDeviceCapture(undefined));

  /** y = scale * weight * x, weight <- weight + y. */
  function counting() {
    const weight = tf.tidy(() => tf.variable(tf.scalar(1)));
    const steps = new Steps();
    let scale = 0;
    const step = (x: Tensor): Tensor =>
      tf.tidy(() => {
        const y = tf.mul(
          tf.mul(
            perStepTensor(() => Float32Array.of(++scale), []),
            weight,
          ),
          x,
        );
        weight.assign(tf.add(weight, y));
        return y;
      });
    /** Does a step and reads its result; frees it unless told not to. */
    const run = (x: number): Tensor => {
      const given = tf.scalar(x);
      const [y] = steps.run('step', [given], () => [step(given)]);
      given.dispose();
      return y!;
    };
    const value = (tensor: Tensor): number => {
      const [number] = tensor.dataSync();
      tensor.dispose();
      return number!;
    };
    return {weight, steps, run, value};
  }

  it('are recorded once and launched from then on, with new inputs, new numbers and the state of the last', () => {
    const {weight, steps, run, value} = counting();
    let [w, tensors] = [1, 0];
    for (let i = 1; i <= 8; i++) {
      const x = i % 2 === 0 ? 0.5 : -0.25;
      const y = value(run(x));
      expect(y).to.equal(Math.fround(Math.fround(i * w) * x));
      w = Math.fround(w + y);
      expect(weight.dataSync()[0]).to.equal(w);
      if (i === 3) tensors = tf.memory().numTensors;
    }
    expect([device.records, device.launches, steps.repeated]).to.deep.equal([1, 6, 6]);
    expect(tf.memory().numTensors).to.equal(tensors);
    steps.clear();
    weight.dispose();
  });

  it('see a variable that was assigned between them', () => {
    const {weight, steps, run, value} = counting();
    for (let i = 0; i < 4; i++) value(run(0));
    tf.tidy(() => weight.assign(tf.scalar(7)));
    expect(value(run(1))).to.equal(5 * 7);
    expect(weight.dataSync()[0]).to.equal(42);
    expect(device.launches).to.equal(3);
    steps.clear();
    weight.dispose();
  });

  it('leave results and clones that somebody keeps alone', () => {
    const {weight, steps, run, value} = counting();
    for (let i = 0; i < 3; i++) value(run(0));
    const kept = run(1); // 4
    const clone = tf.clone(weight); // 5
    const launches = device.launches;
    expect(value(run(1))).to.equal(25);
    expect(device.launches, 'a clone is held: kernel by kernel').to.equal(launches);
    expect([value(kept), value(clone), weight.dataSync()[0]]).to.deep.equal([4, 5, 30]);
    expect(value(run(1))).to.equal(180);
    expect(device.launches, 'the clone is gone').to.equal(launches + 1);
    steps.clear();
    weight.dispose();
  });

  it('give everything back', () => {
    const ids = tf.backend().numDataIds();
    const {weight, steps, run, value} = counting();
    for (let i = 0; i < 5; i++) value(run(1));
    steps.clear();
    weight.dispose();
    expect(tf.backend().numDataIds()).to.equal(ids);
  });

  it('are called kernel by kernel when the device refuses', () => {
    const {weight, steps, run, value} = counting();
    device.record = () => {
      throw new Error('no graphs today');
    };
    let w = 1;
    for (let i = 1; i <= 5; i++) {
      const y = i * w * 0.5;
      expect(value(run(0.5)), `step ${i}`).to.be.closeTo(y, 1e-6 * y);
      w += y;
    }
    expect(steps.repeated).to.equal(3);
    expect(steps.refusals.join()).to.contain('no graphs today');
    steps.clear();
    weight.dispose();
  });

  for (const [how, kernel] of [
    ['composed updates', undefined],
    ['an update kernel that writes in place', updateKernel],
    ['running averages that are written in place', blendKernel],
  ] as const) {
    it(`train a GAN to the same bits: ${how}`, async () => {
      if (kernel) tf.registerKernel(kernel);
      try {
        const eager = await train('off');
        expect(device.launches).to.equal(0);
        expect(await train('auto')).to.deep.equal(eager);
        expect(device.launches).to.equal(20 - 2 * 3);
        if (kernel === blendKernel) expect(blends.inPlace).to.be.above(0);
      } finally {
        if (kernel) tf.unregisterKernel(kernel.kernelName, 'cpu');
      }
    }).timeout(30_000);
  }

  /** Losses and all of the state after 20 steps, clipping, batch norm and Adam included. */
  async function train(capture: 'auto' | 'off'): Promise<unknown> {
    setSeed(3);
    const ids = tf.backend().numDataIds();
    const losses: number[] = [];
    const [generator, critic] = [
      basicGenerator(8, 1, {inSize: 4, nFeatures: 4, nExtraLayers: 1}),
      basicCritic(8, 1, {nFeatures: 4, nExtraLayers: 1}),
    ];
    const learn = GANLearner.wgan(fromBatches(noiseBatches(20)), generator, critic, {
      optFunc: adam(),
      lr: 1e-3,
      capture,
      switcher: ({last}) => (last === 'critic' ? 'generator' : 'critic'),
      cbs: [{name: 'note', afterLossRead: ({lastLoss}) => void losses.push(lastLoss!.value)}],
    });
    await learn.fit(1);
    const state = [...(await learn.model.stateDict()), ...(await learn.opt!.stateDict(learn.parameterNames()))];
    learn.dispose();
    expect(tf.backend().numDataIds()).to.equal(ids);
    return {losses, state: state.map(([name, {data}]) => [name, Array.from(data, Number)])};
  }
});
