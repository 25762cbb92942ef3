import {expect} from 'chai';
import {join} from 'node:path';
import sharp from 'sharp';
import {compareWith, dataLines, measureData} from '../../dist/bench/data-speed.js';
import type {BenchRow} from '../../dist/bench/types.js';
import {resolveConfig} from '../../dist/config/resolve.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {folder, removeFolders} from '../plugin/helpers.js';

const row = (backend: string, median: number): BenchRow => ({
  backend,
  ok: true,
  info: {},
  rounds: 1,
  metrics: {imagesPerSecond: {median, low: median, high: median}},
  shapes: [],
});

describe('gan bench --data', () => {
  afterEach(removeFolders);

  it('reads the data as a training does, and gives images per second of two epochs', async () => {
    const photos = folder();
    for (let i = 0; i < 8; i++)
      await sharp({create: {width: 9, height: 9, channels: 3, background: {r: i, g: 0, b: 0}}})
        .png()
        .toFile(join(photos, `${i}.png`));
    const registry = openRegistry();
    const {config} = await resolveConfig({registry, set: ['size=8', 'batchSize=4'], ignoreFiles: true});
    const speed = await measureData(photos, config, {registry});
    expect(speed).to.include({data: photos, description: 'folder, 8 pictures'});
    expect(speed.firstEpoch).to.be.greaterThan(0);
    expect(speed.laterEpochs).to.be.greaterThan(0);
  });

  it('says who waits for whom', () => {
    const speed = {data: '/photos', description: 'folder, 8 pictures', firstEpoch: 100, laterEpochs: 1000};
    const failed: BenchRow = {backend: 'cuda', ok: false, why: 'no GPU'};
    const compared = compareWith(speed, [row('wasm', 20), row('webgpu', 400), failed, row('cuda', 5000)]);
    expect(compared.backends.map(({backend, waits}) => [backend, waits])).to.deep.equal([
      ['wasm', 'data'],
      ['webgpu', 'training at first'],
      ['cuda', 'training'],
    ]);
    expect(dataLines(compared)).to.deep.equal([
      '/photos: folder, 8 pictures; feeds 100 images/s in the first epoch, 1000 images/s in later ones, alone on this machine',
      '  wasm takes 20 images/s: the data wait for it',
      '  webgpu takes 400 images/s: it waits for the data in the first epoch',
      '  cuda takes 5000 images/s: it waits for the data: gan data pack decodes and resizes them once',
    ]);
  });
});
