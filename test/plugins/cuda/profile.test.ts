import {expect} from 'chai';
import type {Tensor, Tensor2D, Tensor4D} from '@tensorflow/tfjs-core';
import {GANLearner, Normalization, basicCritic, basicGenerator, tf} from 'gankit';
import type {DeviceTimes} from '../../../plugins/cuda/src/profile.js';
import {needsCompiler} from './emulator/support.js';
import {openFake, type FakeDevice} from './fake/open.js';

/** Milliseconds that work takes on the fake; each a power of two, so that a sum says what is in it. */
const durations = {
  cudnnConvolution: 1024,
  cublasLtMatmul: 256,
  cuLaunchKernel: 1,
  cuMemcpyDtoDAsync_v2: 32,
  cuMemsetD32Async: 64,
  cuGraphLaunch: 4096,
};

describe('cuda: where the time on the device goes', () => {
  let open: FakeDevice;
  needsCompiler();
  beforeEach(async () => {
    open = await openFake();
    for (const [name, ms] of Object.entries(durations)) open.fake.streams.durations.set(name, ms);
  });
  afterEach(() => void open?.opened.close!());
  const launches = () => open.fake.count('cuLaunchKernel');
  const time = async (f: () => unknown): Promise<DeviceTimes> =>
    (await tf.time(f as () => void)) as unknown as DeviceTimes;
  const nothing = {ms: 0, calls: 0, flops: 0};

  it('times and operations by part: convolutions, products, kernels, copies', async () => {
    const [x, filter] = [tf.ones([2, 6, 6, 3]) as Tensor4D, tf.ones([3, 3, 3, 5]) as Tensor4D];
    const [a, b] = [tf.ones([4, 7]) as Tensor2D, tf.ones([7, 3]) as Tensor2D];
    const y = tf.relu(a);
    // has the algorithm measured, the filter turned, and all of it on the device
    tf.dispose([tf.conv2d(x, filter, 1, 'valid'), tf.matMul(a, b)]);
    const before = launches();
    const {kernelMs, parts, getExtraProfileInfo} = await time(() =>
      tf.tidy(() => {
        tf.conv2d(x, filter, 1, 'valid');
        tf.matMul(a, b);
        tf.matMul(a, b);
        tf.exp(a);
        open.device.copyTensor(a, y);
      }),
    );
    const kernels = launches() - before;
    expect(kernels).to.be.above(0);
    expect(parts).to.deep.equal({
      cudnn: {ms: 1024, calls: 1, flops: 2 * (2 * 4 * 4 * 5) * (3 * 3 * 3)},
      cublaslt: {ms: 512, calls: 2, flops: 2 * (2 * 4 * 7 * 3)},
      kernels: {ms: kernels, calls: kernels, flops: 0},
      copies: {ms: 32, calls: 1, flops: 0},
      recorded: nothing,
    });
    expect(kernelMs).to.equal(1024 + 512 + kernels + 32);
    expect(getExtraProfileInfo!()).to.contain('cudnn: 1024.000 ms').and.not.contain('recorded');
  });

  it('all three kinds of a convolution have the same operations', async () => {
    const [x, filter] = [tf.ones([2, 6, 6, 3]) as Tensor4D, tf.ones([3, 3, 3, 5]) as Tensor4D];
    const {parts} = await time(() =>
      tf.tidy(() =>
        tf.grads((u: Tensor, f: Tensor) => tf.conv2d(u as Tensor4D, f as Tensor4D, 2, 'same'))([x, filter]),
      ),
    );
    expect(parts.cudnn).to.deep.equal({ms: 3 * 1024, calls: 3, flops: 3 * 2 * (2 * 3 * 3 * 5) * 27});
  });

  it('of work that goes on for several turns of the loop of events, and of no other', async () => {
    const a = tf.ones([4, 4]);
    tf.dispose(tf.matMul(a, a));
    const {parts} = await time(async () => {
      await tf.matMul(a, a).data();
      await tf.matMul(a, a).data();
    });
    tf.dispose(tf.matMul(a, a));
    expect(parts.cublaslt.calls).to.equal(2);
  });

  it('of a recorded step as a whole, without what is in it', async () => {
    const {capture} = open.opened;
    const [x, out] = [tf.tensor1d([1, 2]), capture!.allocate([2], 'float32')];
    await tf.exp(x).data();
    let recording: ReturnType<NonNullable<typeof capture>['record']>;
    const making = await time(() => (recording = capture!.record(() => tf.tidy(() => capture!.copy(tf.exp(x), out)))));
    expect(making.kernelMs).to.equal(0);
    const {parts} = await time(() => recording.launch());
    expect(parts).to.deep.include({
      recorded: {
        ms: durations.cuGraphLaunch + durations.cuLaunchKernel + durations.cuMemcpyDtoDAsync_v2,
        calls: 1,
        flops: 0,
      },
      kernels: nothing,
    });
    recording!.dispose();
  });

  it('of a training: every launch once, and the time of the libraries', async () => {
    const batch = {
      input: {data: new Float32Array(2 * 100), shape: [2, 100]},
      target: {data: new Uint8Array(2 * 16 * 16 * 3), shape: [2, 16, 16, 3]},
      size: 2,
    };
    const data = {
      train: {
        batchSize: 2,
        size: 12,
        length: 6,
        async *epoch() {
          for (let i = 0; i < 6; i++) yield batch;
        },
      },
      normalization: Normalization.symmetric(3),
      report: () => ({items: 0, skipped: []}),
    };
    const [generator, critic] = [basicGenerator(16, 3, {nFeatures: 4}), basicCritic(16, 3, {nFeatures: 4})];
    const learn = GANLearner.wgan(data as never, generator, critic, {capture: 'off'});
    const [kernels, products, convolutions] = [launches(), open.blas.products.length, open.dnn.runs.length];
    const {parts} = await time(() => learn.fit(1));
    learn.dispose();
    const run = open.blas.products.slice(products);
    const made = open.dnn.runs.slice(convolutions);
    expect([parts.kernels.calls, parts.cublaslt.calls, parts.cudnn.calls]).to.deep.equal([
      launches() - kernels,
      run.length,
      made.length - 2 * made.filter(({adds}) => adds).length, // but those that find out whether cuDNN can add
    ]);
    expect(parts.cublaslt.flops).to.equal(run.reduce((sum, {m, n, k, batch: count}) => sum + 2 * m * n * k * count, 0));
    expect([parts.cudnn.ms, parts.cublaslt.ms]).to.deep.equal([1024 * parts.cudnn.calls, 256 * parts.cublaslt.calls]);
    expect(parts.cudnn.calls).to.be.above(20);
  });

  it('tf.profile has the time of each kernel', async () => {
    const a = tf.ones([4, 4]);
    const {kernels} = await tf.profile(() => tf.exp(tf.matMul(a, a) as Tensor));
    expect(await Promise.all(kernels.map(async ({name, kernelTimeMs}) => [name, await kernelTimeMs]))).to.deep.equal([
      ['BatchMatMul', 256],
      ['Exp', 1],
    ]);
  });

  it('leaves no event behind, also where the work throws, and costs none when nobody asks', async () => {
    const a = tf.ones([4, 4]);
    await tf.exp(a).data();
    const alive = open.fake.streams.alive;
    await time(() => tf.exp(a));
    await time(() => {
      tf.exp(a);
      throw new Error('of the work');
    }).then(
      () => expect.fail('it passed'),
      (error: Error) => expect(error.message).to.equal('of the work'),
    );
    expect(open.fake.streams.alive).to.equal(alive);
    const before = open.fake.count('cuEventCreate');
    tf.exp(a);
    expect(open.fake.count('cuEventCreate')).to.equal(before);
  });
});
