/**
 * Networks drawn from the library's layers with random options, such that each layer takes what the one before gives.
 */
import {
  AddChannels,
  BatchNorm,
  ConvLayer,
  Dense,
  DenseResBlock,
  Dropout2d,
  Flatten,
  InstanceNorm,
  LeakyReLU,
  MergeLayer,
  ReLU,
  ReLU6,
  Rng,
  SelfAttention,
  Sequential,
  SequentialEx,
  Sigmoid,
  SigmoidRange,
  Tanh,
  type ConvLayerOptions,
  type Module,
} from 'gankit';

export interface Drawn {
  network: Module;
  itemShape: number[];
  /** For a test that fails. */
  words: string;
}

/** Sides and channels of an image; one, two or three sides. */
interface Shape {
  sides: number[];
  channels: number;
}

const activations = [
  () => new ReLU(),
  () => new LeakyReLU(0.2),
  () => new ReLU6(),
  () => new Tanh(),
  () => new Sigmoid(),
  () => new SigmoidRange(-1, 2),
];
const norms = ['Batch', 'BatchZero', 'Weight', 'Spectral', 'Instance', 'InstanceZero', null] as const;
const modes = ['zeros', 'reflect', 'replicate', 'circular'] as const;

/** @param seed of the choices; the same one gives the same network */
export function drawNetwork(seed: number): Drawn {
  const rng = new Rng(seed).fork('network');
  const among = <T>(values: readonly T[]): T => values[rng.int(values.length)]!;
  const words: string[] = [];
  const layers: Module[] = [];
  const add = (layer: Module, text: string): void => {
    layers.push(layer);
    words.push(text);
  };
  const dims = among([1, 2, 2, 2, 3]);
  let shape: Shape = {sides: Array.from({length: dims}, () => 3 + rng.int(4)), channels: among([1, 2, 3, 4, 8])};
  let itemShape = [...shape.sides, shape.channels];
  if (rng.int(3) === 0) {
    itemShape = [shape.channels];
    shape = {sides: shape.sides.map(() => 1), channels: shape.channels};
    add(new AddChannels(dims), `AddChannels(${dims})`);
  }

  const drawConv = (): void => {
    const transpose = rng.int(3) === 0 || Math.min(...shape.sides) < 3;
    const [ks, stride, dilation] = [1 + rng.int(4), 1 + rng.int(2), 1 + rng.int(2)];
    const groups = shape.channels % 2 === 0 && rng.int(4) === 0 ? 2 : 1;
    const reach = dilation * (ks - 1) + 1;
    const padding = rng.int(3);
    const channels = 2 * (1 + rng.int(4));
    const sides = shape.sides.map((size) =>
      transpose ? (size - 1) * stride - 2 * padding + reach : Math.floor((size + 2 * padding - reach) / stride) + 1,
    );
    if (sides.some((size) => size < 1 || size > (dims === 3 ? 6 : 10))) return;
    const widest = Math.min(...shape.sides);
    const paddingMode = transpose || padding >= widest ? 'zeros' : among(modes);
    const outputPadding = transpose ? rng.int(Math.max(stride, dilation)) : 0;
    const bias = among([true, false, undefined]);
    const actCls = among([...activations, null]);
    const options: ConvLayerOptions = {
      ks,
      stride,
      dilation,
      groups,
      padding,
      paddingMode,
      outputPadding,
      transpose,
      ndim: dims,
      normType: among(norms),
      bn1st: rng.int(4) > 0,
      actCls,
      ...(bias !== undefined && {bias}),
      rng: rng.fork(layers.length),
    };
    // a norm of each image needs more than one value
    if (options.normType?.startsWith('Instance') && sides.reduce((a, b) => a * b, 1) < 2) return;
    add(
      new ConvLayer(shape.channels, channels, options),
      `ConvLayer(${shape.channels}, ${channels}, ${JSON.stringify({...options, actCls: actCls?.().kind, rng: undefined})})`,
    );
    shape = {sides: sides.map((size) => size + outputPadding), channels};
  };
  const drawOther = (): void => {
    const {channels} = shape;
    switch (rng.int(7)) {
      case 0:
        return add(new BatchNorm(channels), 'BatchNorm');
      case 1:
        return shape.sides.some((size) => size > 1) ? add(new InstanceNorm(channels), 'InstanceNorm') : undefined;
      case 2:
        return add(new Dropout2d(0.3), 'Dropout2d');
      case 3:
        return channels >= 8 ? add(new SelfAttention(channels, {rng}), 'SelfAttention') : undefined;
      case 4:
        return add(among(activations)(), 'activation');
      case 5:
        return add(
          new SequentialEx(new ConvLayer(channels, channels, {ndim: dims, rng}), new MergeLayer()),
          'sum with a convolution',
        );
      default:
        if (channels > 8) return;
        add(new DenseResBlock(channels, {ndim: dims, rng}), 'DenseResBlock');
        shape = {...shape, channels: 2 * channels};
    }
  };
  const count = 1 + rng.int(4);
  for (let i = 0; i < count; i++) (rng.int(3) > 0 ? drawConv : drawOther)();
  if (rng.int(3) === 0) {
    const features = shape.channels * shape.sides.reduce((a, b) => a * b, 1);
    add(new Sequential([new Flatten(), new Dense(features, 3, {rng})]), `Flatten, Dense(${features}, 3)`);
  }
  if (layers.length === 0) add(new Tanh(), 'Tanh');
  return {network: new Sequential(layers), itemShape, words: `[${itemShape.join(', ')}] -> ${words.join(' -> ')}`};
}
