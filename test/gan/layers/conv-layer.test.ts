import {expect} from 'chai';
import {
  ConvLayer,
  Flatten,
  LeakyReLU,
  Rng,
  Sigmoid,
  SigmoidRange,
  Tanh,
  tf,
  type ConvLayerOptions,
  type Module,
  type Tensor,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random} from '../helpers.js';
import {channelsFirst, channelsLast, filterFirst} from './layout.js';
import {
  conv,
  convTranspose,
  differences,
  map,
  matrixRows,
  norm,
  plain,
  powerIteration,
  sigma,
  type Plain,
} from './reference.js';

type State = Map<string, Plain>;

const leaky = (): Module => new LeakyReLU(0.2);

/** What PyTorch and fastai define the layer to compute in train mode, from its state before. */
/** Of filters whose sides are alike. */
type Square = Omit<ConvLayerOptions, 'ks' | 'padding'> & {ks?: number; padding?: number};

function definition(options: Square, state: State, x: Plain): Plain {
  const {ks = 3, transpose = false, normType = 'Batch', bn1st = true, actCls, xtra} = options;
  const {
    stride = 1,
    padding = transpose ? 0 : Math.floor((ks - 1) / 2),
    dilation = 1,
    groups = 1,
    paddingMode = 'zeros',
    outputPadding = 0,
  } = options;
  const bias = state.get('0.bias');
  const run = transpose ? convTranspose : conv;
  let y = run(x, weightOf(options, state), bias, {stride, padding, dilation, groups, mode: paddingMode, outputPadding});
  const act =
    actCls === undefined ? (value: number) => Math.max(value, 0) : actCls === null ? undefined : scalarOf(actCls());
  const activate = (): void => void (act && (y = map(y, act)));
  const normIndex = act && !bn1st ? 2 : 1;
  const normalise = (): void => {
    if (normType === null || normType === 'Weight' || normType === 'Spectral') return;
    y = norm(
      y,
      state.get(`${normIndex}.weight`)!,
      state.get(`${normIndex}.bias`)!,
      normType.startsWith('Batch') ? 'batch' : 'instance',
    );
  };
  for (const part of bn1st ? [normalise, activate] : [activate, normalise]) part();
  return xtra ? map(y, (value) => 1 / (1 + Math.exp(-value))) : y;
}

function scalarOf(module: Module): (value: number) => number {
  if (module instanceof LeakyReLU) return (value) => (value > 0 ? value : module.slope * value);
  if (module instanceof Tanh) return Math.tanh;
  if (module instanceof Sigmoid) return (value) => 1 / (1 + Math.exp(-value));
  if (module instanceof SigmoidRange)
    return (value) => module.low + (module.high - module.low) / (1 + Math.exp(-value));
  throw new Error(`no definition for ${module.kind}`);
}

function weightOf({normType, transpose}: ConvLayerOptions, state: State): Plain {
  if (normType === 'Spectral') {
    const original = state.get('0.weight_orig')!;
    const rows = matrixRows(original, transpose ? 1 : 0);
    // after the iteration; constants for the gradient
    const scale = sigma(rows, state.get('u')!.data, state.get('v')!.data);
    return map(original, (value) => value / scale);
  }
  if (normType === 'Weight') {
    const [g, v] = [state.get('0.weight_g')!, state.get('0.weight_v')!];
    const slice = v.data.length / v.shape[0]!;
    const lengths = Array.from({length: v.shape[0]!}, (_, i) =>
      Math.hypot(...v.data.slice(i * slice, (i + 1) * slice)),
    );
    return plain(
      v.shape,
      v.data.map((value, i) => (value * g.data[Math.floor(i / slice)]!) / lengths[Math.floor(i / slice)]!),
    );
  }
  return state.get('0.weight')!;
}

async function stateOf(layer: ConvLayer, options: ConvLayerOptions): Promise<State> {
  const state: State = new Map(
    [...(await layer.stateDict())].map(([name, {shape, data}]) => [name, plain(shape, Array.from(data, Number))]),
  );
  if (options.normType === 'Spectral') {
    const {u, v} = powerIteration(
      matrixRows(state.get('0.weight_orig')!, options.transpose ? 1 : 0),
      state.get('0.weight_u')!.data,
    );
    state.set('u', plain([u.length], u)).set('v', plain([v.length], v));
  }
  return state;
}

/** Moves norm layers and gains off their starts, where some gradients would be 0 or equal. */
function shake(layer: ConvLayer): void {
  const rng = new Rng(99);
  for (const {variable} of layer.parameters())
    variable.assign(tf.add(variable, tf.tensor(rng.uniform(variable.size, 0.05, 0.3), variable.shape)));
}

interface Case {
  title: string;
  options: Square;
  /** Spatial sizes of the input. */
  size: number[];
  /** Of the result. */
  out: number[];
  channels?: [number, number];
}

const cases: Case[] = [
  {title: 'the defaults: 3x3, batch norm, ReLU', options: {}, size: [4, 5], out: [4, 5]},
  {title: '4x4 with stride 2', options: {ks: 4, stride: 2}, size: [6, 8], out: [3, 4]},
  {title: '1x1 without norm and activation', options: {ks: 1, normType: null, actCls: null}, size: [3, 4], out: [3, 4]},
  {
    title: 'an even kernel, explicit padding, no norm',
    options: {ks: 2, padding: 1, normType: null, actCls: leaky},
    size: [4, 3],
    out: [5, 4],
  },
  {
    title: 'stride 3, which leaves a remainder',
    options: {stride: 3, normType: null, actCls: leaky},
    size: [8, 6],
    out: [3, 2],
  },
  {title: 'BatchZero', options: {normType: 'BatchZero', actCls: null}, size: [4, 4], out: [4, 4]},
  {title: 'instance norm', options: {normType: 'Instance', actCls: leaky}, size: [4, 5], out: [4, 5]},
  {title: 'InstanceZero', options: {normType: 'InstanceZero', actCls: () => new Tanh()}, size: [3, 4], out: [3, 4]},
  {title: 'weight norm', options: {normType: 'Weight', actCls: leaky}, size: [4, 4], out: [4, 4]},
  {title: 'spectral norm', options: {normType: 'Spectral', actCls: leaky}, size: [4, 4], out: [4, 4]},
  {title: 'the norm after the activation', options: {bn1st: false, actCls: leaky}, size: [4, 4], out: [4, 4]},
  {title: 'a bias beside batch norm', options: {bias: true}, size: [3, 3], out: [3, 3]},
  {
    title: 'no bias without a norm',
    options: {bias: false, normType: null, actCls: () => new Sigmoid()},
    size: [3, 4],
    out: [3, 4],
  },
  {title: 'dilation', options: {dilation: 2, padding: 2, normType: null, actCls: leaky}, size: [6, 5], out: [6, 5]},
  {
    title: 'dilation with stride',
    options: {dilation: 2, stride: 2, padding: 1, normType: null, actCls: null},
    size: [7, 8],
    out: [3, 3],
  },
  {title: 'groups', options: {groups: 2, normType: null, actCls: leaky}, size: [4, 4], out: [4, 4], channels: [4, 6]},
  {
    title: 'one group a channel',
    options: {groups: 3, normType: null, actCls: null},
    size: [4, 3],
    out: [4, 3],
    channels: [3, 3],
  },
  {
    title: 'reflected borders',
    options: {paddingMode: 'reflect', normType: null, actCls: null, padding: 2},
    size: [4, 5],
    out: [6, 7],
  },
  {
    title: 'replicated borders',
    options: {paddingMode: 'replicate', normType: null, actCls: null, padding: 2},
    size: [3, 4],
    out: [5, 6],
  },
  {
    title: 'circular borders',
    options: {paddingMode: 'circular', normType: null, actCls: null},
    size: [3, 4],
    out: [3, 4],
  },
  {title: 'an extra layer at the end', options: {xtra: new Sigmoid(), actCls: null}, size: [3, 3], out: [3, 3]},
  {title: '1-D', options: {ndim: 1}, size: [7], out: [7]},
  {
    title: '1-D with stride, dilation and groups',
    options: {ndim: 1, stride: 2, dilation: 2, groups: 2, padding: 1, normType: 'Instance', actCls: leaky},
    size: [9],
    out: [4],
    channels: [4, 2],
  },
  {
    title: '1-D with circular borders',
    options: {ndim: 1, paddingMode: 'circular', normType: null, actCls: null},
    size: [4],
    out: [4],
  },
  {title: '3-D', options: {ndim: 3, normType: null, actCls: leaky}, size: [3, 4, 3], out: [3, 4, 3], channels: [2, 2]},
  {
    title: '3-D with batch norm, stride and dilation',
    options: {ndim: 3, ks: 2, stride: 2, dilation: 2, padding: 1},
    size: [4, 5, 4],
    out: [2, 3, 2],
    channels: [2, 2],
  },
  {
    title: '3-D with weight norm',
    options: {ndim: 3, ks: 2, normType: 'Weight', actCls: null},
    size: [3, 2, 3],
    out: [2, 1, 2],
    channels: [2, 2],
  },
  {
    title: '3-D 1x1x1',
    options: {ndim: 3, ks: 1, normType: null, actCls: null},
    size: [2, 3, 2],
    out: [2, 3, 2],
    channels: [2, 2],
  },
  {
    title: '3-D of depth 1',
    options: {ndim: 3, normType: null, actCls: null},
    size: [1, 3, 4],
    out: [1, 3, 4],
    channels: [2, 2],
  },
  {title: 'transposed', options: {transpose: true}, size: [3, 4], out: [5, 6]},
  {
    title: 'transposed 4x4 with stride 2 and padding 1',
    options: {transpose: true, ks: 4, stride: 2, padding: 1},
    size: [3, 2],
    out: [6, 4],
  },
  {
    title: 'transposed with output padding',
    options: {transpose: true, stride: 2, padding: 1, outputPadding: 1, normType: null, actCls: leaky},
    size: [3, 3],
    out: [6, 6],
  },
  {
    title: 'transposed with groups and dilation',
    options: {transpose: true, groups: 2, dilation: 2, normType: null, actCls: leaky},
    size: [3, 3],
    out: [7, 7],
    channels: [4, 2],
  },
  {
    title: 'transposed with more output padding than stride',
    options: {transpose: true, dilation: 3, padding: 1, outputPadding: 2, normType: null, actCls: leaky},
    size: [3, 2],
    out: [9, 8],
  },
  {
    title: 'transposed with rows that nothing reaches',
    options: {transpose: true, ks: 1, dilation: 2, outputPadding: 1, normType: null, actCls: leaky},
    size: [2, 3],
    out: [3, 4],
  },
  {
    title: 'transposed with spectral norm',
    options: {transpose: true, ks: 2, stride: 2, normType: 'Spectral', actCls: leaky},
    size: [3, 3],
    out: [6, 6],
  },
  {
    title: 'transposed with weight norm',
    options: {transpose: true, ks: 2, normType: 'Weight', actCls: leaky},
    size: [3, 3],
    out: [4, 4],
  },
  {
    title: 'transposed 1-D with output padding',
    options: {transpose: true, ndim: 1, stride: 3, outputPadding: 2, normType: null, actCls: leaky},
    size: [4],
    out: [14],
  },
  {
    title: 'transposed 3-D',
    options: {transpose: true, ndim: 3, ks: 2, stride: 2, padding: 1, outputPadding: 1, normType: null, actCls: leaky},
    size: [2, 3, 2],
    out: [3, 5, 3],
    channels: [2, 2],
  },
  {
    title: 'transposed 3-D of depth 1',
    options: {transpose: true, ndim: 3, ks: 2, normType: null, actCls: leaky},
    size: [1, 2, 3],
    out: [2, 3, 4],
    channels: [2, 2],
  },
  {
    title: 'transposed 3-D with gaps between the taps',
    options: {transpose: true, ndim: 3, ks: 1, stride: 2, normType: null, actCls: leaky},
    size: [2, 2, 2],
    out: [3, 3, 3],
    channels: [2, 2],
  },
];

describe('ConvLayer', () => {
  withDevice();

  for (const {title, options, size, out, channels = [2, 3]} of cases) {
    it(`computes what PyTorch defines, gradients included: ${title}`, async () => {
      const [ni, nf] = channels as [number, number];
      const layer = new ConvLayer(ni, nf, {...options, rng: new Rng(5)});
      shake(layer);
      const x = tf.variable(random([2, ...size, ni], 17));
      const state = await stateOf(layer, options);
      const input = channelsFirst(x);
      const wanted = definition(options, state, input);
      expect(wanted.shape, 'the shape by the definition').to.deep.equal([2, nf, ...out]);

      // sum(y * c) with random c, so that every element has a gradient of its own
      const c = plain(wanted.shape, new Rng(3).normal(wanted.data.length));
      const parameters = layer.namedParameters();
      let y: Tensor | undefined;
      const {grads} = tf.variableGrads(
        () => tf.sum(tf.mul((y = tf.keep(layer.forward(x))), channelsLast(c))),
        [x, ...parameters.map(([, {variable}]) => variable)],
      );
      expect(y!.shape).to.deep.equal([2, ...out, nf]);
      expectClose(channelsFirst(y!).data, wanted.data, 'sum', 'output');

      const loss = (): number =>
        definition(options, state, input).data.reduce((sum, value, i) => sum + value * c.data[i]!, 0);
      expectClose(channelsFirst(grads[x.name]!).data, differences(loss, input), 'gradient', 'gradient of the input');
      for (const [name, {variable}] of parameters)
        expectClose(
          filterFirst(grads[variable.name]!).data,
          differences(loss, state.get(name)!),
          'gradient',
          `gradient of ${name}`,
        );
      tf.dispose(y!);
    });
  }

  describe('its state, in the names and the order of PyTorch', () => {
    const wanted: [string, ConvLayerOptions, string[]][] = [
      [
        'batch norm',
        {},
        [
          '0.weight [3,2,3,3]',
          '1.weight [3]',
          '1.bias [3]',
          '1.running_mean [3]',
          '1.running_var [3]',
          '1.num_batches_tracked []',
        ],
      ],
      ['no norm', {normType: null}, ['0.weight [3,2,3,3]', '0.bias [3]']],
      ['instance norm', {normType: 'Instance'}, ['0.weight [3,2,3,3]', '1.weight [3]', '1.bias [3]']],
      [
        'spectral norm',
        {normType: 'Spectral'},
        ['0.bias [3]', '0.weight_orig [3,2,3,3]', '0.weight_u [3]', '0.weight_v [18]'],
      ],
      ['weight norm', {normType: 'Weight'}, ['0.bias [3]', '0.weight_g [3,1,1,1]', '0.weight_v [3,2,3,3]']],
      [
        'spectral norm, transposed',
        {normType: 'Spectral', transpose: true, ks: 4},
        ['0.bias [3]', '0.weight_orig [2,3,4,4]', '0.weight_u [3]', '0.weight_v [32]'],
      ],
      [
        'weight norm, transposed: a length for each input',
        {normType: 'Weight', transpose: true},
        ['0.bias [3]', '0.weight_g [2,1,1,1]', '0.weight_v [2,3,3,3]'],
      ],
      [
        'the norm after the activation',
        {bn1st: false},
        [
          '0.weight [3,2,3,3]',
          '2.weight [3]',
          '2.bias [3]',
          '2.running_mean [3]',
          '2.running_var [3]',
          '2.num_batches_tracked []',
        ],
      ],
      ['1-D', {ndim: 1, normType: null}, ['0.weight [3,2,3]', '0.bias [3]']],
      ['3-D, transposed', {ndim: 3, transpose: true, normType: null}, ['0.weight [2,3,3,3,3]', '0.bias [3]']],
    ];
    for (const [title, options, names] of wanted) {
      it(title, async () => {
        const state = await new ConvLayer(2, 3, options).stateDict();
        expect([...state].map(([name, {shape}]) => `${name} [${shape.join()}]`)).to.deep.equal(names);
      });
    }

    it("holds the numbers in PyTorch's order, for a filter with all axes different", async () => {
      const layer = new ConvLayer(2, 3, {ks: 2, ndim: 3, normType: null});
      const {data} = (await layer.stateDict()).get('0.weight')!;
      const stored = layer.parameters().find(({shape}) => shape.length === 5)!.variable;
      expectClose(data as Float32Array, filterFirst(stored).data, 'exact');
      expect(stored.shape).to.deep.equal([2, 2, 2, 2, 3]);
    });
  });

  describe('its children', () => {
    const kinds = (options: ConvLayerOptions): string[] =>
      new ConvLayer(2, 3, options).children().map(([name, child]) => `${name} ${child.kind}`);

    it('are convolution, norm, activation, extra layer', () => {
      expect(kinds({xtra: new Flatten()})).to.deep.equal(['0 Conv2d', '1 BatchNorm', '2 ReLU', '3 Flatten']);
    });

    it('are convolution, activation, norm with bn1st false', () => {
      expect(kinds({bn1st: false, transpose: true})).to.deep.equal(['0 ConvTranspose2d', '1 ReLU', '2 BatchNorm']);
    });

    it('leave no gap for what is absent', () => {
      expect(kinds({normType: 'Spectral', xtra: new Flatten()})).to.deep.equal(['0 Conv2d', '1 ReLU', '2 Flatten']);
      expect(kinds({actCls: null, normType: null, ndim: 1})).to.deep.equal(['0 Conv1d']);
    });
  });

  describe('its initial values', () => {
    // 16 in, 32 out, 4x4: 8192 weights; torch counts fan_in as weight.size(1) * 16
    const weights = (options: ConvLayerOptions): Float32Array => {
      const layer = new ConvLayer(16, 32, {ks: 4, normType: null, rng: new Rng(8), ...options});
      return layer.parameters()[0]!.variable.dataSync() as Float32Array;
    };
    const bound = (values: Float32Array): number => values.reduce((max, value) => Math.max(max, Math.abs(value)), 0);
    const std = (values: Float32Array): number =>
      Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
    const uniform = (values: Float32Array, limit: number): void => {
      expect(bound(values)).to.be.within(limit * 0.998, limit);
      expect(std(values)).to.be.closeTo(limit / Math.sqrt(3), 0.02 * limit);
    };
    const kaiming = Math.sqrt(6 / 256);
    const torch = 1 / Math.sqrt(256);

    it('are Kaiming uniform before a ReLU', () => uniform(weights({}), kaiming));
    it('are Kaiming uniform with a = 0 before a leaky ReLU of any slope', () =>
      uniform(weights({actCls: leaky}), kaiming));
    it('are Xavier uniform before tanh and the sigmoid', () => {
      uniform(weights({actCls: () => new Tanh()}), Math.sqrt(6 / (256 + 512)));
      uniform(weights({actCls: () => new Sigmoid()}), Math.sqrt(6 / (256 + 512)));
    });
    it("are torch's own without an activation, before an unknown one, and with init null", () => {
      uniform(weights({actCls: null}), torch);
      uniform(weights({actCls: () => new SigmoidRange(0, 1)}), torch);
      uniform(weights({init: null}), torch);
    });
    it('count the outputs as fan-in when transposed', () => uniform(weights({transpose: true}), Math.sqrt(6 / 512)));
    it('come from the function given', () =>
      expect(bound(weights({init: (_, {size}) => new Float32Array(size).fill(0.25)}))).to.equal(0.25));

    const biases = (options: ConvLayerOptions): Float32Array =>
      new ConvLayer(4, 4096, {ks: 1, normType: null, rng: new Rng(8), ...options})
        .parameters()[1]!
        .variable.dataSync() as Float32Array;

    it('have a bias of Normal(0, biasStd), 0.01 when nothing is said', () => {
      expect(std(biases({}))).to.be.closeTo(0.01, 0.0005);
      expect(bound(biases({}))).to.be.above(0.03);
      expect(std(biases({biasStd: 0.5}))).to.be.closeTo(0.5, 0.025);
    });
    it("have a bias of 0 with biasStd 0, and torch's with null", () => {
      expect(bound(biases({biasStd: 0}))).to.equal(0);
      uniform(biases({biasStd: null}), 1 / Math.sqrt(4));
    });
    it('fill norm layers with 1 and 0.001, those of the Zero types with 0 and 0.001', () => {
      for (const [normType, weight] of [
        ['Batch', 1],
        ['BatchZero', 0],
        ['Instance', 1],
        ['InstanceZero', 0],
      ] as const) {
        const [, scale, shift] = new ConvLayer(2, 3, {normType}).parameters();
        expectClose(scale!.variable, [weight, weight, weight], 'exact');
        expectClose(shift!.variable, [0.001, 0.001, 0.001], 'exact');
      }
    });
  });

  describe('refuses', () => {
    const message = async (call: () => unknown): Promise<string> => {
      const error = await ganError(call);
      expect(error).to.include({code: 'GAN_SHAPE', kind: 'usage', exitCode: 2});
      return error.message;
    };

    it('another number of channels, saying layer, place, what it got and what it wanted', async () => {
      expect(await message(() => new ConvLayer(3, 8).forward(tf.zeros([1, 8, 8, 4])))).to.equal(
        'Conv2d(3, 8, 3) (at 0): got a tensor of shape [1, 8, 8, 4], wanted [batch, height, width, 3]',
      );
    });

    it('another rank', async () => {
      expect(await message(() => new ConvLayer(3, 8, {ndim: 1}).forward(tf.zeros([1, 8, 8, 3])))).to.include(
        'Conv1d(3, 8, 3) (at 0): got a tensor of shape [1, 8, 8, 3], wanted [batch, width, 3]',
      );
      expect(await message(() => new ConvLayer(3, 8, {ndim: 3}).forward(tf.zeros([8, 3])))).to.include(
        'wanted [batch, depth, height, width, 3]',
      );
    });

    it('an image smaller than the kernel', async () => {
      expect(await message(() => new ConvLayer(1, 1, {ks: 4, padding: 0}).forward(tf.zeros([1, 4, 3, 1])))).to.include(
        'wanted [batch, height, width, 1] with width >= 4',
      );
      expect(
        await message(() => new ConvLayer(1, 1, {ks: 3, dilation: 3, padding: 1}).forward(tf.zeros([1, 4, 9, 1]))),
      ).to.include('height >= 5');
    });

    it('an image smaller than its reflected or circular border', async () => {
      const padded = (paddingMode: 'reflect' | 'circular', size: number) =>
        new ConvLayer(1, 1, {padding: 3, paddingMode}).forward(tf.zeros([1, 5, size, 1]));
      expect(await message(() => padded('reflect', 3))).to.include('with width large enough for reflect padding of 3');
      expect(await message(() => padded('circular', 2))).to.include(
        'with width large enough for circular padding of 3',
      );
      expect(padded('circular', 3).shape).to.deep.equal([1, 9, 7, 1]);
    });

    const arguments_: [string, ConvLayerOptions, RegExp][] = [
      [
        'groups that do not divide the channels',
        {groups: 2},
        /Conv2d\(3, 8, 3\): groups is 2, wanted a divisor of both channel counts/,
      ],
      ['a stride of 0', {stride: 0}, /stride is 0, wanted a whole number >= 1/],
      ['half a padding', {padding: 0.5}, /padding is 0.5, wanted a whole number >= 0/],
      ['four dimensions', {ndim: 4}, /dims is 4, wanted 1, 2 or 3/],
      ['output padding without transposition', {outputPadding: 1}, /outputPadding is 1/],
      ['output padding as large as the stride', {transpose: true, stride: 2, outputPadding: 2}, /outputPadding is 2/],
      ['padding modes in a transposed convolution', {transpose: true, paddingMode: 'reflect'}, /pads with zeros only/],
      ['a kernel of 0', {ks: 0}, /kernelSize is 0/],
    ];
    for (const [title, options, text] of arguments_) {
      it(title, async () => {
        const error = await ganError(() => new ConvLayer(3, 8, options));
        expect(error.code).to.equal('GAN_ARGUMENT');
        expect(error.message).to.match(text);
      });
    }
  });
});
