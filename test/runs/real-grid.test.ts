import {expect} from 'chai';
import {mkdirSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import type {Device} from '../../dist/backends/device.js';
import {encodePng} from '../../dist/gan/data/png.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {openTraining} from '../../dist/runs/open-training.js';
import {drawRealGrid, needsNoFiles} from '../../dist/runs/real-grid.js';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {fit, openCpu, tinyConfig} from './helpers.js';

describe('the grid of real images of a run', () => {
  let device: Device;
  before(async () => (device = await openCpu()));
  after(async () => {
    await device.close();
    removeFolders();
  });

  /** Pictures of one colour each, which the file's number tells. */
  async function colours(count: number): Promise<string> {
    const dir = path.join(folder(), 'data');
    mkdirSync(dir);
    for (let i = 0; i < count; i++)
      await sharp({create: {width: 16, height: 16, channels: 3, background: {r: 3 * i, g: 10, b: 20}}})
        .png()
        .toFile(path.join(dir, `${i}.png`));
    return dir;
  }

  const rgb = (file: string): Promise<{data: Buffer; info: {width: number; height: number}}> =>
    sharp(file).removeAlpha().raw().toBuffer({resolveWithObject: true});

  it('has as many images as a sample grid, in the same places: each an image of the data', async () => {
    const data = await colours(70);
    const dir = path.join(folder(), 'run');
    const training = await openTraining({...(await tinyConfig(['steps=3'])), data, source: {}}, {device});
    await training.fit(dir);
    await training.close();
    const run = new RunFolder(dir);
    const [real, sample] = await Promise.all([rgb(run.realPath), rgb((await run.samples())[0]!.path)]);
    expect([real.info.width, real.info.height]).to.deep.equal([sample.info.width, sample.info.height]);
    const at = (x: number, y: number): number[] => [
      ...real.data.subarray(3 * (y * real.info.width + x)).subarray(0, 3),
    ];
    const tiles = Array.from({length: 64}, (_, i) => [2 + 18 * (i % 8), 2 + 18 * Math.floor(i / 8)] as const);
    const seen = tiles.map(([x, y]) => {
      const colour = at(x, y);
      expect(at(x + 15, y + 15)).to.deep.equal(colour);
      expect(colour.slice(1)).to.deep.equal([10, 20]);
      expect(at(x - 1, y - 1), 'the gap').to.deep.equal([255, 255, 255]);
      return colour[0]! / 3;
    });
    expect(new Set(seen).size, 'different images').to.equal(64);
    expect(Math.max(...seen)).to.be.lessThan(70);
  });

  it('is written once: a training that goes on keeps it, or writes it where there is none', async () => {
    const dir = path.join(folder(), 'run');
    const {realPath} = new RunFolder(dir);
    await fit({dir, device, set: ['steps=2']});
    const first = readFileSync(realPath);
    const {ino} = statSync(realPath);
    await fit({dir, device, set: ['steps=4'], resume: true});
    expect(statSync(realPath).ino).to.equal(ino);
    rmSync(realPath);
    await fit({dir, device, set: ['steps=6'], resume: true});
    expect(readFileSync(realPath).equals(first)).to.equal(true);
  });

  it('can be drawn from the data afterwards; no file is read for built-in data', async () => {
    const dir = path.join(folder(), 'run');
    await fit({dir, device, set: ['steps=2']});
    const registry = openRegistry();
    const config = await new RunFolder(dir).readConfig();
    const drawn = await encodePng((await drawRealGrid(config, registry))!);
    expect(drawn.equals(readFileSync(new RunFolder(dir).realPath))).to.equal(true);
    expect(needsNoFiles(config, registry)).to.equal(true);
    expect(needsNoFiles({data: '/somewhere/photos'}, registry)).to.equal(false);
  });

  it('is no obstacle: a folder that does not take it costs a warning, points have none', async () => {
    const dir = path.join(folder(), 'run');
    mkdirSync(path.join(dir, 'real.png'), {recursive: true}); // no file can take its place
    writeFileSync(path.join(dir, 'real.png', 'x'), '');
    const warnings: string[] = [];
    await fit({
      dir,
      device,
      set: ['steps=2'],
      notify: (event) => {
        if (event.type === 'warning') warnings.push(event.message);
      },
    });
    expect(warnings.filter((message) => message.includes('real.png'))).to.have.length(1);
    const config = await tinyConfig();
    expect(
      await drawRealGrid({...config, data: 'builtin:ring8', source: {}, size: 1, channels: 2}, openRegistry()),
    ).to.equal(undefined);
  });
});
