import {expect} from 'chai';
import type {Scalar, Tensor4D} from '@tensorflow/tfjs-core';
import {setSeed, tf, type Tensor} from 'gankit';
import '@tensorflow/tfjs-backend-cpu';
import {biasActivation} from '../../../dist/backends/fused/bias-activation.js';
import {resizeBilinear} from '../../../dist/backends/fused/bilinear.js';
import {conv} from '../../../dist/backends/fused/conv.js';
import {firDown, firUp} from '../../../dist/backends/fused/fir.js';
import {pixelShuffle, pixelUnshuffle} from '../../../dist/backends/fused/pixel-shuffle.js';
import {averagePool, upsampleNearest} from '../../../dist/backends/fused/upsample.js';
import {setDeviceCapture} from '../../../dist/backends/capture/device-replay.js';
import {GANLearner} from '../../../dist/gan/gan-learner.js';
import {LeakyReLU} from '../../../dist/gan/layers/activations.js';
import {basicCritic} from '../../../dist/gan/nets/basic-critic.js';
import {basicGenerator} from '../../../dist/gan/nets/basic-generator.js';
import {rmsProp} from '../../../dist/gan/optim/rules.js';
import {needsCompiler} from './emulator/support.js';
import {runConformance, type Subject} from 'gankit/testing';
import {openFake, openFakeDevice, type FakeDevice} from './fake/open.js';
import type {Offer} from './fake/libraries.js';
import type {Pace} from './fake/streams.js';

const bench = (file: string): Promise<unknown> =>
  import(new URL(`../../../bench/training/${file}`, import.meta.url).href);
const {memoryBatches} = (await bench('wgan.mjs')) as {memoryBatches(size: number, batch: number): unknown[]};
const {memoryData} = (await bench('timed.mjs')) as {
  memoryData(batches: unknown[], steps: () => number): ConstructorParameters<typeof GANLearner>[0];
};

describe('cuda: recorded steps', () => {
  let open: FakeDevice;
  needsCompiler();
  afterEach(() => void open?.opened.close!());

  type Network = (x: Tensor, filter: Tensor) => Tensor;

  /** The operations that the library adds to tfjs's. */
  const ofImages: Network = (x, filter) => {
    const args = {stride: [1, 1], padding: [1, 1], dilation: [1, 1]};
    const [inGroups, each] = [filter, tf.slice(filter, [0, 0, 0, 0], [3, 3, 1, 8])];
    const wide = upsampleNearest(conv(pixelShuffle(tf.concat([x, x], 3), 2), inGroups, {...args, groups: 2}), 2);
    const blurred = averagePool(firDown(firUp(conv(wide, each, {...args, groups: 8}))), 2);
    return pixelUnshuffle(resizeBilinear(blurred, 6, 10), 2);
  };

  /** w <- w - rate dw of a small network, in place; what a step of a training is to a recording. */
  async function training(
    paces: Pace[],
    recorded: boolean,
    steps: number,
    ins = 8,
    network: Network = (x, filter) => tf.conv2d(x as Tensor4D, filter as Tensor4D, 1, 'same'),
  ): Promise<number[]> {
    open = await openFake({paces});
    const {capture} = open.opened;
    const inputs = Array.from({length: steps}, (_, i) => tf.randomUniform([2, 4, 4, 8], -1, 1, 'float32', i + 1));
    const x = capture!.allocate([2, 4, 4, 8], 'float32');
    const w = tf.randomUniform([3, 3, ins, 8], -0.3, 0.3, 'float32', 99);
    const input = tf.engine().makeTensorFromTensorInfo(x);
    const step = (): Tensor =>
      tf.tidy((): Tensor => {
        const loss = (filter: Tensor): Scalar => tf.mean(tf.square(tf.tanh(network(input, filter))));
        const {value, grad} = tf.valueAndGrad(loss as (x: Tensor) => Tensor)(w);
        capture!.copy(tf.sub(w, tf.mul(grad, 0.1)), w);
        return value;
      });
    const losses: number[] = [];
    let recording: ReturnType<NonNullable<typeof capture>['record']> | undefined;
    let result: Tensor | undefined;
    for (const [i, values] of inputs.entries()) {
      capture!.copy(values, x);
      if (!recorded || i < 2) {
        const value = step();
        losses.push((await value.data())[0]!);
        value.dispose();
        continue;
      }
      recording ??= capture!.record(() => (result = step()));
      recording.launch();
      const now = capture!.allocate([], 'float32');
      capture!.copy(result!, now);
      losses.push(((await tf.backend().read(now.dataId)) as Float32Array)[0]!);
      tf.backend().disposeData(now.dataId);
    }
    losses.push(...(await w.data()));
    result?.dispose();
    recording?.dispose();
    return losses;
  }

  for (const paces of [
    ['late', 'late'],
    ['eager', 'late'],
    ['late', 'eager'],
  ] as Pace[][]) {
    it(`give the bits of eager ones: streams ${paces.join(' and ')}`, async () => {
      const eager = await training(paces, false, 6);
      void open.opened.close!();
      const recorded = await training(paces, true, 6);
      expect(recorded).to.deep.equal(eager);
      expect(open.fake.count('cuGraphLaunch')).to.equal(4);
      expect(open.fake.count('cuStreamBeginCapture_v2')).to.equal(1);
      expect(open.dnn.counts().guessed).to.equal(0); // all was known from the steps before
    });
  }

  it('give the bits of eager ones: resampling, pixel shuffle, convolution in groups', async () => {
    const eager = await training(['late', 'late'], false, 4, 2, ofImages);
    void open.opened.close!();
    expect(await training(['late', 'late'], true, 4, 2, ofImages)).to.deep.equal(eager);
    expect(open.fake.count('cuGraphLaunch')).to.equal(2);
    expect(new Set(open.dnn.runs.map(({groups}) => groups))).to.deep.equal(new Set([2]));
  });

  for (const precision of ['tf32', 'bf16'] as const) {
    /** Weights and losses of a small WGAN after some steps. */
    const trained = async (
      capture: 'auto' | 'off',
      options: {gradClip?: number} = {},
      offer?: Offer,
    ): Promise<number[][]> => {
      open = await openFake({precision, paces: ['late', 'late'], ...(offer && {offer})});
      setDeviceCapture(open.opened.capture);
      setSeed(42);
      const learn = GANLearner.wgan(
        memoryData(memoryBatches(16, 2), () => 8),
        basicGenerator(16, 3, {nFeatures: 4}),
        basicCritic(16, 3, {nFeatures: 4, actCls: () => new LeakyReLU(0.2)}),
        {optFunc: rmsProp(), lr: 2e-4, capture, ...options},
      );
      await learn.fit(1);
      expect(learn.capture.launched > 0).to.equal(capture === 'auto');
      const weights: number[][] = [];
      for (const [, {variable}] of learn.model.namedParameters())
        weights.push([...((await variable.data()) as Float32Array)]);
      learn.dispose();
      return weights;
    };
    /** Kernels that are launched while a step is recorded. */
    const recordedEntries = (): string[] => {
      let recording = false;
      return open.fake.calls.flatMap(({name, args}) => {
        if (name === 'cuStreamBeginCapture_v2') recording = true;
        if (name === 'cuStreamEndCapture') recording = false;
        return recording && name === 'cuLaunchKernel' ? [open.fake.functions.get(args[0] as bigint)!.entry] : [];
      });
    };

    it(`of a training in ${precision}: the bits of eager ones, and no filter, gradient or average has to be turned`, async () => {
      const eager = await trained('off');
      void open.opened.close!();
      const recorded = await trained('auto');
      expect(recorded).to.deep.equal(eager);
      const entries = recordedEntries();
      expect(entries).to.include('updateAll').and.include('biasActivation').and.include('blend');
      expect(entries).not.to.include('turn');
      expect(entries.includes('convert')).to.equal(precision === 'bf16'); // of filters and their gradients
    });

    it(`of a training in ${precision}: the gradients of a filter in two passes are added while the second is computed, where that gives the same bits`, async () => {
      const eager = await trained('off');
      void open.opened.close!();
      const sums: number[] = [];
      for (const offer of ['one that will do', 'one that splits sums'] as const) {
        expect(await trained('auto', {}, offer)).to.deep.equal(eager);
        const {runs} = open.dnn;
        const recorded = runs.filter((run) => run.recorded && run.kind === 'filter');
        const added = recorded.filter(({adds}) => adds).length;
        // those of the critic's second pass; the generator's step has one pass
        const canAdd = precision === 'tf32' && offer === 'one that will do';
        expect([added, recorded.length], offer).to.deep.equal([canAdd ? 2 : 0, 4]);
        expect(runs.some((run) => run.adds && !run.recorded)).to.equal(precision === 'tf32'); // tried, once a shape
        sums.push(added + recordedEntries().filter((entry) => entry === 'addN' || entry === 'add').length);
        void open.opened.close!();
      }
      expect(sums[0]).to.equal(sums[1]); // each that is left out is one of cuDNN's
    });

    it(`of a training in ${precision} whose gradients are clipped: the same, and clipping takes three launches`, async () => {
      const eager = await trained('off', {gradClip: 0.1});
      void open.opened.close!();
      expect(await trained('auto', {gradClip: 0.1})).to.deep.equal(eager);
      const entries = recordedEntries();
      expect(entries).not.to.include('turn');
      const updates = entries.filter((entry) => entry === 'updateAll').length;
      for (const entry of ['squares', 'lengthOf', 'scaled'])
        expect(
          entries.filter((one) => one === entry),
          entry,
        ).to.have.length(updates);
    });
  }

  it('lie in half the memory where convolutions round to bfloat16, and are right: small whole numbers are exact', async () => {
    const whole = (shape: number[], seed: number): Tensor => tf.floor(tf.randomUniform(shape, -2, 3, 'float32', seed));
    const compute = (): Tensor[] =>
      [3, 4].flatMap((channels) => {
        const [x, w, bias] = [whole([2, 6, 6, 4], 1), whole([3, 3, 4, channels], 2), whole([channels], 3)];
        const images = (given: Tensor, filter: Tensor): Tensor =>
          tf.conv2d(given as Tensor4D, filter as Tensor4D, 1, 'same');
        const dy = whole([2, 6, 6, channels], 4);
        const activated = (given: Tensor, filter: Tensor, shift: Tensor): Tensor =>
          tf.sum(tf.mul(biasActivation(images(given, filter), shift, 0.5), dy));
        return [
          images(x, w),
          tf.leakyRelu(images(x, w), 0.5),
          tf.grad((given) => tf.sum(tf.mul(tf.leakyRelu(images(given, w), 0.5), dy)))(x),
          biasActivation(images(x, w), bias, 0.5),
          ...tf.grads((...given) => activated(...(given as [Tensor, Tensor, Tensor])))([x, w, bias]),
        ];
      });
    await tf.setBackend('cpu');
    const read = async (tensors: Tensor[]): Promise<number[][]> => {
      const values: number[][] = [];
      for (const one of tensors) values.push(Array.from(await one.data(), (value) => value + 0)); // no -0
      return values;
    };
    const wanted = await read(tf.tidy(compute));
    open = await openFake({precision: 'bf16'});
    expect(await read(tf.tidy(compute))).to.deep.equal(wanted);
    const [x, w] = [tf.ones([2, 8, 8, 4]), tf.ones([3, 3, 4, 8])];
    const convolve = (): Tensor => tf.conv2d(x as Tensor4D, w as Tensor4D, 1, 'same');
    convolve(); // from here on the device has its operands
    const before = open.device.tensors.bytes;
    const y = convolve();
    expect(open.device.elementOf(y)).to.equal('bf16');
    expect(open.device.tensors.bytes - before).to.equal(2 * y.size);
  });

  it('take what lies as a filter for another one, and for a matrix', async () => {
    const compute = (): Tensor[] => {
      const [x, wide] = [4, 2].map((n) => tf.randomUniform([2, 5, 5, n], -1, 1, 'float32', n)) as [Tensor, Tensor];
      const w = tf.tensor(
        Float32Array.from({length: 72}, (_, i) => Math.sin(i)),
        [3, 3, 4, 2],
      );
      const of = (images: Tensor, filter: Tensor): Tensor =>
        tf.conv2d(images as Tensor4D, filter as Tensor4D, 1, 'same');
      const matrix = tf.reshape(w, [8, 9]);
      return [of(x, w), of(wide, tf.reshape(w, [3, 3, 2, 4])), tf.matMul(matrix, matrix, false, true), of(x, w)];
    };
    const read = (): Promise<number[][]> => Promise.all(compute().map(async (one) => [...(await one.data())]));
    await tf.setBackend('cpu');
    const wanted = await read();
    open = await openFake();
    const got = await read();
    got.forEach((numbers, i) => numbers.forEach((value, k) => expect(value).to.be.closeTo(wanted[i]![k]!, 1e-5)));
  });

  it('lie like their filters after an operation only where they are float32', async () => {
    const compute = (): Tensor[] => {
      const x = tf.ones([2, 5, 5, 3]) as Tensor4D;
      const whole = (seed: number) => Float32Array.from({length: 108}, (_, i) => ((i * seed) % 5) - 2 || 1);
      const w = [7, 9].map((seed) => tf.tensor(whole(seed), [3, 3, 3, 4])) as [Tensor, Tensor];
      for (const one of w) tf.conv2d(x, one as Tensor4D, 1, 'same');
      const dy = tf.randomUniform(w[0].shape, -1, 1, 'float32', 3);
      const larger = tf.grads((a, b) => tf.sum(tf.mul(tf.maximum(a!, b!), dy)))([...w]);
      const both = [tf.equal, tf.greater, tf.floorDiv, tf.sub].map((operation) => operation(...w));
      return [...both, tf.logicalAnd(both[0]!, tf.lessEqual(...w)), ...larger];
    };
    const read = async (): Promise<number[][]> => {
      const tensors = tf.tidy(compute);
      return Promise.all(tensors.map(async (one) => [...(await one.data())]));
    };
    await tf.setBackend('cpu');
    const wanted = await read();
    open = await openFake({exactAllocations: true}); // which checks what lies beside each tensor
    expect(await read()).to.deep.equal(wanted);
  });

  it('are read without a copy that stays', async () => {
    open = await openFake();
    const w = tf.randomUniform([3, 3, 32, 32], -1, 1, 'float32', 1); // large enough for the host to keep no copy
    const wanted = await w.data();
    tf.conv2d(tf.ones([1, 4, 4, 32]) as Tensor4D, w as Tensor4D, 1, 'same').dataSync();
    expect(open.device.turnedOf(w)).to.not.equal(undefined);
    const before = open.device.allocator.statistics.used;
    expect(await w.data()).to.deep.equal(wanted);
    expect(w.dataSync()).to.deep.equal(wanted);
    expect(open.device.allocator.statistics.used).to.equal(before);
  });

  it('do nothing when they are recorded', async () => {
    open = await openFake();
    const {capture} = open.opened;
    const [x, y] = [tf.tensor1d([1, 2, 3]), tf.tensor1d([0, 0, 0])];
    await tf.add(x, y).data();
    const recording = capture!.record(() => tf.tidy(() => capture!.copy(tf.add(x, y), y)));
    expect([...(await y.data())]).to.deep.equal([0, 0, 0]);
    recording.launch();
    recording.launch();
    expect([...(await y.data())]).to.deep.equal([2, 4, 6]);
    recording.dispose();
    recording.dispose();
    expect(() => recording.launch()).to.throw('disposed of');
  });

  it('keep the addresses of what they read and make, until they are disposed of', async () => {
    open = await openFake();
    const {capture} = open.opened;
    const {device, fake} = open;
    const [x, out] = [tf.tensor1d(new Float32Array(1000).fill(2)), capture!.allocate([1000], 'float32')];
    await tf.square(x).data();
    const before = fake.device.count;
    const recording = capture!.record(() => tf.tidy(() => capture!.copy(tf.mul(tf.square(x), tf.square(x)), out)));
    x.dispose(); // the recording reads it all the same
    const others = Array.from({length: 8}, () => tf.zeros([1000]));
    const sums = others.map((other) => tf.add(other, 1));
    recording.launch();
    expect(((await tf.backend().read(out.dataId)) as Float32Array).every((value) => value === 16)).to.equal(true);
    for (const sum of sums) expect((await sum.data()).every((value) => value === 1)).to.equal(true);
    expect(fake.device.count).to.be.above(before);
    recording.dispose();
    tf.dispose([others, sums]);
    device.allocator.trim();
    expect(fake.device.count).to.be.at.most(before);
  });

  it('see constants that reach the device only while they are made', async () => {
    open = await openFake({paces: ['late', 'late']});
    const {capture} = open.opened;
    const [x, out] = [tf.tensor1d([1, 2]), capture!.allocate([2], 'float32')];
    const fresh = tf.tensor1d([10, 20]);
    const recording = capture!.record(() => tf.tidy(() => capture!.copy(tf.add(tf.mul(x, fresh), 0.5), out)));
    expect([...(await tf.add(fresh, 1).data())]).to.deep.equal([11, 21]); // before it has run
    recording.launch();
    expect([...((await tf.backend().read(out.dataId)) as Float32Array)]).to.deep.equal([10.5, 40.5]);
    recording.dispose();
  });

  it('that the driver refuses fail the conformance kit, which says why', async () => {
    const subject: Subject = {
      name: 'gan-cuda',
      open: async () => {
        const device = await openFakeDevice();
        open = device.behind;
        open.fake.failures.set('cuStreamBeginCapture_v2', 900);
        return device;
      },
    };
    const [result] = await runConformance(subject, {only: 'steps that are repeated from recordings'});
    expect(result!.state).to.equal('failed');
    expect(result!.why).to.match(/captures steps, but not all of these: .*cuStreamBeginCapture: fake error 900/);
  });

  it('that fail leave a stream that works, and no memory', async () => {
    open = await openFake();
    const {capture} = open.opened;
    const {device, fake} = open;
    const x = tf.tensor1d([1, 2]);
    await tf.neg(x).data();
    const before = [fake.device.count, fake.streams.alive];
    expect(() =>
      capture!.record(() => {
        tf.dispose(tf.neg(x));
        throw new Error('of the step');
      }),
    ).to.throw('of the step');
    expect(() => capture!.record(() => void tf.tidy(() => tf.neg(x).dataSync()))).to.throw('nothing can be read');
    expect(() => capture!.record(() => device.operation('K', [], () => device.send(new Uint8Array(8))))).to.throw(
      'nothing can be sent',
    );
    expect(() => capture!.record(() => void capture!.record(() => {}))).to.throw('already');
    expect([...(await tf.neg(x).data())]).to.deep.equal([-1, -2]);
    expect([fake.device.count, fake.streams.alive]).to.deep.equal(before);
  });
});
