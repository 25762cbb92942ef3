// What clipping the critic's norm layers does to a WGAN (docs/differences.md): trains both ways and prints the critic's
// loss and the distance of generated from real images: sliced Wasserstein distance on whole images (random projections,
// sorted), next to that of real against other real images.
import {
  basicCritic,
  basicGenerator,
  fromSource,
  GANLearner,
  LeakyReLU,
  openBackend,
  Rng,
  rmsProp,
  setSeed,
  shapesSource,
} from 'gankit';

const [steps, seeds, size] = [
  Number(process.argv[2] ?? 1500),
  Number(process.argv[3] ?? 3),
  Number(process.argv[4] ?? 16),
];
const [features, batchSize, latentSize, count, projections] = [16, 32, 32, 1024, 256];
const device = await openBackend('wasm');
const source = shapesSource({size});

async function realImages(from) {
  const images = [];
  for (let i = 0; i < count; i++)
    images.push(Float32Array.from(await source.read(from + i), (byte) => byte / 127.5 - 1));
  return images;
}

function slicedWasserstein(a, b, rng) {
  const dimension = a[0].length;
  let sum = 0;
  for (let p = 0; p < projections; p++) {
    const direction = rng.normal(dimension);
    const norm = Math.hypot(...direction);
    const project = (images) =>
      images
        .map((image) => image.reduce((dot, value, i) => dot + value * direction[i], 0) / norm)
        .sort((x, y) => x - y);
    const [pa, pb] = [project(a), project(b)];
    sum += pa.reduce((total, value, i) => total + Math.abs(value - pb[i]), 0) / count;
  }
  return sum / projections;
}

const real = await realImages(0);
console.log(
  `real against other real images: ${slicedWasserstein(real, await realImages(count), new Rng('floor')).toFixed(4)}`,
);
for (let seed = 0; seed < seeds; seed++) {
  for (const clipNorms of [true, false]) {
    setSeed(seed);
    const generator = basicGenerator(size, 3, {inSize: latentSize, nFeatures: features});
    const critic = basicCritic(size, 3, {nFeatures: features, actCls: () => new LeakyReLU(0.2)});
    const dls = fromSource(source, {batchSize, latentSize, seed});
    const learn = GANLearner.wgan(dls, generator, critic, {optFunc: rmsProp(), clipNorms});
    const stop = {name: 'stop', afterBatch: ({step, stop: end}) => step >= steps && end('done')};
    await learn.fit(Math.ceil(steps / dls.train.length), 2e-4, {wd: 0, cbs: [stop]});
    const made = await learn.generate({
      data: new Rng(seed).fork('bench').normal(count * latentSize),
      shape: [count, latentSize],
    });
    const pixels = size * size * 3;
    const fake = Array.from({length: count}, (_, i) =>
      Float32Array.from(made.data.subarray(i * pixels, (i + 1) * pixels), (byte) => byte / 127.5 - 1),
    );
    const loss = learn.ganTrainer.critSmooth.value.toFixed(3);
    console.log(
      `seed ${seed}  clipNorms ${clipNorms}  critic loss ${loss}  distance ${slicedWasserstein(real, fake, new Rng('floor')).toFixed(4)}`,
    );
    learn.dispose();
  }
}
await device.close();
