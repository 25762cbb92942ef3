import {expect} from 'chai';
import type {Tensor, Tensor4D} from '@tensorflow/tfjs-core';
import {tf} from 'gankit';
import type {Convolution} from '../../../plugins/cuda/src/dnn/types.js';
import {expectClose, needsCompiler} from './emulator/support.js';
import {openFake, type FakeDevice, type OpenOptions} from './fake/open.js';
import type {Pace} from './fake/streams.js';

const nothing = {streams: 0, device: 0, pinned: 0, modules: 0};
const allPaces: Pace[][] = [
  ['late', 'late'],
  ['late', 'eager'],
  ['eager', 'late'],
  ['eager', 'eager'],
];

/** The nearest of the numbers whose fraction has 10 bits. */
function toTf32(value: number): number {
  const unit = 2 ** (Math.floor(Math.log2(Math.abs(value))) - 10);
  return Math.round(value / unit) * unit;
}

/** Runs that find out whether the gradient of a filter can be added to other numbers: one alone, one that adds. */
const ofTrial = 2;

describe('cuda: the device, on a fake of CUDA that checks each call', () => {
  let open: FakeDevice | undefined;
  needsCompiler();
  const start = async (options?: OpenOptions) => (open = await openFake(options));
  afterEach(() => {
    void open?.opened.close!();
    open = undefined;
  });

  it('gives everything back when it is closed, tensors that live included', async () => {
    const {opened, fake, nvrtc, blas, dnn} = await start();
    const x: Tensor4D = tf.randomNormal([2, 8, 8, 3]);
    await tf.conv2d(x, tf.ones([3, 3, 3, 4]), 1, 'same').data();
    await tf.matMul(tf.ones([2, 2]), tf.ones([2, 2])).data();
    await opened.close!();
    expect(fake.contexts, 'the context stays: libraries may hold it').to.equal(1);
    expect(fake.leaks).to.deep.equal(nothing);
    expect(nvrtc.alive() + blas.alive() + dnn.alive()).to.equal(0);
    x.dispose(); // of a closed device: nothing happens
    await opened.close!();
  });

  for (const paces of allPaces) {
    it(`uploads overtake nothing and are overtaken by nothing: streams ${paces.join(' and ')}`, async () => {
      const {fake} = await start({paces});
      const sums: Tensor[] = [];
      for (let i = 1; i <= 6; i++) {
        // large: on the stream of uploads, in blocks that are used again while the computation still reads what was
        // there
        const x = tf.tensor1d(new Float32Array(20_000).fill(i));
        sums.push(tf.sum(tf.mul(x, x)));
        x.dispose();
      }
      for (const [i, sum] of sums.entries()) expect((await sum.data())[0]).to.be.closeTo(20_000 * (i + 1) ** 2, 1);
      expect(fake.count('cuMemAlloc_v2')).to.be.below(8);
      tf.dispose(sums);
    });
  }

  it('reads a copy of what was there when it was asked for', async () => {
    const {device} = await start();
    const x = tf.tensor1d(new Float32Array(10_000).fill(1));
    const y = tf.add(x, 0);
    const read = y.data();
    device.copyTensor(tf.add(x, 41), y);
    expect((await read)[9999]).to.equal(1);
    expect((await y.data())[9999]).to.equal(42);
    expect(y.dataSync()[0]).to.equal(42);
  });

  it('sends single numbers as a fill, and small arrays when they are used', async () => {
    const {fake} = await start();
    const [one, many] = [tf.scalar(3), tf.tensor1d([1, 2, 3])];
    expect(fake.count('cuMemcpyHtoDAsync_v2') + fake.count('cuMemsetD32Async')).to.equal(0);
    expect([...(await tf.mul(many, one).data())]).to.deep.equal([3, 6, 9]);
    expect([fake.count('cuMemcpyHtoDAsync_v2'), fake.count('cuMemsetD32Async')]).to.deep.equal([1, 1]);
    const fill = fake.calls.find(({name}) => name === 'cuMemsetD32Async')!;
    expect(fill.args.slice(1, 3)).to.deep.equal([new Uint32Array(Float32Array.of(3).buffer)[0], 1n]);
  });

  it('destroys the events of blocks that go back to the driver', async () => {
    const {device, fake} = await start();
    const upload = async () => {
      const x = tf.tensor1d(new Float32Array(20_000).fill(1));
      await tf.sum(x).data();
      x.dispose();
      device.allocator.trim();
    };
    await upload();
    const before = fake.streams.alive;
    for (let i = 0; i < 5; i++) await upload();
    expect(fake.streams.alive).to.equal(before);
  });

  it('has an allocation of just its size for each tensor with GAN_DEBUG=alloc, which goes with it', async () => {
    const {device, fake, opened} = await start({exactAllocations: true});
    const [small, large] = [tf.add(tf.ones([3]), 1), tf.add(tf.ones([300_001]), 1)];
    const sizes = () => fake.calls.filter(({name}) => name === 'cuMemAlloc_v2').map(({args}) => Number(args[1]));
    expect(sizes()).to.include.members([12, 4 * 300_001]);
    const {capture} = opened;
    const out = capture!.allocate([3], 'float32');
    const recording = capture!.record(() => tf.tidy(() => capture!.copy(tf.square(tf.square(small)), out)));
    recording.launch();
    expect([...((await tf.backend().read(out.dataId)) as Float32Array)]).to.deep.equal([16, 16, 16]);
    recording.dispose();
    const before = fake.device.count;
    tf.dispose([small, large]);
    expect(fake.device.count).to.equal(before - 2);
    tf.backend().disposeData(out.dataId);
    expect(device.allocator.statistics.used).to.equal(device.allocator.statistics.reserved);
  });

  it('allocates nothing more in a steady loop', async () => {
    const {device} = await start();
    let w = tf.ones([64, 64]);
    const step = () => {
      const next = tf.tidy(() => tf.sub(w, tf.mul(tf.matMul(w, w), 1e-3)));
      w.dispose();
      w = next;
    };
    for (let i = 0; i < 3; i++) step();
    const before = device.allocator.statistics;
    for (let i = 0; i < 20; i++) step();
    expect(device.allocator.statistics).to.deep.equal(before);
  });

  describe('convolutions', () => {
    const conv = (sizes: Partial<Convolution> = {}): Convolution => ({
      groups: 1,
      batchSize: 2,
      inHeight: 6,
      inWidth: 5,
      inChannels: 3,
      outHeight: 3,
      outWidth: 3,
      outChannels: 4,
      filterHeight: 4,
      filterWidth: 4,
      strideHeight: 2,
      strideWidth: 2,
      dilationHeight: 1,
      dilationWidth: 1,
      padInfo: {top: 1, bottom: 1, left: 1, right: 2},
      ...sizes,
    });
    /** y and both gradients, of dy = y. */
    async function all({device}: FakeDevice, sizes: Convolution): Promise<number[][]> {
      const x = tf.randomUniform(
        [sizes.batchSize, sizes.inHeight, sizes.inWidth, sizes.inChannels],
        -1,
        1,
        'float32',
        7,
      );
      const filter = tf.randomUniform(
        [sizes.filterHeight, sizes.filterWidth, sizes.inChannels / sizes.groups, sizes.outChannels],
        -1,
        1,
        'float32',
        8,
      );
      const y = device.output([sizes.batchSize, sizes.outHeight, sizes.outWidth, sizes.outChannels], 'float32');
      const [dx, dFilter] = [device.output(x.shape, 'float32'), device.output(filter.shape, 'float32')];
      device.operation('Conv2D', [x, filter], () =>
        device.dnn.forward(sizes, x, filter, {address: y.address, type: 'float'}),
      );
      device.operation('Conv2DBackpropInput', [y.info, filter], () =>
        device.dnn.dataGradient(sizes, y.info, filter, {address: dx.address, type: 'float'}),
      );
      device.operation('Conv2DBackpropFilter', [x, y.info], () =>
        device.dnn.filterGradient(sizes, x, y.info, dFilter.address),
      );
      const results = [y.info, dx.info, dFilter.info];
      return Promise.all(results.map(async ({dataId}) => [...((await tf.backend().read(dataId)) as Float32Array)]));
    }
    /** The same by definition. */
    function byHand(sizes: Convolution, x: ArrayLike<number>, filter: ArrayLike<number>): number[][] {
      const {
        batchSize: n,
        inHeight: h,
        inWidth: w,
        inChannels: ci,
        outHeight: oh,
        outWidth: ow,
        outChannels: co,
        filterHeight: fh,
        filterWidth: fw,
        groups,
      } = sizes;
      const seen = ci / groups; // inputs of a group
      const y = new Array<number>(n * oh * ow * co).fill(0);
      const dx = new Array<number>(n * h * w * ci).fill(0);
      const dFilter = new Array<number>(fh * fw * seen * co).fill(0);
      const each = (f: (xi: number, fi: number, yi: number) => void) => {
        for (let b = 0; b < n; b++)
          for (let r = 0; r < oh; r++)
            for (let c = 0; c < ow; c++)
              for (let i = 0; i < fh; i++)
                for (let j = 0; j < fw; j++) {
                  const [row, column] = [
                    r * sizes.strideHeight + i * sizes.dilationHeight - sizes.padInfo.top,
                    c * sizes.strideWidth + j * sizes.dilationWidth - sizes.padInfo.left,
                  ];
                  if (row < 0 || row >= h || column < 0 || column >= w) continue;
                  for (let p = 0; p < seen; p++)
                    for (let q = 0; q < co; q++)
                      f(
                        ((b * h + row) * w + column) * ci + Math.floor((q * groups) / co) * seen + p,
                        ((i * fw + j) * seen + p) * co + q,
                        ((b * oh + r) * ow + c) * co + q,
                      );
                }
      };
      each((xi, fi, yi) => (y[yi]! += x[xi]! * filter[fi]!));
      each((xi, fi, yi) => {
        dx[xi]! += y[yi]! * filter[fi]!;
        dFilter[fi]! += y[yi]! * x[xi]!;
      });
      return [y, dx, dFilter];
    }
    const shapes: Record<string, Convolution> = {
      'uneven padding': conv(),
      'even padding': conv({inWidth: 6, padInfo: {top: 1, bottom: 1, left: 1, right: 1}}),
      'a filter as large as the image': conv({
        inHeight: 4,
        inWidth: 4,
        outHeight: 1,
        outWidth: 1,
        strideHeight: 1,
        strideWidth: 1,
        padInfo: {top: 0, bottom: 0, left: 0, right: 0},
      }),
      'two groups': conv({groups: 2, inChannels: 4, outChannels: 6}),
      'groups, the last row and column unseen': conv({
        groups: 3,
        outHeight: 2,
        outWidth: 2,
        outChannels: 6,
        inChannels: 6,
        padInfo: {top: 1, bottom: -1, left: 0, right: 1},
      }),
      'two filters for each channel': conv({groups: 3, outChannels: 6}),
      'a filter for each of many channels': conv({groups: 8, inChannels: 8, outChannels: 8}),
      'one tap': conv({
        filterHeight: 1,
        filterWidth: 1,
        strideHeight: 1,
        strideWidth: 1,
        outHeight: 6,
        outWidth: 5,
        padInfo: {top: 0, bottom: 0, left: 0, right: 0},
      }),
    };
    for (const [title, sizes] of Object.entries(shapes)) {
      for (const precision of ['fp32', 'bf16'] as const) {
        it(`${title}, ${precision}`, async () => {
          const fakes = await start({precision});
          const results = await all(fakes, sizes);
          const x = await tf
            .randomUniform([sizes.batchSize, sizes.inHeight, sizes.inWidth, sizes.inChannels], -1, 1, 'float32', 7)
            .data();
          const filter = await tf
            .randomUniform(
              [sizes.filterHeight, sizes.filterWidth, sizes.inChannels / sizes.groups, sizes.outChannels],
              -1,
              1,
              'float32',
              8,
            )
            .data();
          // eight bits of precision in each factor and in the result; our own kernels compute in float32
          const rounds = fakes.dnn.runs.length + fakes.blas.products.length > 0;
          const tolerance = precision === 'bf16' && rounds ? 0.02 : 1e-5;
          byHand(sizes, x, filter).forEach((wanted, i) => {
            const scale = Math.max(...wanted.map(Math.abs));
            results[i]!.forEach((value, j) =>
              expect(value, `${['y', 'dx', 'dFilter'][i]}[${j}]`).to.be.closeTo(wanted[j]!, tolerance * scale),
            );
          });
          const products = sizes.outHeight === 1 || sizes.filterHeight === 1;
          const depthwise = sizes.groups === sizes.inChannels;
          expect(fakes.dnn.runs.map(({groups}) => groups)).to.deep.equal(
            products || depthwise ? [] : new Array<number>(precision === 'fp32' ? 3 + ofTrial : 3).fill(sizes.groups),
          );
          expect(
            fakes.dnn.runs.every(({type, math}) =>
              precision === 'bf16' ? type === 9 && math === 1 : type === 0 && math === 3,
            ),
          ).to.equal(true);
        });
      }
    }

    for (const [precision, offer] of [
      ['fp32', 'one for NCHW alone'],
      ['bf16', 'one for NCHW alone'],
      ['fp32', 'one for NCHW, as NHWC is a bad parameter'],
    ] as const)
      it(`takes an algorithm for NCHW where that for NHWC will not do, ${precision}: ${offer}`, async () => {
        const nhwc = await start({precision});
        const wanted = new Map<string, number[][]>();
        for (const title of ['uneven padding', 'two groups']) wanted.set(title, await all(nhwc, shapes[title]!));
        const kinds = nhwc.dnn.runs.length - ofTrial * nhwc.dnn.runs.filter(({adds}) => adds).length;
        void nhwc.opened.close!();
        const fakes = await start({precision, offer});
        for (const [title, results] of wanted) expect(await all(fakes, shapes[title]!), title).to.deep.equal(results);
        expect(fakes.dnn.runs.map(({format}) => format)).to.deep.equal(new Array<number>(kinds).fill(0));
        await fakes.opened.close!();
        expect(fakes.dnn.alive(), 'descriptors').to.equal(0);
      });

    for (const offer of ['none that is deterministic', 'an empty list', 'nothing'] as const) {
      it(`our own kernels compute where cuDNN has ${offer}, and it is asked once`, async () => {
        const fakes = await start({offer});
        for (const title of ['uneven padding', 'two groups', 'groups, the last row and column unseen']) {
          const sizes = shapes[title]!;
          const before = fakes.dnn.counts().measured;
          const results = await all(fakes, sizes);
          expect(await all(fakes, sizes)).to.deep.equal(results);
          const filterShape = [
            sizes.filterHeight,
            sizes.filterWidth,
            sizes.inChannels / sizes.groups,
            sizes.outChannels,
          ];
          const x = tf.randomUniform(
            [sizes.batchSize, sizes.inHeight, sizes.inWidth, sizes.inChannels],
            -1,
            1,
            'float32',
            7,
          );
          const filter = tf.randomUniform(filterShape, -1, 1, 'float32', 8);
          byHand(sizes, await x.data(), await filter.data()).forEach((wanted, i) =>
            expectClose(results[i]!, wanted, `${title}: ${['y', 'dx', 'dFilter'][i]}`),
          );
          expect(fakes.dnn.counts().measured - before, title).to.equal(6); // for NHWC and NCHW
        }
        expect(fakes.dnn.runs).to.deep.equal([]);
      });
    }

    it('measures a shape once, takes what is deterministic and rounds as asked, and keeps the choice for the next process', async () => {
      const {mkdtempSync, rmSync} = await import('node:fs');
      const cache = mkdtempSync('/tmp/gan-cuda-cache-');
      const first = await start({cache});
      await all(first, shapes['even padding']!);
      await all(first, shapes['even padding']!);
      expect(first.dnn.counts()).to.deep.equal({measured: 3, guessed: 0});
      void first.opened.close!();
      const second = await start({cache});
      await all(second, shapes['even padding']!);
      expect(second.dnn.counts()).to.deep.equal({measured: 0, guessed: 0});
      expect(second.nvrtc.compiled).to.deep.equal([]); // kernels were kept as well
      rmSync(cache, {recursive: true});
    });

    it('turns a filter once for as long as its values stay', async () => {
      const fakes = await start();
      const {device, fake} = fakes;
      const sizes = shapes['even padding']!;
      const turns = () =>
        fake.calls.filter(
          ({name, args}) => name === 'cuLaunchKernel' && fake.functions.get(args[0] as bigint)!.entry === 'turn',
        ).length;
      const x = tf.ones([2, 6, 6, 3]);
      const filter = tf.add(tf.zeros([4, 4, 3, 4]), 1);
      const forward = () => {
        const y = device.output([2, 3, 3, 4], 'float32');
        device.operation('Conv2D', [x, filter], () =>
          device.dnn.forward(sizes, x, filter, {address: y.address, type: 'float'}),
        );
        return tf.backend().read(y.info.dataId);
      };
      await forward();
      const before = await forward();
      expect(turns()).to.equal(1);
      device.copyTensor(tf.fill([4, 4, 3, 4], 2), filter);
      const after = await forward();
      expect(turns()).to.equal(2);
      expect([...(after as Float32Array)]).to.deep.equal([...(before as Float32Array)].map((value) => 2 * value));
    });
  });

  it('matrix products: batches, broadcast factors, transposes, an inner size of 0', async () => {
    const {blas} = await start({precision: 'tf32'});
    const a = tf.randomUniform([3, 4, 5], -1, 1, 'float32', 1);
    const b = tf.randomUniform([5, 6], -1, 1, 'float32', 2);
    const product = (await tf.matMul(a, tf.tile(tf.expandDims(b, 0), [3, 1, 1])).array()) as number[][][];
    const [left, right] = [(await a.array()) as number[][][], (await b.array()) as number[][]];
    left.forEach((rows, i) =>
      rows.forEach((row, r) =>
        right[0]!.forEach((_, c) =>
          expect(product[i]![r]![c]).to.be.closeTo(
            row.reduce((sum, value, k) => sum + toTf32(value) * toTf32(right[k]![c]!), 0),
            1e-5,
          ),
        ),
      ),
    );
    const turned = (await tf.matMul(b, tf.transpose(b), true, true).array()) as number[][];
    expect(turned.length).to.equal(6);
    expect([...(await tf.matMul(tf.zeros([2, 0]), tf.zeros([0, 2])).data())]).to.deep.equal([0, 0, 0, 0]);
    expect(blas.products.every(({compute}) => compute === 77)).to.equal(true); // CUBLAS_COMPUTE_32F_FAST_TF32
  });
});
