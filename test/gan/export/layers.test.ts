import {
  AddChannels,
  AvgPool,
  basicCritic,
  basicGenerator,
  BatchNorm,
  Blur,
  ConvLayer,
  Dense,
  DenseResBlock,
  Dropout2d,
  FirDown,
  Flatten,
  ganCritic,
  GLU,
  InstanceNorm,
  LeakyReLU,
  lightCritic,
  lightGenerator,
  MergeLayer,
  mlpGenerator,
  PixelNorm,
  PixelShuffle,
  PixelUnshuffle,
  ReLU6,
  resnetCritic,
  resnetGenerator,
  SelfAttention,
  Sequential,
  SequentialEx,
  Sigmoid,
  SigmoidRange,
  Tanh,
  Upsample,
  type ConvLayerOptions,
  type Module,
} from 'gankit';
import {withDevice} from '../../device.js';
import {inEachFormat, shake} from './helpers.js';

type Case = [title: string, network: () => Module, itemShape: number[]];

const grey = {height: 16, width: 16, channels: 1};
const leaky = (): Module => new LeakyReLU(0.2);
const conv = (title: string, options: ConvLayerOptions, itemShape = [6, 5, 4], out = 6): Case => [
  title,
  () => new ConvLayer(itemShape.at(-1)!, out, options),
  itemShape,
];

const cases: Case[] = [
  ['the basic generator', () => basicGenerator(16, 3, {inSize: 10, nFeatures: 4, nExtraLayers: 1}), [10]],
  ['the basic critic', () => basicCritic(16, 3, {nFeatures: 4, nExtraLayers: 1, actCls: leaky}), [16, 16, 3]],
  ['the critic with attention', () => ganCritic({nf: 8, nBlocks: 1}), [16, 16, 3]],
  ['the residual generator', () => resnetGenerator(grey, {latentSize: 6, nFeatures: 4}), [6]],
  [
    'the residual generator with FIR resampling',
    () => resnetGenerator(grey, {latentSize: 6, nFeatures: 4, norm: 'pixel', resampling: 'fir'}),
    [6],
  ],
  ['the residual critic', () => resnetCritic(grey, {nFeatures: 4}), [16, 16, 1]],
  ['the light generator', () => lightGenerator(grey, {latentSize: 6, nFeatures: 4, nExtraLayers: 1}), [6]],
  ['the light critic', () => lightCritic(grey, {nFeatures: 4, nExtraLayers: 1}), [16, 16, 1]],
  ['the generator of points', () => mlpGenerator({height: 1, width: 1, channels: 2}, {latentSize: 6, width: 8}), [6]],
  conv('a convolution as it comes', {}),
  conv('a stride', {ks: 4, stride: 2, padding: 1}),
  conv('dilation', {dilation: 2, padding: 2, normType: null}),
  conv('groups', {groups: 2}),
  conv('weight norm', {normType: 'Weight', actCls: () => new Tanh()}),
  conv('spectral norm', {normType: 'Spectral', actCls: leaky}),
  conv('the norm after the activation', {bn1st: false}),
  conv('instance norm', {normType: 'Instance', actCls: leaky}),
  conv('reflected borders', {paddingMode: 'reflect', padding: 2}),
  conv('replicated borders', {paddingMode: 'replicate', padding: 2}),
  conv('circular borders', {paddingMode: 'circular'}),
  conv('an extra layer', {xtra: new Sigmoid(), actCls: null}),
  conv('1-D', {ndim: 1, stride: 2, dilation: 2, groups: 2}, [9, 4]),
  conv('3-D', {ndim: 3, ks: 2, stride: 2, padding: 1}, [3, 4, 5, 2]),
  conv('transposed', {transpose: true, ks: 4, stride: 2, padding: 1}),
  conv('transposed with output padding', {transpose: true, stride: 2, padding: 1, outputPadding: 1}),
  conv('transposed with output padding beyond the padding', {transpose: true, stride: 3, outputPadding: 2}),
  conv('transposed with groups and dilation', {transpose: true, groups: 2, dilation: 2}),
  conv('transposed with more output padding than stride', {
    transpose: true,
    stride: 1,
    padding: 1,
    dilation: 3,
    outputPadding: 2,
  }),
  conv('transposed with rows that nothing reaches', {transpose: true, ks: 1, dilation: 2, outputPadding: 1}),
  conv('transposed 1-D', {transpose: true, ndim: 1, stride: 3, outputPadding: 2}, [4, 2]),
  conv('transposed 3-D', {transpose: true, ndim: 3, ks: 2, stride: 2, padding: 1, outputPadding: 1}, [2, 3, 2, 2]),
  conv('a group for each channel', {groups: 4, stride: 2}, [7, 6, 4], 8),
  conv('groups, dilation and a stride that leaves a row', {groups: 2, dilation: 2, stride: 2}, [9, 8, 4]),
  conv(
    'transposed with a group for each channel',
    {transpose: true, ks: 4, stride: 2, padding: 1, groups: 4},
    [3, 4, 4],
    4,
  ),
  ['upsampling by the nearest pixel', () => new Upsample(3), [3, 4, 5]],
  ['upsampling by interpolation', () => new Upsample(2, {mode: 'bilinear'}), [3, 4, 5]],
  ['upsampling by a filter', () => new Upsample(2, {mode: 'fir'}), [3, 4, 5]],
  ['threefold upsampling by a longer filter', () => new Upsample(3, {mode: 'fir', taps: [1, 2, 3, 2, 1]}), [3, 4, 2]],
  ['a filter and every second pixel', () => new FirDown(), [4, 6, 5]],
  ['a blur', () => new Blur({taps: [1, 2, 1]}), [4, 5, 3]],
  ['average pooling', () => new AvgPool(), [4, 6, 5]],
  ['pixel shuffle', () => new PixelShuffle(), [3, 4, 12]],
  ['pixel unshuffle', () => new PixelUnshuffle(), [4, 6, 3]],
  ['pixel norm', () => new PixelNorm(), [3, 4, 5]],
  ['gated linear units', () => new GLU(), [3, 4, 6]],
  [
    'an upsampling generator',
    () =>
      new Sequential([
        new Dense(6, 32),
        new PixelNorm(),
        new AddChannels(2),
        new PixelShuffle(),
        new ConvLayer(8, 8, {groups: 2}),
        new Upsample(),
        new ConvLayer(8, 6, {normType: null}),
        new GLU(),
        new Upsample(2, {mode: 'fir'}),
        new ConvLayer(3, 3, {normType: null, groups: 3, actCls: () => new Tanh()}),
      ]),
    [6],
  ],
  ['batch norm of a vector', () => new BatchNorm(5), [5]],
  ['instance norm alone', () => new InstanceNorm(3), [4, 5, 3]],
  ['dropout, which is off', () => new Dropout2d(0.5), [4, 4, 3]],
  ['a sum with the input', () => new SequentialEx(new ConvLayer(4, 4), new MergeLayer()), [5, 5, 4]],
  ['a dense block', () => new DenseResBlock(4), [5, 5, 4]],
  ['attention over a volume', () => new SelfAttention(8), [2, 3, 2, 8]],
  [
    'dense layers',
    () =>
      new Sequential([
        new Dense(6, 8),
        new BatchNorm(8),
        new ReLU6(),
        new Dense(8, 3, {bias: false}),
        new SigmoidRange(-2, 3),
      ]),
    [6],
  ],
  [
    'a vector in front of convolutions',
    () => new Sequential([new AddChannels(2), new ConvLayer(6, 4, {transpose: true})]),
    [6],
  ],
  ['a flattened image', () => new Sequential([new ConvLayer(2, 3), new Flatten(), new Dense(60, 2)]), [4, 5, 2]],
  ['a flattened grey image', () => new Sequential([new ConvLayer(1, 1), new Flatten(), new Dense(20, 2)]), [4, 5, 1]],
  ['all values of a batch in one row', () => new Flatten(true), [2, 3]],
];

describe('exported layers', () => {
  withDevice();
  inEachFormat((expectSame) => {
    for (const [title, make, itemShape] of cases) {
      it(`compute the same: ${title}`, async () => {
        const network = make();
        shake(network);
        await expectSame(network, itemShape);
      });
    }
  });
});
