import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {copyFileSync, mkdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {fromFolder, Normalization, openRun, openTraining, type Device} from 'gankit';
import sharp from 'sharp';
import {decodeDeep, decodeImage} from '../../../dist/gan/data/decode.js';
import {inspectRecords} from '../../../dist/gan/data/inspect.js';
import {packRecords} from '../../../dist/gan/data/pack.js';
import {encodePng} from '../../../dist/gan/data/png.js';
import {openRecords} from '../../../dist/gan/data/records/open.js';
import {gan} from '../../commands/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {pythonOrSkip} from '../../python.js';
import {newest, openCpu, results} from '../../runs/helpers.js';

const script = fileURLToPath(new URL('depth.py', import.meta.url));
const [height, width] = [40, 24];

interface Array16 {
  dtype: string;
  shape: number[];
  values: number[];
}

describe('images of more than 8 bits', function () {
  this.timeout(60_000);
  let device: Device;
  let dir: string;
  let python: string;
  let wanted: Record<string, number[]>;
  const ask = async <T>(...args: string[]): Promise<T> =>
    JSON.parse((await promisify(execFile)(python, [script, ...args], {maxBuffer: 2 ** 27})).stdout) as T;
  const file = (name: string): string => path.join(dir, name);
  /** The largest difference, of 65535. */
  const far = (got: ArrayLike<number>, name: string): number => {
    expect(got.length).to.equal(wanted[name]!.length);
    return wanted[name]!.reduce((most, value, i) => Math.max(most, Math.abs(value - got[i]!)), 0);
  };

  before(async function () {
    python = await pythonOrSkip(this, 'numpy, PIL');
    dir = folder();
    wanted = await ask('write', dir);
    device = await openCpu();
  });
  after(async () => {
    await device?.close();
    removeFolders();
  });

  it('have the values that numpy and Pillow wrote', async () => {
    const size = [height, width] as const;
    for (const [name, channels] of [
      ['grey.png', 1],
      ['float.tif', 1],
      ['rgb.png', 3],
      ['rgba.png', 4],
    ] as const)
      expect(far(await decodeDeep(file(name), {size, channels}), name), name).to.equal(0);
    // by way of Display P3, in the 16 bits of libvips
    expect(far(await decodeDeep(file('profile.png'), {size}), 'profile.png')).to.be.at.most(128);
  });

  it("are enlarged with the numbers of Pillow's BILINEAR, and made smaller with nearly them", async () => {
    const scaled = (h: number, w: number) => decodeDeep(file('rgb.png'), {size: [h, w], resize: 'squish'});
    expect(far(await scaled(80, 48), '80x48')).to.be.at.most(0.5);
    expect(far(await scaled(20, 12), '20x12')).to.be.at.most(300); // at the border, as of 8 bits
  });

  it('an image of 8 bits has the same values as ever, times 257', async () => {
    const bytes = await decodeImage(file('rgb.png'), {size: [height, width]});

    const png = await encodePng({data: bytes, width, height, channels: 3});
    for (const size of [
      [height, width],
      [16, 16],
      [64, 50],
    ] as const) {
      const plain = await decodeImage(png, {size});
      expect([...(await decodeDeep(png, {size}))]).to.deep.equal(Array.from(plain, (value) => 257 * value));
    }
    const normalization = Normalization.symmetric(3);
    const all = Uint8Array.from({length: 768}, (_, i) => Math.floor(i / 3));
    expect(
      normalization.applyDeep(
        Uint16Array.from(all, (value) => 257 * value),
        [256, 3],
      ),
    ).to.deep.equal(normalization.apply({data: all, shape: [256, 3]}));
  });

  it('are trained on in 16 bits, from files as from a packed set, and drawn so', async () => {
    const data = path.join(dir, 'data');
    mkdirSync(data);
    for (let i = 0; i < 8; i++) copyFileSync(file('rgb.png'), path.join(data, `${i}.png`));
    const {train} = await fromFolder(data, {size: [height, width], batchSize: 1, depth: 16});
    for await (const {target} of train.epoch(0)) {
      const values = wanted['trained']!;
      const most = values.reduce((sum, value, i) => Math.max(sum, Math.abs(value - target.data[i]!)), 0);
      expect(most).to.be.lessThan(2e-7); // float32
    }

    const pack = path.join(dir, 'packed.safetensors');
    const options = {size: [height, width] as const, channels: 3, depth: 16} as const;
    await packRecords(await openRecords(data), pack, options);
    const stored = await ask<Array16>('packed', pack);
    expect(stored)
      .to.include({dtype: 'U16'})
      .and.deep.include({shape: [8, height, width, 3]});
    expect(stored.values.slice(0, wanted['rgb.png']!.length)).to.deep.equal(wanted['rgb.png']);

    const settings = {
      size: [height, width],
      depth: 16,
      recipe: 'none',
      arch: {name: 'light', nFeatures: 2},
      latent: 4,
      batchSize: 4,
      augment: ['flip'],
      checkpointEvery: 0,
      sampleEvery: 0,
    } as const;
    const runs: string[] = [];
    for (const each of [
      {...settings, data, steps: 4},
      {...settings, data: pack, steps: 4},
      {...settings, data, depth: 8, steps: 4} as const,
    ]) {
      const run = path.join(folder(), 'run');
      const training = await openTraining(each, {device});
      await training.fit(run).finally(() => training.close());
      runs.push(run);
    }
    const [fromFiles, fromPack, shallow] = await Promise.all(runs.map(results));
    const weights = (found: Record<string, unknown> | undefined): unknown => found!['model'];
    expect(weights(fromPack)).to.deep.equal(weights(fromFiles));
    expect(weights(shallow)).to.not.deep.equal(weights(fromFiles));

    const run = await openRun(runs[0]!, {device, floats: true});
    const {data: floats, shape} = await run.generate({n: 2, seed: 3}).finally(() => run.close());
    expect(shape).to.deep.equal([2, height, width, 3]);
    const made = path.join(dir, 'made');
    for (const args of [
      ['--out-dir', made, '--depth', '16'],
      ['--out', `${made}.npy`],
    ]) {
      const {code, stderr} = await gan(['generate', runs[0]!, '--n', '2', '--seed', '3', ...args], {cwd: dir});
      expect(code, stderr).to.equal(0);
    }
    const pictures = await ask<number[][]>('png', path.join(made, '1.png'), path.join(made, '2.png'));
    const apart = (a: ArrayLike<number>, b: (value: number) => number): number =>
      Array.from(floats).reduce((most, value, i) => Math.max(most, Math.abs(a[i]! - b(value))), 0);
    // other threads may add up in another order
    expect(apart(pictures.flat(), (value) => (value / 2 + 0.5) * 65535)).to.be.at.most(1);
    expect(new Set(pictures.flat()).size).to.be.greaterThan(1000); // steps finer than 1/255
    const array = await ask<Array16>('npy', `${made}.npy`);
    expect(array)
      .to.include({dtype: 'float32'})
      .and.deep.include({shape: [2, height, width, 3]});
    expect(apart(array.values, (value) => value / 2 + 0.5)).to.be.lessThan(1e-6);
    const {code} = await gan(['generate', runs[0]!, '--depth', '16', '--out', 'x.jpg'], {cwd: dir});
    expect(code).to.equal(2);
  });

  it('are measured, compared and drawn in grids as the same pictures of 8 bits', async () => {
    const [deep, shallow] = [path.join(dir, 'deep'), path.join(dir, 'shallow')];
    const bytes: Uint8Array[] = [];
    for (const folder of [deep, shallow]) mkdirSync(folder);
    for (let i = 0; i < 8; i++) {
      const data = Uint16Array.from(wanted['rgb.png']!, (value) => Math.floor((value * (8 - i)) / 8));
      bytes.push(Uint8Array.from(data, (value) => Math.round(value / 257)));
      const png = {width, height, channels: 3} as const;
      writeFileSync(path.join(deep, `${i}.png`), await encodePng({...png, data}));
      writeFileSync(path.join(shallow, `${i}.png`), await encodePng({...png, data: bytes[i]!}));
    }
    const colours = async (data: string) => (await inspectRecords(await openRecords(data))).colours;
    expect(await colours(deep)).to.deep.equal([{what: 'colour, 16 bits', count: 8}]);
    expect(await colours(shallow)).to.deep.equal([{what: 'colour', count: 8}]);
    const settings = {
      data: deep,
      size: [height, width],
      depth: 16,
      recipe: 'none',
      arch: {name: 'light', nFeatures: 2},
      latent: 4,
      batchSize: 4,
      checkpointEvery: 0,
      sampleEvery: 0,
      steps: 2,
      metrics: ['swd'],
      metricImages: 8,
    } as const;
    const folderOfRun = path.join(folder(), 'run');
    const training = await openTraining(settings, {device});
    await training.fit(folderOfRun).finally(() => training.close());

    const run = await openRun(folderOfRun, {device});
    try {
      const measured = async (data: string) => run.evaluate({metrics: ['fd', 'swd'], images: 8, data});
      const [own, other] = [await measured(deep), await measured(shallow)];
      expect(own['fd']).to.be.greaterThan(0);
      expect(own['fd']).to.equal(other['fd']);
      expect(own['swd']).to.be.closeTo(other['swd']!, 1e-3); // of what the networks see, which has all bits
      const {pairs} = await run.nearest({n: 2});
      expect(pairs.data).to.be.instanceOf(Uint8Array);
      const training = [...pairs.data.subarray(height * width * 3, 2 * height * width * 3)].join();
      expect(bytes.some((each) => each.join() === training)).to.equal(true);
    } finally {
      await run.close();
    }
    const real = await sharp(path.join(folderOfRun, 'real.png'))
      .extract({left: 2, top: 2, width, height})
      .raw()
      .toBuffer({resolveWithObject: true});
    expect(real.info.channels).to.equal(3);
    expect(bytes.some((each) => Buffer.from(each).equals(real.data))).to.equal(true);
    expect((await sharp(newest(folderOfRun, 'samples')).metadata()).depth).to.equal('uchar');
  });
});
