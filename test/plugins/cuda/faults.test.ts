import {expect} from 'chai';
import type {Rank} from '@tensorflow/tfjs-core';
import {tf, type GanError, type Tensor} from 'gankit';
import {needsCompiler} from './emulator/support.js';
import {openFake, type FakeDevice} from './fake/open.js';

describe('cuda: faults', () => {
  let open: FakeDevice;
  needsCompiler();
  afterEach(() => void open?.opened.close!());
  const thrown = (work: () => unknown): GanError => {
    try {
      work();
    } catch (error) {
      return error as GanError;
    }
    throw new Error('nothing was thrown');
  };

  it('out of memory names the operation, what was wanted and what to do, frees what the operation made, and the device goes on', async () => {
    open = await openFake({cards: [{name: 'Small', bytes: 2 ** 24, architecture: 80}]});
    const x = tf.ones([1024, 1024]); // 4 of 16 MiB
    const y = tf.add(x, 1);
    const before = open.opened.tfBackend && tf.backend().numDataIds();
    const error = thrown(() => tf.tile(x, [1, 3]));
    expect(error.code).to.equal('GAN_BACKEND_MEMORY');
    expect(error.exitCode).to.equal(4);
    expect(error.message)
      .to.contain('Tile on [1024,1024] float32')
      .and.contain('12 MiB are wanted')
      .and.contain('tensors hold 8 MiB')
      .and.contain("8 MiB of the card's 16 MiB are free");
    expect(error.suggestions.join(' ')).to.contain('--batch-size').and.contain('--resume');
    expect(tf.backend().numDataIds()).to.equal(before);
    expect((await tf.sum(y).data())[0]).to.equal(2 * 2 ** 20);
  });

  it('idle memory is given back before a request is refused', async () => {
    open = await openFake({cards: [{name: 'Small', bytes: 2 ** 24, architecture: 80}]});
    tf.tidy(() => Array.from({length: 3}, () => tf.fill([1024, 1000], 1))).forEach((one) => one.dispose());
    const large = tf.fill([3, 1024, 1000], 2); // 12 MB, where three blocks of 4 lie idle
    expect(open.fake.count('cuMemFree_v2')).to.be.above(0);
    expect(open.fake.device.peak).to.be.at.most(2 ** 24);
    expect((await tf.max(large).data())[0]).to.equal(2);
  });

  it('a fault that loses the device is said once and for all: nothing waits for it, and closing ends', async () => {
    open = await openFake();
    const {fake, opened} = open;
    const x = tf.tensor1d([1, 2, 3]);
    await tf.neg(x).data();
    const pending = tf.neg(x);
    fake.failures.set('cuEventQuery', 700);
    const error = await pending.data().then(
      () => undefined,
      (failure: unknown) => failure as GanError,
    );
    expect(error?.code).to.equal('GAN_DEVICE_LOST');
    expect(error?.exitCode).to.equal(4);
    expect(error?.message).to.contain('fake error 700').and.contain('cuEventQuery');
    expect(error?.suggestions.join(' ')).to.contain('--resume').and.contain('GAN_DEBUG=sync');
    const calls = fake.calls.length;
    expect(thrown(() => tf.neg(x))).to.equal(error);
    pending.dispose();
    x.dispose();
    await opened.sync!().then(
      () => expect.fail('it answered'),
      (failure) => expect(failure).to.equal(error),
    );
    await opened.close!();
    expect(fake.calls.length).to.equal(calls);
  });

  describe('a device that is stuck', () => {
    for (const [how, read] of [
      ['a read', (x: Tensor) => x.data()],
      ['a read that blocks', async (x: Tensor) => x.dataSync()],
      ['a wait for all', () => open.opened.sync!()],
    ] as [string, (x: Tensor) => Promise<unknown>][]) {
      it(`ends ${how} with the last operations that it was handed, is lost, and is asked for nothing more`, async () => {
        open = await openFake({timeout: 0.25});
        const {fake, opened} = open;
        const x = tf.tensor2d([[1, 2]]);
        await tf.neg(x).data();
        fake.streams.stuck = true;
        const y = tf.relu(tf.square(x));
        const error = await read(y).then(
          () => undefined,
          (failure: unknown) => failure as GanError,
        );
        expect([error?.code, error?.exitCode]).to.deep.equal(['GAN_DEVICE_LOST', 4]);
        expect(error?.message)
          .to.contain('not done after 0.25 s')
          .and.match(/Square on \[1,2\] float32; Relu on \[1,2\] float32\.$/);
        expect(error?.suggestions.join(' ')).to.contain('--resume').and.contain('backend.timeout');
        const calls = fake.calls.length;
        expect(thrown(() => tf.neg(x))).to.equal(error);
        y.dispose();
        await opened.close!();
        expect(fake.calls.length).to.equal(calls);
      });
    }

    it('closes all the same when that is where it is noticed', async () => {
      open = await openFake({timeout: 0.25});
      tf.neg(tf.tensor1d([1]));
      open.fake.streams.stuck = true;
      await open.opened.close!();
      expect(tf.findBackend(open.opened.tfBackend)).to.equal(null);
    });
  });

  it("a library that fails because the device is lost is not blamed: the driver's reason is given", async () => {
    open = await openFake();
    const [x, filter] = [tf.ones<Rank.R4>([1, 4, 4, 2]), tf.ones<Rank.R4>([3, 3, 2, 2])];
    Object.assign(open.dnn.functions, {cudnnConvolutionForward: () => 5000}); // CUDNN_STATUS_EXECUTION_FAILED
    expect(thrown(() => tf.conv2d(x, filter, 1, 'same')).code).to.equal('GAN_BACKEND_FAILED');
    open.fake.failures.set('cuStreamQuery', 700);
    const error = thrown(() => tf.conv2d(x, filter, 1, 'same'));
    expect(error.code).to.equal('GAN_DEVICE_LOST');
    expect(error.message).to.contain('Conv2D').and.contain('fake error 700');
  });

  it("a library that has no memory says so as the device's own memory does", async () => {
    open = await openFake();
    Object.assign(open.blas.functions, {cublasLtMatmul: () => 3}); // CUBLAS_STATUS_ALLOC_FAILED
    const error = thrown(() => tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])));
    expect([error.code, error.suggestions.join().includes('--batch-size')]).to.deep.equal(['GAN_BACKEND_MEMORY', true]);
  });

  it('a launch that is refused names operation and shapes; the next one works', async () => {
    open = await openFake();
    const x = tf.tensor2d([[1, 2]]);
    open.fake.failures.set('cuLaunchKernel', 701);
    const error = thrown(() => tf.relu(x));
    expect([error.code, error.exitCode]).to.deep.equal(['GAN_BACKEND_FAILED', 4]);
    expect(error.message).to.contain('Relu on [1,2] float32 failed: cuLaunchKernel: fake error 701 (701)');
    open.fake.failures.clear();
    expect([...(await tf.relu(x).data())]).to.deep.equal([1, 2]);
  });

  it('a source that does not compile fails with the log of the compiler', async () => {
    open = await openFake();
    const {device} = open;
    const error = thrown(() =>
      device.operation('Mine', [], () =>
        device.launch({
          source: {name: 'mine/broken', text: '#error'},
          entry: 'f',
          grid: [1, 1, 1],
          block: [1, 1, 1],
          args: [],
        }),
      ),
    );
    expect(error.message).to.contain('mine/broken does not compile: line 1: #error');
    expect(open.nvrtc.alive()).to.equal(0);
  });
});
