import {expect} from 'chai';
import {
  basicGenerator,
  lightCritic,
  lightGenerator,
  mlpCritic,
  mlpGenerator,
  resnetCritic,
  resnetGenerator,
  setSeed,
  tf,
  type ImageShape,
  type Module,
} from 'gankit';
import {expectClose, withDevice} from '../../device.js';
import {ganError, random, valuesOf} from '../helpers.js';

const latentSize = 6;

/** Small networks of each architecture, and others that their options make. */
const networks: Record<string, (image: ImageShape) => {generator: Module; critic: Module}> = {
  resnet: (image) => ({
    generator: resnetGenerator(image, {latentSize, nFeatures: 4}),
    critic: resnetCritic(image, {nFeatures: 4}),
  }),
  'resnet, plain, FIR': (image) => ({
    generator: resnetGenerator(image, {latentSize, nFeatures: 2, norm: 'none', resampling: 'fir', activation: 'leaky'}),
    critic: resnetCritic(image, {nFeatures: 2, norm: 'none', resampling: 'fir', activation: 'leaky', stddevGroup: 2}),
  }),
  light: (image) => ({
    generator: lightGenerator(image, {latentSize, nFeatures: 2, maxFeatures: 8}),
    critic: lightCritic(image, {nFeatures: 2, maxFeatures: 8}),
  }),
  'light, plain, more layers': (image) => ({
    generator: lightGenerator(image, {
      latentSize,
      nFeatures: 2,
      maxFeatures: 4,
      nExtraLayers: 1,
      norm: 'pixel',
      resampling: 'fir',
    }),
    critic: lightCritic(image, {
      nFeatures: 2,
      maxFeatures: 4,
      nExtraLayers: 1,
      norm: 'none',
      resampling: 'fir',
      stddevGroup: 2,
    }),
  }),
};

const square = (side: number, channels = 3): ImageShape => ({height: side, width: side, channels});

describe("resnet's sizes", () => {
  withDevice();

  /** Weights and biases of a convolution. */
  const conv = (kernel: number, from: number, to: number): number => kernel ** 2 * from * to + to;
  const norm = (channels: number): number => 2 * channels;
  const sum = (counts: number[]): number => counts.reduce((a, b) => a + b, 0);
  const up = ([from, to]: [number, number]): number =>
    norm(from) + conv(3, from, to) + norm(to) + conv(3, to, to) + conv(1, from, to);
  const down = ([from, to]: [number, number]): number => conv(3, from, from) + conv(3, from, to) + conv(1, from, to);

  it('at 32x32 are those of the CIFAR networks: 4.3 and 1.1 million', () => {
    expect(resnetGenerator(square(32)).parameterCount()).to.equal(4_276_739);
    expect(resnetCritic(square(32)).parameterCount()).to.equal(1_053_825);
  });

  // tables 4 and 5 of the paper's appendix: STL-10 at 48x48 and ImageNet at 128x128
  for (const [side, base, widths, part] of [
    [48, 6, [512, 256, 128, 64], 4],
    [128, 4, [1024, 1024, 512, 256, 128, 64], 8],
  ] as [number, number, number[], number][]) {
    it(`at ${side}x${side} are those of the paper, here divided by ${part}`, () => {
      const options = {nFeatures: 64 / part};
      const made = widths.map((width) => width / part);
      const seen = [...widths.toReversed(), 1024].map((width) => width / part).slice(0, side === 48 ? 5 : 6);
      const pairs = (list: number[]): [number, number][] => list.slice(1).map((to, i) => [list[i]!, to]);
      const [near, top] = [64 / part, 1024 / part];
      expect(resnetGenerator(square(side), options).parameterCount()).to.equal(
        (128 + 1) * base ** 2 * made[0]! + sum(pairs(made).map(up)) + norm(near) + conv(3, near, 3),
      );
      const shortcut = side === 128 ? conv(1, top, top) : 0; // the last block has none where its width stays
      const first = conv(3, 3, near) + conv(3, near, near) + conv(1, 3, near);
      expect(resnetCritic(square(side), options).parameterCount()).to.equal(
        first + sum(pairs(seen).map(down)) - shortcut + top + 1,
      );
    });
  }
});

describe('architectures of images', function () {
  this.timeout(20_000);
  withDevice();

  for (const [name, make] of Object.entries(networks)) {
    it(`${name}: makes images of each size and one score for each, also of sizes that are not square`, () => {
      const shapes: ImageShape[] = [
        ...[32, 64, 128, 256].map((side) => square(side)),
        ...[1, 2, 4].map((channels) => square(16, channels)),
        square(28, 1),
        square(48),
        square(8),
        {height: 16, width: 24, channels: 3},
      ];
      for (const image of shapes) {
        tf.tidy(() => {
          const {generator, critic} = make(image);
          const images = generator.forward(random([2, latentSize], 1));
          expect(images.shape).to.deep.equal([2, image.height, image.width, image.channels]);
          expect(Math.max(...valuesOf(tf.max(tf.abs(images))))).to.be.at.most(1);
          expect(critic.forward(images).shape).to.deep.equal([2, 1]);
          generator.dispose();
          critic.dispose();
        });
      }
    });

    it(`${name}: every parameter has a gradient, those apart that a batch norm takes away`, () => {
      setSeed(1);
      const {generator, critic} = make(square(16));
      const latents = random([8, latentSize], 2);
      const {grads} = tf.variableGrads(() => tf.sum(tf.square(critic.forward(generator.forward(latents)))) as never);
      for (const [side, network] of Object.entries({generator, critic}))
        for (const [path, {variable}] of network.namedParameters()) {
          if (name === 'resnet' && /branch\.2\.bias|^0\.bias/.test(path) && side === 'generator') continue;
          const gradient = grads[variable.name];
          expect(gradient, `${side} ${path}`).to.not.equal(undefined);
          expect(tf.max(tf.abs(gradient!)).dataSync()[0], `${side} ${path}`).to.be.greaterThan(1e-7);
        }
    });
  }

  it('refuses sizes that cannot be halved to eight pixels, and proposes others', async () => {
    for (const make of [resnetGenerator, resnetCritic, lightGenerator, lightCritic]) {
      const error = await ganError(() => make(square(50)));
      expect(error).to.include({code: 'GAN_SIZE', kind: 'usage'});
      expect(error.message).to.include(make.name).and.include('50x50');
      expect(error.suggestions).to.deep.equal(['use 48x48']);
      expect((await ganError(() => make(square(4)))).suggestions).to.deep.equal(['use 8x8']);
      expect((await ganError(() => make({height: 8, width: 9, channels: 1}))).code).to.equal('GAN_SIZE');
    }
  });
});

describe('mlp', () => {
  withDevice();

  it('makes points, and images of any small size, without bounds', () => {
    for (const image of [
      {height: 1, width: 1, channels: 2},
      {height: 2, width: 3, channels: 1},
    ]) {
      const generator = mlpGenerator(image, {latentSize, layers: 2, width: 8});
      const points = generator.forward(tf.mul(random([5, latentSize], 1), 100));
      expect(points.shape).to.deep.equal([5, image.height, image.width, image.channels]);
      expect(tf.max(tf.abs(points)).dataSync()[0]).to.be.greaterThan(5);
      expect(mlpCritic(image, {layers: 2, width: 8, activation: 'leaky'}).forward(points).shape).to.deep.equal([5, 1]);
    }
    expect(mlpCritic({height: 1, width: 1, channels: 2}).parameterCount()).to.equal(3 * 128 + 2 * 129 * 128 + 129);
    const linear = mlpGenerator({height: 1, width: 1, channels: 2}, {latentSize: 2, layers: 0});
    const [weight, bias] = linear.parameters();
    const x = random([3, 2], 1);
    expectClose(linear.forward(x), valuesOf(tf.add(tf.matMul(x, weight!.variable), bias!.variable)), 'sum');
  });
});

describe('a checkerboard at the start', function () {
  this.timeout(20_000);
  withDevice();

  /**
   * Energy at half the sampling frequency over the mean of the six frequencies below, of all rows and columns, over 12
   * networks.
   */
  function excess(make: () => Module, side: number): number {
    let [at, below] = [0, 0];
    for (let seed = 0; seed < 12; seed++) {
      tf.tidy(() => {
        setSeed(seed);
        const network = make();
        const images = network.forward(random([8, 64], seed));
        for (const lines of [images, tf.transpose(images, [0, 2, 1, 3])]) {
          const energy = (frequency: number): number => {
            const wave = (f: (angle: number) => number): number[] =>
              Array.from({length: side}, (_, i) => f((2 * Math.PI * frequency * i) / side));
            const parts = [Math.cos, Math.sin].map((f) =>
              tf.sum(tf.square(tf.sum(tf.mul(lines, tf.tensor(wave(f), [1, side, 1, 1])), 1))),
            );
            return parts.reduce((sum, part) => sum + part.dataSync()[0]!, 0);
          };
          at += energy(side / 2);
          for (let k = 1; k <= 6; k++) below += energy(side / 2 - k) / 6;
        }
        network.dispose();
      });
    }
    return at / below;
  }

  it('is in the pictures of transposed convolutions, and not in those of the other architectures', () => {
    const image = square(32);
    expect(
      excess(() => basicGenerator(32, 3, {inSize: 64, nFeatures: 16}), 32),
      'basic',
    ).to.be.greaterThan(1.5);
    for (const [name, make] of Object.entries({
      resnet: () => resnetGenerator(image, {latentSize: 64, nFeatures: 16}),
      fir: () => resnetGenerator(image, {latentSize: 64, nFeatures: 16, resampling: 'fir'}),
      light: () => lightGenerator(image, {latentSize: 64, nFeatures: 8}),
    }))
      expect(excess(make, 32), name).to.be.lessThan(1.05);
  });
});
