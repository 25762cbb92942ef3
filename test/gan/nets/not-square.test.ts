import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  fromBatches,
  ganCritic,
  GANLearner,
  LeakyReLU,
  lightCritic,
  lightGenerator,
  mlpCritic,
  mlpGenerator,
  resnetCritic,
  resnetGenerator,
  setSeed,
  tf,
  type Batch,
  type ImageShape,
  type Module,
  type StateDict,
} from 'gankit';
import {Conv} from '../../../dist/gan/layers/conv.js';
import {meanSimilarity} from '../../../dist/gan/metrics/ms-ssim.js';
import {Rng} from '../../../dist/gan/rng.js';
import {expectClose, withDevice} from '../../device.js';
import {ganError, noiseBatches, random, valuesOf} from '../helpers.js';

const latentSize = 5;

interface Networks {
  generator: Module;
  critic: Module;
}

const leaky = (): LeakyReLU => new LeakyReLU(0.2);
/** What each network makes of a vector, or a vector of: [height, width, channels] of the base, or of the image. */
const architectures: Record<string, {make(image: ImageShape): Networks; base(image: ImageShape): number[]}> = {
  basic: {
    make: ({height, width, channels}) => ({
      generator: basicGenerator([height, width], channels, {inSize: latentSize, nFeatures: 4, nExtraLayers: 1}),
      critic: basicCritic([height, width], channels, {nFeatures: 4, nExtraLayers: 1, actCls: leaky}),
    }),
    base: () => [],
  },
  resnet: {
    make: (image) => ({
      generator: resnetGenerator(image, {latentSize, nFeatures: 4, resampling: 'fir'}),
      critic: resnetCritic(image, {nFeatures: 4, norm: 'none', resampling: 'fir', stddevGroup: 2}),
    }),
    base: ({height, width}) => [height / 4, width / 4, 4],
  },
  light: {
    make: (image) => ({
      generator: lightGenerator(image, {latentSize, nFeatures: 2, nExtraLayers: 1}),
      critic: lightCritic(image, {nFeatures: 2, norm: 'none', stddevGroup: 2, resampling: 'fir'}),
    }),
    base: ({height, width}) => [height / 4, width / 4, 8],
  },
  mlp: {
    make: (image) => ({
      generator: mlpGenerator(image, {latentSize, layers: 1, width: 7}),
      critic: mlpCritic(image, {layers: 1, width: 7}),
    }),
    base: ({height, width, channels}) => [height, width, channels],
  },
};

/** Axes `a` and `b` of numbers change places. */
function swapped(data: ArrayLike<number>, shape: readonly number[], a: number, b: number): Float32Array {
  const order = shape.map((_, i) => (i === a ? b : i === b ? a : i));
  return tf.tidy(() => Float32Array.from(valuesOf(tf.transpose(tf.tensor(Array.from(data), [...shape]), order))));
}

/**
 * The weights of the network for transposed images: filters are transposed, and the rows or columns of what makes
 * images of vectors, or vectors of images, change places.
 */
function transposed(
  state: StateDict,
  [height = 0, width = 0, channels = 0]: readonly number[],
  channelsLast: boolean,
): StateDict {
  return new Map(
    [...state].map(([name, entry]) => {
      const {shape} = entry;
      const data = entry.data as Float32Array;
      const result = (to: Float32Array, sides = shape): [string, typeof entry] => [
        name,
        {...entry, shape: sides, data: to} as typeof entry,
      ];
      if (shape.length === 4) return result(swapped(data, shape, 2, 3), [shape[0]!, shape[1]!, shape[3]!, shape[2]!]);
      const pixels = height * width;
      const [rows = 0, columns = 1] = shape;
      if (pixels > 0 && rows === pixels * channels)
        return result(swapped(data, [height, width, channels, columns], 0, 1));
      const beside = columns / pixels; // of the critic, with a channel of the deviation
      if (channelsLast && columns === pixels * channels)
        return result(swapped(data, [rows, height, width, channels], 1, 2));
      if (pixels > 0 && shape.length === 2 && Number.isInteger(beside) && [channels, channels + 1].includes(beside))
        return result(swapped(data, [rows, beside, height, width], 2, 3)); // channels first, as Flatten has it
      return [name, entry] as const;
    }),
  );
}

const turnedBatch = ({input, target, ...rest}: Batch): Batch => {
  const [n = 0, height = 0, width = 0, channels = 0] = target.shape;
  return {
    ...rest,
    input,
    target: {data: swapped(target.data, target.shape, 1, 2), shape: [n, width, height, channels]},
  };
};

/** Losses of all steps, and what the generator makes in the end. */
async function train({generator, critic}: Networks, batches: Batch[]): Promise<{losses: number[]; images: number[]}> {
  const losses: number[] = [];
  const learn = GANLearner.wgan(fromBatches(batches), generator, critic, {
    optFunc: adam(),
    lr: 1e-3,
    cbs: [{name: 'note', afterLossRead: ({lastLoss}) => void losses.push(lastLoss!.value)}],
  });
  try {
    await learn.fit(1);
    const made = learn.draw(random([3, latentSize], 9));
    const turned = tf.transpose(made, [0, 2, 1, 3]);
    return {losses, images: valuesOf(turned)};
  } finally {
    learn.dispose();
  }
}

describe('images whose height differs from their width', () => {
  withDevice();

  for (const [name, {make, base}] of Object.entries(architectures)) {
    it(`${name}: the transposed networks train on transposed images with the same losses`, async () => {
      const [height, width, channels] = [16, 24, 3];
      const wide = {height, width, channels};
      const tall = {height: width, width: height, channels};
      const batches = noiseBatches(7, {size: 4, shape: [height, width, channels], inputShape: [latentSize]});
      setSeed(3);
      const [first, second] = [make(wide), make(tall)];
      for (const which of ['generator', 'critic'] as const)
        second[which].loadStateDict(transposed(await first[which].stateDict(), base(wide), name === 'mlp'));
      const [a, b] = [await train(first, batches), await train(second, batches.map(turnedBatch))];
      expect(a.losses).to.have.length(7);
      expectClose(b.losses, a.losses, 'sum', 'losses');
      const back = swapped(b.images, [3, height, width, channels], 1, 2); // [n, h, w, c] of the tall, turned: wide
      expectClose(Array.from(back), a.images, 'sum', 'images');
      expect(new Set(a.images).size).to.be.greaterThan(100);
    });
  }

  it('of any proportions that the stages allow', async () => {
    const sizes = [
      [48, 64], // the base is 3x4
      [64, 48],
      [24, 40],
      [40, 16],
      [16, 8],
      [20, 28], // 5x7
    ] as const;
    for (const [height, width] of sizes)
      tf.tidy(() => {
        const y = basicGenerator([height, width], 2, {inSize: latentSize, nFeatures: 2}).forward(random([2, 5], 1));
        expect(y.shape).to.deep.equal([2, height, width, 2]);
        expect(basicCritic([height, width], 2, {nFeatures: 2}).forward(y).shape).to.deep.equal([2, 1]);
      });
    expect(basicGenerator([48, 64], 1, {inSize: 3, nFeatures: 2}).parameters()[0]!.shape).to.deep.equal([3, 4, 16, 3]);
    for (const [given, nearest] of [
      [[50, 64], '48x64'],
      [[64, 200], '64x200'],
      [[33, 66], '32x64'],
      [[49, 50], '64x64'],
    ] as const)
      for (const make of [basicCritic, basicGenerator]) {
        const outcome = await ganError(() => make(given, 1, {nFeatures: 2})).catch(() => undefined);
        if (nearest === given.join('x')) expect(outcome).to.equal(undefined);
        else {
          expect(outcome).to.include({code: 'GAN_SIZE', kind: 'usage'});
          expect(outcome!.suggestions).to.deep.equal([`use ${nearest}`]);
          const [height = 0, width = 0] = nearest.split('x').map(Number);
          make([height, width], 1, {nFeatures: 2}).dispose(); // what is advised can be made
        }
      }
  });

  it('a fully convolutional critic scores all places of a wide image', () => {
    const critic = ganCritic({nChannels: 1, nf: 4, nBlocks: 1});
    expect(critic.forward(random([2, 16, 24, 1], 1)).shape).to.deep.equal([2, 3]);
    expect(critic.forward(random([2, 24, 20, 1], 1)).shape).to.deep.equal([2, 6]);
  });

  it('a filter whose sides differ moves what it should', () => {
    const conv = new Conv(1, 1, {kernelSize: [1, 3], padding: [0, 1], bias: false});
    conv.loadStateDict(new Map([['weight', {dtype: 'F32', shape: [1, 1, 1, 3], data: Float32Array.of(0, 0, 1)}]]));
    const x = tf.tensor([1, 2, 3, 4, 5, 6], [1, 2, 3, 1]);
    expect(valuesOf(conv.forward(x as never))).to.deep.equal([2, 3, 0, 5, 6, 0]);
    expect(() => new Conv(1, 1, {kernelSize: [3]})).to.throw(/kernelSize is \[3\], wanted 2 numbers/);
  });

  it('MS-SSIM is the same of transposed images', () => {
    const [height, width] = [48, 64];
    const data = Uint8Array.from(new Rng(2).uniform(2 * height * width, 0, 256));
    const turned = Uint8Array.from(swapped(data, [2, height, width, 1], 1, 2));
    const [a, b] = [
      meanSimilarity({data, shape: [2, height, width, 1]}, 1, new Rng(1)),
      meanSimilarity({data: turned, shape: [2, width, height, 1]}, 1, new Rng(1)),
    ];
    expect(a).to.be.closeTo(b, 1e-12);
  });
});
