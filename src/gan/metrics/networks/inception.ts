import {conv} from '../../../backends/fused/conv.js';
import {tf, type Tensor, type Tensor4D} from '../../../backends/tf.js';
import {BatchNorm} from '../../layers/batch-norm.js';
import {filterLayout} from '../../layers/weight.js';
import {Module, Parameter, type StateDict} from '../../module.js';
import {GanError} from '../../../errors.js';
import {sha256OfState} from '../fingerprint.js';
import type {FeatureExtractor} from '../features.js';
import {resizeTf1} from '../resize.js';

/** Side of the images that the network was trained on. */
const side = 299;

/** Images that the network sees at a time: a batch of 8 needs about 100 MB. */
const batchSize = 8;

interface ConvShape {
  /** Side, or [height, width]. */
  kernel: number | readonly [number, number];
  stride?: number;
  padding?: readonly [number, number];
}

/** Convolution without bias, batch normalisation with eps 0.001, ReLU. */
class BasicConv extends Module {
  static readonly repeatable = true;
  readonly #weight: Parameter;
  readonly #norm: BatchNorm;
  readonly #args: Parameters<typeof conv>[2];

  constructor(inputs: number, outputs: number, {kernel, stride = 1, padding = [0, 0]}: ConvShape) {
    super();
    const [height, width] = typeof kernel === 'number' ? [kernel, kernel] : kernel;
    const shape = [height, width, inputs, outputs];
    this.#weight = new Parameter(new Float32Array(height * width * inputs * outputs), shape, filterLayout(4));
    this.#args = {stride: [stride, stride], padding, dilation: [1, 1], groups: 1};
    this.add('conv', new Weight(this.#weight));
    this.#norm = this.add('bn', new BatchNorm(outputs, {eps: 0.001}));
  }

  override forward(x: Tensor): Tensor {
    return this.#norm.forwardActivated(conv(x, this.#weight.variable, this.#args), 0);
  }
}

/** A name for a parameter: `conv.weight`. */
class Weight extends Module {
  constructor(weight: Parameter) {
    super();
    this.register('weight', weight);
  }

  override forward(x: Tensor): Tensor {
    return x;
  }
}

/** Convolutions of a block by name, each with its inputs, outputs and shape. */
type Table = Readonly<Record<string, readonly [inputs: number, outputs: number, shape: ConvShape]>>;

/** A block: its convolutions, and how they are put together. */
class Block<T extends Table> extends Module {
  static readonly repeatable = true;
  readonly #together: (x: Tensor, run: (x: Tensor, ...names: (keyof T & string)[]) => Tensor) => Tensor;
  readonly #convs: Readonly<Record<string, BasicConv>>;

  constructor(table: T, together: (x: Tensor, run: (x: Tensor, ...names: (keyof T & string)[]) => Tensor) => Tensor) {
    super();
    this.#convs = Object.fromEntries(
      Object.entries(table).map(([name, args]) => [name, this.add(name, new BasicConv(...args))]),
    );
    this.#together = together;
  }

  override forward(x: Tensor): Tensor {
    return this.#together(x, (from, ...names) =>
      names.reduce((value, name) => this.run(name, this.#convs[name]!, value), from),
    );
  }
}

const concat = (...parts: Tensor[]): Tensor => tf.concat(parts, 3);
/** 3x3 means at stride 1 that do not count the padding. */
const averaged = (x: Tensor): Tensor => tf.avgPool(x as Tensor4D, 3, 1, 'same');
const largest = (x: Tensor): Tensor => tf.maxPool(x as Tensor4D, 3, 1, 'same');
const reduced = (x: Tensor): Tensor => tf.maxPool(x as Tensor4D, 3, 2, 'valid');

const one = {kernel: 1};
const three = {kernel: 3, padding: [1, 1]} as const;
const five = {kernel: 5, padding: [2, 2]} as const;
const halving = {kernel: 3, stride: 2};
const wide = (n: 3 | 7) => ({kernel: [1, n], padding: [0, (n - 1) / 2]}) as const;
const tall = (n: 3 | 7) => ({kernel: [n, 1], padding: [(n - 1) / 2, 0]}) as const;

/** 35x35 */
const blockA = (inputs: number, pooled: number): Module =>
  new Block(
    {
      branch1x1: [inputs, 64, one],
      branch5x5_1: [inputs, 48, one],
      branch5x5_2: [48, 64, five],
      branch3x3dbl_1: [inputs, 64, one],
      branch3x3dbl_2: [64, 96, three],
      branch3x3dbl_3: [96, 96, three],
      branch_pool: [inputs, pooled, one],
    },
    (x, run) =>
      concat(
        run(x, 'branch1x1'),
        run(x, 'branch5x5_1', 'branch5x5_2'),
        run(x, 'branch3x3dbl_1', 'branch3x3dbl_2', 'branch3x3dbl_3'),
        run(averaged(x), 'branch_pool'),
      ),
  );

/** 35x35 to 17x17 */
const blockB = (inputs: number): Module =>
  new Block(
    {
      branch3x3: [inputs, 384, halving],
      branch3x3dbl_1: [inputs, 64, one],
      branch3x3dbl_2: [64, 96, three],
      branch3x3dbl_3: [96, 96, halving],
    },
    (x, run) => concat(run(x, 'branch3x3'), run(x, 'branch3x3dbl_1', 'branch3x3dbl_2', 'branch3x3dbl_3'), reduced(x)),
  );

/** 17x17 */
const blockC = (inputs: number, inner: number): Module =>
  new Block(
    {
      branch1x1: [inputs, 192, one],
      branch7x7_1: [inputs, inner, one],
      branch7x7_2: [inner, inner, wide(7)],
      branch7x7_3: [inner, 192, tall(7)],
      branch7x7dbl_1: [inputs, inner, one],
      branch7x7dbl_2: [inner, inner, tall(7)],
      branch7x7dbl_3: [inner, inner, wide(7)],
      branch7x7dbl_4: [inner, inner, tall(7)],
      branch7x7dbl_5: [inner, 192, wide(7)],
      branch_pool: [inputs, 192, one],
    },
    (x, run) =>
      concat(
        run(x, 'branch1x1'),
        run(x, 'branch7x7_1', 'branch7x7_2', 'branch7x7_3'),
        run(x, 'branch7x7dbl_1', 'branch7x7dbl_2', 'branch7x7dbl_3', 'branch7x7dbl_4', 'branch7x7dbl_5'),
        run(averaged(x), 'branch_pool'),
      ),
  );

/** 17x17 to 8x8 */
const blockD = (inputs: number): Module =>
  new Block(
    {
      branch3x3_1: [inputs, 192, one],
      branch3x3_2: [192, 320, halving],
      branch7x7x3_1: [inputs, 192, one],
      branch7x7x3_2: [192, 192, wide(7)],
      branch7x7x3_3: [192, 192, tall(7)],
      branch7x7x3_4: [192, 192, halving],
    },
    (x, run) =>
      concat(
        run(x, 'branch3x3_1', 'branch3x3_2'),
        run(x, 'branch7x7x3_1', 'branch7x7x3_2', 'branch7x7x3_3', 'branch7x7x3_4'),
        reduced(x),
      ),
  );

/** 8x8; `pool` is a mean in the first of the two, a maximum in the last. */
const blockE = (inputs: number, pool: (x: Tensor) => Tensor): Module =>
  new Block(
    {
      branch1x1: [inputs, 320, one],
      branch3x3_1: [inputs, 384, one],
      branch3x3_2a: [384, 384, wide(3)],
      branch3x3_2b: [384, 384, tall(3)],
      branch3x3dbl_1: [inputs, 448, one],
      branch3x3dbl_2: [448, 384, three],
      branch3x3dbl_3a: [384, 384, wide(3)],
      branch3x3dbl_3b: [384, 384, tall(3)],
      branch_pool: [inputs, 192, one],
    },
    (x, run) => {
      const [single, double] = [run(x, 'branch3x3_1'), run(x, 'branch3x3dbl_1', 'branch3x3dbl_2')];
      return concat(
        run(x, 'branch1x1'),
        run(single, 'branch3x3_2a'),
        run(single, 'branch3x3_2b'),
        run(double, 'branch3x3dbl_3a'),
        run(double, 'branch3x3dbl_3b'),
        run(pool(x), 'branch_pool'),
      );
    },
  );

/**
 * Inception v3 (arXiv 1512.00567, table 1) as trained for TensorFlow in December 2015, up to the mean of its last
 * block:
 * the network of FID. Names are those of torchvision and pytorch-fid. Unlike torchvision's, its average pools do not
 * count the padding, and the last block pools by maximum. [batch, height, width, 3] in [-1, 1], sides >= 75 -> [batch,
 * 2048].
 */
export class Inception extends Module {
  static readonly repeatable = true;
  readonly #layers: readonly [string, Module | ((x: Tensor) => Tensor)][];

  constructor() {
    super();
    const layers: readonly [string, Module | ((x: Tensor) => Tensor)][] = [
      ['Conv2d_1a_3x3', new BasicConv(3, 32, halving)],
      ['Conv2d_2a_3x3', new BasicConv(32, 32, {kernel: 3})],
      ['Conv2d_2b_3x3', new BasicConv(32, 64, three)],
      ['maxpool1', reduced],
      ['Conv2d_3b_1x1', new BasicConv(64, 80, one)],
      ['Conv2d_4a_3x3', new BasicConv(80, 192, {kernel: 3})],
      ['maxpool2', reduced],
      ['Mixed_5b', blockA(192, 32)],
      ['Mixed_5c', blockA(256, 64)],
      ['Mixed_5d', blockA(288, 64)],
      ['Mixed_6a', blockB(288)],
      ['Mixed_6b', blockC(768, 128)],
      ['Mixed_6c', blockC(768, 160)],
      ['Mixed_6d', blockC(768, 160)],
      ['Mixed_6e', blockC(768, 192)],
      ['Mixed_7a', blockD(768)],
      ['Mixed_7b', blockE(1280, averaged)],
      ['Mixed_7c', blockE(2048, largest)],
    ];
    for (const [name, layer] of layers) if (layer instanceof Module) this.add(name, layer);
    this.#layers = layers;
  }

  override forward(x: Tensor): Tensor {
    const last = this.#layers.reduce(
      (value, [name, layer]) => (layer instanceof Module ? this.run(name, layer, value) : layer(value)),
      x,
    );
    return tf.mean(last, [1, 2]);
  }
}

/** A weight that only this network has. */
export const isInception = (state: StateDict): boolean => state.has('Mixed_7c.branch_pool.conv.weight');

/** Weights that the file has and features do not need: the classes, and the auxiliary classifier of torchvision. */
const isSurplus = (name: string): boolean => /^(fc|AuxLogits)\./.test(name);

/** torchvision's weights have the same names, and tell 1,000 classes apart, FID's 1,008: they give no FID. */
const isTorchvisions = (state: StateDict): boolean => state.get('fc.weight')?.shape[0] === 1000;

/**
 * Inception's features of images: resized to 299x299 as TensorFlow 1 does it, then (byte - 128) / 128, as the original
 * implementation of FID (arXiv 1706.08500). Grey counts as RGB with equal channels.
 * @throws GanError GAN_STATE_MISMATCH when a weight is missing, surplus, or has another shape
 */
export function inceptionFeatures(state: StateDict): FeatureExtractor {
  const used = new Map([...state].filter(([name]) => !isSurplus(name)));
  const network = new Inception();
  try {
    network.loadStateDict(used);
  } catch (error) {
    network.dispose();
    throw error;
  }
  network.eval();
  const fingerprint = sha256OfState(used);
  return {
    name: `${isTorchvisions(state) ? "torchvision's inception" : 'inception'} ${fingerprint.slice(0, 8)}`,
    identity: `inception ${fingerprint}`,
    async extract(images, [n = 0, height = 0, width = 0, channels = 0]) {
      if (channels !== 1 && channels !== 3) throw noAlpha(channels);
      const length = height * width * channels;
      const out = new Float32Array(n * 2048);
      for (let from = 0; from < n; from += batchSize) {
        const count = Math.min(batchSize, n - from);
        const input = new Float32Array(count * side * side * 3);
        for (let i = 0; i < count; i++) {
          const data = images.subarray((from + i) * length, (from + i + 1) * length);
          input.set(seen(resizeTf1({data, height, width, channels}, side, side), channels), i * side * side * 3);
        }
        const features = tf.tidy(() => network.forward(tf.tensor4d(input, [count, side, side, 3])));
        out.set(await features.data(), from * 2048);
        features.dispose();
      }
      return {features: out};
    },
    dispose: () => network.dispose(),
  };
}

/** Pixels from 0 to 255 as the network sees them. */
function seen(pixels: Float32Array, channels: number): Float32Array {
  const out = new Float32Array((pixels.length / channels) * 3);
  for (let i = 0; i < out.length; i++) out[i] = (pixels[channels === 3 ? i : Math.floor(i / 3)]! - 128) / 128;
  return out;
}

const noAlpha = (channels: number): GanError =>
  new GanError('data', 'GAN_FEATURES', `Inception sees grey or RGB images; the run's have ${channels} channels`, {
    suggestions: ['--features pixels', 'train with --channels 3'],
  });
