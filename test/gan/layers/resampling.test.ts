import {execFile} from 'node:child_process';
import {promisify} from 'node:util';
import {expect} from 'chai';
import {
  AvgPool,
  Blur,
  ConditionalBatchNorm,
  Conv,
  Embedding,
  FirDown,
  functional,
  GLU,
  MinibatchStddev,
  PixelNorm,
  PixelShuffle,
  PixelUnshuffle,
  setSeed,
  tf,
  Upsample,
  type Module,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {pythonWithTorch} from '../../python.js';
import {ganError, random, valuesOf} from '../helpers.js';
import {channelsFirst, channelsLast, filterFirst} from './layout.js';
import {plain, type Plain} from './reference.js';

/** One channel of one image, a row of pixels for each line. */
const picture = (...rows: number[][]): Tensor => tf.tensor(rows.flat(), [1, rows.length, rows[0]!.length, 1]);

describe('layers that resample images', () => {
  withDevice();

  it('upsample by blocks, by interpolation, or by a filter', () => {
    const x = picture([1, 5]);
    expectClose(new Upsample().forward(x), [1, 1, 5, 5, 1, 1, 5, 5], 'exact');
    expectClose(new Upsample(2, {mode: 'bilinear'}).forward(x), [1, 2, 4, 5, 1, 2, 4, 5], 'exact');
    // three quarters of the nearer pixel and a quarter of the other one; beyond the border are zeros, so 3/4 of that
    const row = [3 / 4, 2, 4, 15 / 4];
    expectClose(
      new Upsample(2, {mode: 'fir'}).forward(x),
      [...row, ...row].map((v) => (v * 3) / 4),
      'exact',
    );
  });

  it('keep the brightness of a plain image away from the border', () => {
    const x = tf.fill([1, 12, 12, 3], 0.5);
    const inside = (y: Tensor): Tensor => tf.slice(y, [0, 3, 3, 0], [1, y.shape[1]! - 6, y.shape[2]! - 6, 3]);
    const layers = [
      new Upsample(2, {mode: 'fir'}),
      new Upsample(3, {mode: 'fir', taps: [1, 2, 3, 2, 1]}),
      new Upsample(2, {mode: 'bilinear'}),
      new FirDown(),
      new Blur({taps: [1, 2, 1]}),
      new AvgPool(),
    ];
    for (const layer of layers) {
      const y = inside(layer.forward(x));
      expectClose(y, new Float32Array(y.size).fill(0.5), 'exact', layer.kind);
    }
  });

  it('average blocks, and filter before they leave out pixels', () => {
    expectClose(new AvgPool().forward(picture([1, 2, 3, 4], [5, 6, 7, 8])), [3.5, 5.5], 'exact');
    // an impulse shows the filter
    const impulse = picture([0, 0, 0, 0], [0, 64, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]);
    expectClose(new FirDown().forward(impulse), [9, 3, 3, 1], 'exact');
    expectClose(new Blur().forward(impulse), [1, 3, 3, 1, 3, 9, 9, 3, 3, 9, 9, 3, 1, 3, 3, 1], 'exact');
  });

  it('have kinds that say what they do', () => {
    const kinds = [new Upsample(), new AvgPool(3), new FirDown(), new PixelShuffle(), new Blur()].map(({kind}) => kind);
    expect(kinds).to.deep.equal(['Upsample(2, nearest)', 'AvgPool(3)', 'FirDown(2)', 'PixelShuffle(2)', 'Blur']);
  });

  it('refuse tensors that do not fit, and say which do', async () => {
    const message = async (layer: Module, shape: number[]): Promise<string> =>
      (await ganError(() => layer.forward(tf.zeros(shape)))).message;
    expect(await message(new AvgPool(), [1, 3, 4, 1])).to.equal(
      'AvgPool(2): got a tensor of shape [1, 3, 4, 1], wanted [batch, height, width, channels] with sides that are ' +
        'multiples of 2',
    );
    expect(await message(new FirDown(), [1, 4, 5, 1])).to.include('multiples of 2');
    expect(await message(new PixelUnshuffle(3), [1, 4, 3, 1])).to.include('multiples of 3');
    expect(await message(new PixelShuffle(), [1, 3, 4, 6])).to.include('channels that are a multiple of 4');
    expect(await message(new Upsample(), [3, 4, 6])).to.include('wanted [batch, height, width, channels]');
    expect(await message(new Blur(), [3, 4])).to.include('wanted [batch, height, width, channels]');
    expect(await message(new GLU(), [2, 3])).to.include('an even number of channels');
    expect(await message(new PixelNorm(), [3])).to.include('[batch, ..., channels]');
    expect(await message(new MinibatchStddev(), [4, 3])).to.include('[batch, height, width, channels]');
    expect(await message(new Embedding(3, 2), [4])).to.equal(
      'Embedding(3, 2) of float32 labels: got a tensor of shape [4], wanted int32 [batch] or float32 [batch, 3]',
    );
  });

  it('refuse arguments that cannot be', async () => {
    const makers: [() => unknown, string][] = [
      [() => new Upsample(1.5), 'Upsample: the factor is 1.5'],
      [() => new Upsample(2, {mode: 'cubic' as 'fir'}), "mode is 'cubic', wanted 'nearest', 'bilinear' or 'fir'"],
      [() => new Upsample(3, {mode: 'fir', taps: [1, 1]}), 'wanted 3 or more numbers'],
      [() => new FirDown(2, {taps: [1, 2, 3]}), 'symmetric'],
      [() => new Blur({taps: [1, -2, 1]}), 'of a sum other than 0'],
      [() => new AvgPool(0), 'AvgPool: the factor is 0'],
      [() => new MinibatchStddev(0), 'the group has 0 images'],
      [() => new Embedding(0, 3), 'classes is 0'],
    ];
    for (const [make, text] of makers) {
      const error = await ganError(make);
      expect(error.code).to.equal('GAN_ARGUMENT');
      expect(error.message).to.include(text);
    }
  });
});

describe('layers of channels', () => {
  withDevice();

  it('pixel norm makes the mean square of the channels 1', () => {
    expectClose(new PixelNorm().forward(tf.tensor([3, 4, 0, 0.5], [2, 2])), [
      3 / Math.sqrt(12.5),
      4 / Math.sqrt(12.5),
      0,
      Math.SQRT2,
    ]);
  });

  it('GLU gates one half of the channels by the other', () => {
    expectClose(new GLU().forward(tf.tensor([3, -2, 0, Math.log(3)], [1, 4])), [1.5, -1.5]);
  });

  it('minibatch stddev takes the deviations of the images of a group', () => {
    // groups of two of four images: (0, 2) and (1, 3); their halves differ by 2 and 1, then by 0 and 4
    const x = tf.tensor([0, 0, 1, 1, 4, 2, 1, 9], [4, 1, 1, 2]);
    const y = new MinibatchStddev(2).forward(x);
    expect(y.shape).to.deep.equal([4, 1, 1, 3]);
    const [even, odd] = [(2 + 1) / 2, (Math.sqrt(1e-8) + 4) / 2];
    expectClose(y, [0, 0, even, 1, 1, odd, 4, 2, even, 1, 9, odd]);
  });

  it('minibatch stddev makes smaller groups where the batch has no such', () => {
    const x = random([6, 2, 2, 3], 1);
    expectClose(new MinibatchStddev(4).forward(x), valuesOf(new MinibatchStddev(3).forward(x)), 'exact');
    expect(new MinibatchStddev(4).forward(random([1, 2, 2, 3], 2)).shape).to.deep.equal([1, 2, 2, 4]);
  });

  it('an embedding has a row for each class', async () => {
    setSeed(3);
    const layer = new Embedding(3, 2);
    const rows = valuesOf(layer.weight.variable);
    const labels = tf.tensor1d([2, 0, 2], 'int32');
    expectClose(layer.forward(labels), [...rows.slice(4), ...rows.slice(0, 2), ...rows.slice(4)], 'exact');
    const {grads} = tf.variableGrads(() => tf.sum(layer.forward(labels)) as never, [layer.weight.variable]);
    expectClose(grads[layer.weight.variable.name]!, [1, 1, 0, 0, 2, 2], 'exact');
    expect([...(await layer.stateDict()).keys()]).to.deep.equal(['weight']);
    expect((await layer.stateDict()).get('weight')!.shape).to.deep.equal([3, 2]);
  });

  it('conditional batch norm scales and shifts by class', async () => {
    const layer = new ConditionalBatchNorm(1, 2, {bias: 0});
    const state = await layer.stateDict();
    expect(layer.takesLabels).to.equal(true);
    expect([...state.keys()]).to.include.members(['norm.weight', 'norm.bias', 'scale.weight', 'shift.weight']);
    const [scale, shift] = ['scale.weight', 'shift.weight'].map(
      (name) => layer.namedParameters().find(([path]) => path === name)![1],
    );
    const labels = tf.tensor1d([1, 0], 'int32');
    const x = tf.tensor([1, 3], [2, 1, 1, 1]);
    const one = 1 / Math.sqrt(1 + 1e-5);
    expectClose(layer.forward(x, labels), [-one, one]);
    scale!.variable.assign(tf.tensor([[4], [2]]));
    shift!.variable.assign(tf.tensor([[0.5], [10]]));
    expectClose(layer.forward(x, labels), [-3 * one + 10, 5 * one + 0.5]);
    const wrong = await ganError(() => layer.forward(x, tf.tensor([1, 0])));
    expect(wrong.message).to.include('(at scale)');
  });
});

/** Tensors to a process with PyTorch, which has them by their names; a list of tensors from it. */
async function torch(python: string, code: string, given: Record<string, Plain>): Promise<number[][]> {
  const tensors = Object.entries(given).map(
    ([name, {shape, data}]) => `${name} = torch.tensor([${data.join()}]).reshape([${shape.join()}])`,
  );
  const script = [
    'import json, torch',
    'import torch.nn.functional as F',
    ...tensors,
    `print(json.dumps([y.flatten().tolist() for y in ${code}]))`,
  ].join('\n');
  const {stdout} = await promisify(execFile)(python, ['-c', script]);
  return JSON.parse(stdout) as number[][];
}

describe('the same layers in PyTorch', () => {
  withDevice();

  it('have the same results', async function () {
    this.timeout(60_000);
    const python = await pythonWithTorch();
    if (python === undefined) {
      console.log('    skipped: there is no PyTorch, whose package is called torch');
      this.skip();
    }
    setSeed(5);
    const x = random([2, 6, 4, 8], 7);
    const layers: [Module, string][] = [
      [new Upsample(3), 'F.interpolate(x, scale_factor=3, mode="nearest")'],
      [new Upsample(2, {mode: 'bilinear'}), 'F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)'],
      [new AvgPool(2), 'F.avg_pool2d(x, 2)'],
      [new PixelShuffle(2), 'F.pixel_shuffle(x, 2)'],
      [new PixelUnshuffle(2), 'F.pixel_unshuffle(x, 2)'],
      [new GLU(), 'F.glu(x, 1)'],
    ];
    const [grouped, transposed] = [false, true].map(
      (turned) =>
        new Conv(8, 12, {
          kernelSize: 3,
          stride: 2,
          padding: 1,
          groups: 4,
          dilation: 2,
          transposed: turned,
          bias: false,
        }),
    );
    const cases: [Tensor, string][] = [
      ...layers.map(([layer, code]): [Tensor, string] => [layer.forward(x), code]),
      [functional.resizeBilinear(x, 5, 9), 'F.interpolate(x, size=(5, 9), mode="bilinear", align_corners=False)'],
      [grouped!.forward(x), 'F.conv2d(x, w, stride=2, padding=1, groups=4, dilation=2)'],
      [transposed!.forward(x), 'F.conv_transpose2d(x, v, stride=2, padding=1, groups=4, dilation=2)'],
    ];
    const [w, v] = [grouped!, transposed!].map((layer) => filterFirst(layer.parameters()[0]!.variable));
    const wanted = await torch(python, `[${cases.map(([, code]) => code).join(', ')}]`, {
      x: channelsFirst(x),
      w: w!,
      v: v!,
    });
    cases.forEach(([y, code], i) => {
      const [n, h, ww, c] = y.shape as [number, number, number, number];
      expectClose(y, valuesOf(channelsLast(plain([n, c, h, ww], wanted[i]!))), 'sum', code);
    });
  });
});
