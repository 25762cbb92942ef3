import {expect} from 'chai';
import path from 'node:path';
import {writeFileSync} from 'node:fs';
import {gzipSync} from 'node:zlib';
import type {Device} from '../../dist/backends/device.js';
import {Rng} from '../../dist/gan/rng.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {expectSame, fit, metrics, openCpu, results} from './helpers.js';

describe('a run on stacked images of IDX files', () => {
  let device: Device;
  before(async () => {
    device = await openCpu();
  });
  after(() => device.close());
  afterEach(removeFolders);

  it('stops in mid-epoch and goes on, bit for bit', async () => {
    const dir = folder();
    const rng = new Rng(0);
    const sizes = (...sides: number[]) => sides.flatMap((side) => [0, 0, 0, side]);
    const bytes = (count: number, below: number) => Array.from({length: count}, () => rng.int(below));
    const write = (name: string, content: number[]) =>
      writeFileSync(path.join(dir, name), gzipSync(Buffer.from([0, 0, 8, ...content])));
    write('train-images-idx3-ubyte.gz', [3, ...sizes(52, 12, 10), ...bytes(52 * 120, 256)]);
    write('train-labels-idx1-ubyte.gz', [1, ...sizes(52), ...bytes(52, 10)]);

    const set = ['data=builtin:fashion-mnist', `source.dir=${dir}`, 'source.stacked=true', 'recipe=gan'];
    const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await fit({device, dir: whole, set: [...set, 'steps=16']});
    await fit({device, dir: parts, set: [...set, 'steps=9']});
    await fit({device, dir: parts, set: [...set, 'steps=16'], resume: true});
    expectSame(await results(parts), await results(whole));
    expect(new Set(metrics(whole).map(({loss}) => loss)).size).to.be.greaterThan(10); // of something
  });
});
