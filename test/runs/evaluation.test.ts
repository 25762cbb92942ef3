import {expect} from 'chai';
import {appendFile, mkdir, readdir, readFile, writeFile} from 'node:fs/promises';
import path from 'node:path';
import {openRun, openTraining, readSafetensors, RunFolder, writePng, type Device} from 'gankit';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {pixelFeatures} from '../../dist/gan/metrics/pixel-features.js';
import {classify} from '../../dist/runs/classify.js';
import {realImages} from '../../dist/runs/real-images.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {openCpu, tinyConfig} from './helpers.js';

const settings = {
  recipe: 'wgan',
  data: 'builtin:shapes',
  source: {count: 52},
  size: 16,
  latent: 8,
  batchSize: 8,
  steps: 2,
  arch: {name: 'basic', nFeatures: 4},
  checkpointEvery: 0,
  sampleEvery: 0,
} as const;

describe('evaluation', () => {
  let device: Device;
  let dir: string;
  before(async () => {
    device = await openCpu();
    dir = path.join(folder(), 'run');
    const training = await openTraining(settings, {device});
    await training.fit(dir);
    await training.close();
  });
  after(async () => {
    await device.close();
    removeFolders();
  });

  it('measures the standard metrics with intervals, and doubts few images', async () => {
    const run = await openRun(dir, {device});
    const result = await run.evaluation({images: 40, halves: 3});
    expect(result).to.include({step: 2, weights: 'trained', data: 'builtin:shapes', images: 40, features: 'pixels'});
    expect(result.metrics.map(({name}) => name)).to.deep.equal([
      'fd',
      'kid',
      'precision',
      'recall',
      'density',
      'coverage',
      'checkerboard',
    ]);
    for (const {value, low, high} of result.metrics) {
      expect(value).to.be.finite;
      expect(low! <= value && value <= high!).to.equal(true);
    }
    const [fd, kid] = result.metrics;
    expect(fd!.high! - fd!.low!).to.be.above(0);
    expect(fd!.doubts.join()).to.contain('40 images are too few for the covariance of 3072 features');
    expect(kid!.doubts).to.deep.equal([]);
    expect(await run.evaluate({images: 40, metrics: ['fd']})).to.deep.equal({fd: fd!.value});
    expect((await ganError(() => run.evaluation({metrics: ['modes'], images: 8}))).code).to.equal('GAN_FEATURES');
    await run.close();
  });

  it('with fewer images than a metric needs says how many, or gives no interval', async () => {
    const run = await openRun(dir, {device});
    const [density] = (await run.evaluation({images: 8, halves: 3, metrics: ['density']})).metrics;
    expect(density).to.not.have.any.keys('low', 'high');
    expect(density!.doubts).to.contain('there are too few images for an interval');
    for (const metric of ['density', 'coverage']) {
      const error = await ganError(() => run.evaluation({images: 5, metrics: [metric]}));
      expect(error).to.include({code: 'GAN_TOO_FEW_IMAGES', exitCode: 2});
      expect(error.message).to.equal('the 5-th nearest neighbours of 5 images: at least 6 are needed');
      expect(error.suggestions[0]).to.contain('--images N');
    }
    for (const metric of ['fd', 'kid', 'ms-ssim'])
      expect((await run.evaluation({images: 2, halves: 3, metrics: [metric]})).metrics[0]).to.not.have.property('low');
    await run.close();
  });

  it('compares with images that the training has not seen, of data that is drawn', async () => {
    const [config, registry] = [await tinyConfig(), openRegistry()];
    const real = await realImages(config, {registry, count: 60});
    expect(real.count).to.equal(60); // more than the 52 of the training
    const source = (await registry.create('source', 'shapes'))({height: 16, width: 16, channels: 3, resize: 'crop'});
    const seen = new Set(
      await Promise.all(Array.from({length: 52}, async (_, i) => text(await ((await source) as Finite).read(i)))),
    );
    const {data} = await real.pictures();
    for (let i = 0; i < 60; i++)
      expect(seen.has(text(data.subarray(i * 768, (i + 1) * 768) as Uint8Array))).to.equal(false);
  });

  it('is kept in the run folder; lines that are none are skipped', async () => {
    const run = await openRun(dir, {device});
    const first = await run.evaluation({metrics: ['checkerboard'], images: 8});
    await run.folder.addEvaluation(first);
    await appendFile(run.folder.evaluationsPath, '{"step": 1}\nnull\n{"torn');
    const {evaluationsPath} = run.folder;
    expect(await new RunFolder(dir).evaluations()).to.deep.equal([first]);
    await appendFile(evaluationsPath, '\n');
    await run.folder.addEvaluation({...first, step: 7});
    expect((await run.folder.evaluations()).map(({step}) => step)).to.deep.equal([2, 7]);
    await run.close();
  });

  it('has the features and the classes of a classifier that gan classify trained', async () => {
    const [images, file] = [path.join(folder(), 'images'), path.join(folder(), 'classes.safetensors')];
    for (const [name, base] of [
      ['dark', 20],
      ['light', 200],
    ] as const) {
      await mkdir(path.join(images, name), {recursive: true});
      for (let i = 0; i < 30; i++) {
        const data = Uint8Array.from({length: 16 * 16 * 3}, (_, at) => base + ((at * 7 + i * 13) % 40));
        await writePng(path.join(images, name, `${i}.png`), {data, width: 16, height: 16, channels: 3});
      }
    }
    const registry = openRegistry();
    const {config} = await resolveConfig({
      registry,
      set: [`data=${images}`, 'size=16', 'batchSize=9'],
      ignoreFiles: true,
    });
    const result = await classify(config, file, {registry, device, epochs: 3});
    expect(result).to.deep.include({classes: ['dark', 'light'], images: 54, validImages: 6, accuracy: 1, file});
    expect((await readSafetensors(file)).metadata).to.include({format: 'gan-classifier-1', size: '16', channels: '3'});

    const run = await openRun(dir, {device});
    const {features, metrics} = await run.evaluation({
      metrics: ['fd', 'modes'],
      images: 12,
      data: images,
      features: file,
    });
    expect(features).to.equal('classifier');
    expect(metrics[1]).to.include({name: 'modes', better: 'higher'});
    expect(metrics[1]!.parts!['real']).to.equal(2);
    expect(metrics[0]!.value).to.be.above(0);
    await run.close();
    const error = await ganError(async () => {
      const {config: unlabelled} = await resolveConfig({registry, set: ['size=16'], ignoreFiles: true});
      return classify(unlabelled, file, {registry, device, epochs: 1});
    });
    expect(error).to.include({code: 'GAN_LABELS', kind: 'data'});
  });

  it('keeps features of real images: used again for the same images, made anew when the file is damaged', async () => {
    const [cacheFolder, images] = [folder(), path.join(folder(), 'images')];
    await mkdir(images);
    const put = (name: string, seed: number) =>
      writePng(path.join(images, name), {
        data: new Uint8Array(768).fill(seed),
        width: 16,
        height: 16,
        channels: 3,
      });
    for (let i = 0; i < 4; i++) await put(`${i}.png`, i);
    const registry = openRegistry();
    const {config} = await resolveConfig({registry, set: [`data=${images}`, 'size=16'], ignoreFiles: true});
    let extracted = 0;
    const extractor = {
      ...pixelFeatures,
      extract: (...args: Parameters<typeof pixelFeatures.extract>) => {
        extracted++;
        return pixelFeatures.extract(...args);
      },
    };
    const look = async (): Promise<[number, number[]]> => {
      extracted = 0;
      const real = await realImages(config, {registry, count: 4, cacheFolder});
      const {data} = await real.features(extractor);
      return [extracted, Array.from(data)];
    };
    const [calls, first] = await look();
    expect(calls).to.equal(1);
    expect(await look()).to.deep.equal([0, first]);
    const [file] = (await readdir(path.join(cacheFolder, 'features'))).map((name) =>
      path.join(cacheFolder, 'features', name),
    ) as [string];
    const bytes = await readFile(file);
    bytes[bytes.length - 5]! ^= 1;
    await writeFile(file, bytes);
    expect(await look()).to.deep.equal([1, first]);
    await writeFile(file, bytes.subarray(0, 100));
    expect(await look()).to.deep.equal([1, first]);
    expect(await look()).to.deep.equal([0, first]);
    await put('2.png', 200);
    expect((await look())[0]).to.equal(1);
  });

  it('finds the training images nearest to generated ones', async () => {
    const run = await openRun(dir, {device});
    const {pairs, ...found} = await run.nearest({n: 6});
    expect(found).to.include({images: 6, trainingImages: 52});
    expect(pairs.shape).to.deep.equal([12, 16, 16, 3]);
    await run.close();
  });
});

interface Finite {
  read(index: number): Uint8Array | Promise<Uint8Array>;
}
const text = (image: Uint8Array): string => Buffer.from(image).toString('base64');
