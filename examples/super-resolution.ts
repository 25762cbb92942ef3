// Super-resolution: a generator is trained alone, then a critic, then both as a GAN (fastai's lesson). The pairs are
// images of 16x16 pixels and the same in 8x8, each pixel of which is the mean of four.
import {
  adam,
  AdaptiveGANSwitcher,
  AdaptiveLoss,
  accuracyThreshExpand,
  bceWithLogits,
  ConvLayer,
  fromSource,
  ganCritic,
  GANDiscriminativeLR,
  GANLearner,
  Learner,
  mse,
  openBackend,
  ProgressCallback,
  randomSplitter,
  Sequential,
  shapesSource,
  Tanh,
  Upsample,
  type FiniteSource,
  type HostData,
} from 'gankit';

const size = 16;
const device = await openBackend();
const good = shapesSource({size, items: 128});

/** The images at half their size: item i belongs to item i of `good`. */
const poor: FiniteSource = {
  shape: [size / 2, size / 2, 3],
  size: good.size,
  read: async (index) => half(await good.read(index)),
};

/** The mean of each four pixels. */
function half(image: HostData): Uint8Array {
  const side = size / 2;
  return Uint8Array.from({length: side * side * 3}, (_, i) => {
    const [y, x, channel] = [Math.floor(i / (side * 3)), Math.floor(i / 3) % side, i % 3];
    const at = (dy: number, dx: number): number => image[((2 * y + dy) * size + 2 * x + dx) * 3 + channel]!;
    return (at(0, 0) + at(0, 1) + at(1, 0) + at(1, 1)) / 4;
  });
}

// 1. the generator alone: from small images to large ones, pixel by pixel
const dls = fromSource(good, {input: poor, batchSize: 16, splitter: randomSplitter(25)});
const generator = new Sequential([
  new ConvLayer(3, 16),
  new Upsample(2),
  new ConvLayer(16, 16),
  new ConvLayer(16, 3, {normType: null, actCls: null}),
  new Tanh(),
]);
const genLearn = new Learner(dls, generator, mse, {optFunc: adam({wd: 0}), cbs: [new ProgressCallback()]});
console.log(await genLearn.summary());
const {valley} = await genLearn.lrFind({numIt: 30});
console.log(`learning rate ${valley.toExponential(1)}`);
await genLearn.fitOneCycle(2, valley);

// 2. the critic alone: it tells good images (1) from those that the generator makes (0)
const made: HostData[] = [];
for (let index = 0; index < good.size; index++) {
  const {data, shape} = await genLearn.predict({data: await poor.read(index), shape: [1, ...poor.shape]});
  made.push(
    data.slice(
      0,
      shape.slice(1).reduce((a, b) => a * b),
    ),
  );
}
const images: FiniteSource = {
  shape: good.shape,
  size: 2 * good.size,
  read: async (index) => (index < good.size ? dls.normalization.apply(await imageOf(index)) : made[index - good.size]!),
};
const imageOf = async (index: number) => ({data: await good.read(index), shape: good.shape});
const labels: FiniteSource = {
  shape: [1],
  size: images.size,
  read: (index) => Float32Array.of(index < good.size ? 1 : 0),
};
const critDls = fromSource(labels, {input: images, batchSize: 16, splitter: randomSplitter(25)});
const critic = ganCritic({nf: 8, nBlocks: 1});
const critLearn = new Learner(critDls, critic, new AdaptiveLoss(bceWithLogits).forward, {
  metrics: {accuracy: accuracyThreshExpand},
  cbs: [new ProgressCallback()],
});
await critLearn.fit(1, 1e-3);

// 3. both against each other: the critic's opinion, and fifty times the pixels'
const learn = GANLearner.fromLearners(genLearn, critLearn, {
  weightsGen: [1, 50],
  switcher: AdaptiveGANSwitcher({criticThresh: 0.65}),
  optFunc: adam({mom: 0}),
  cbs: [new GANDiscriminativeLR(5), new ProgressCallback()],
});
await learn.fit(1, 1e-4);
await learn.showResults({maxN: 4, file: 'super-resolution.png'});
learn.dispose();
await device.close();
