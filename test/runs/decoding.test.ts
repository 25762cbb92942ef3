import {expect} from 'chai';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type {Device} from '../../dist/backends/device.js';
import {Rng} from '../../dist/gan/rng.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {expectSame, newest, openCpu, results} from './helpers.js';

const settings = {
  size: 16,
  latent: 8,
  recipe: 'wgan',
  batchSize: 4,
  channels: 4,
  arch: {name: 'basic', nFeatures: 4},
  checkpointEvery: 0,
  sampleEvery: 0,
} as const;

/** Takes a key out of a file as it would be if its writer had not known it. */
function withoutKey(file: string, key: string): void {
  const text = readFileSync(file, 'utf8');
  expect(text).to.contain(`"${key}"`);
  const without = (name: string, value: unknown): unknown => (name === key || name === 'checksum' ? undefined : value);
  writeFileSync(file, JSON.stringify(JSON.parse(text, without)));
}

describe('a run from before the key decoding', () => {
  let device: Device;
  before(async () => (device = await openCpu()));
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function train(dir: string, given: Parameters<typeof openTraining>[0], resume?: string): Promise<string[]> {
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const training = await openTraining(given, {device, warn, ...(resume !== undefined && {resume})});
    await training.fit(dir).finally(() => training.close());
    return warnings;
  }

  it('goes on with its files and its pixels, bit for bit', async () => {
    const data = folder();
    const rng = new Rng(3);
    for (let i = 0; i < 8; i++) {
      const [width, height] = [8 + 4 * i, 10 + 3 * i]; // some become larger, others smaller
      const pixels = Uint8Array.from({length: width * height * 4}, () => rng.int(256));
      await sharp(pixels, {raw: {width, height, channels: 4}})
        .png()
        .toFile(path.join(data, `${i}.png`));
    }
    const run = (): string => path.join(folder(), 'run');
    const [whole, parts, other, now] = [run(), run(), run(), run()];
    await train(whole, {...settings, data, steps: 5, decoding: 1});
    await train(parts, {...settings, data, steps: 2, decoding: 1});
    await train(other, {...settings, data, steps: 2});
    expect((await results(other))['model']).to.not.deep.equal((await results(parts))['model']);
    withoutKey(path.join(parts, 'config.json'), 'decoding');
    withoutKey(path.join(newest(parts, 'checkpoints'), 'state.json'), 'decoding');
    for (const name of ['x.jfif', 'none']) writeFileSync(path.join(data, name), readFileSync(path.join(data, '0.png')));
    const config = await new RunFolder(parts).readConfig();
    expect(config.decoding).to.equal(1);
    await train(parts, {...config, steps: 5}, parts);
    expectSame(await results(parts), await results(whole));

    writeFileSync(path.join(data, 'notes.txt'), '');
    expect(await train(now, {...settings, data, steps: 2})).to.deep.equal(['1 other file left out (.txt 1)']);
    const sessions = await new RunFolder(now).readSessions();
    expect(sessions[0]).to.include({images: 10});
  });
});
