import {expect} from 'chai';
import {readFileSync, readdirSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {openRun, openTraining, type Device} from 'gankit';
import {RunFolder} from '../../dist/runs/run-folder.js';
import {formats} from '../gan/export/helpers.js';
import {folder, ganError, removeFolders} from '../plugin/helpers.js';
import {expectSame, openCpu, results} from './helpers.js';

const settings = {
  data: 'builtin:shapes',
  source: {count: 24},
  recipe: 'none',
  loss: 'hinge',
  penalty: [{name: 'r1', every: 2}],
  augment: ['color', 'translation', 'cutout', {name: 'ada', p: 0.5, pipe: 'bgcfnc'}],
  batchSize: 4,
  latent: 6,
  checkpointEvery: 0,
  sampleEvery: 0,
  metricImages: 8,
} as const;

const architectures = {
  basic: {name: 'basic', nFeatures: 4},
  'gan-critic': {name: 'gan-critic', nFeatures: 4, nf: 8, nBlocks: 1},
  light: {name: 'light', nFeatures: 4, resampling: 'fir'},
  resnet: {name: 'resnet', nFeatures: 4},
  mlp: {name: 'mlp', width: 8},
} as const;

const sidesOf = async (file: string | Buffer): Promise<[number, number]> => {
  const {width, height} = await sharp(file).metadata();
  return [height, width];
};

describe('runs of images whose height differs from their width', function () {
  this.timeout(60_000);
  let device: Device;
  before(async () => (device = await openCpu()));
  after(async () => {
    await device.close();
    removeFolders();
  });

  async function train(dir: string, given: Parameters<typeof openTraining>[0], resume?: string): Promise<void> {
    const training = await openTraining(given, {device, ...(resume !== undefined && {resume})});
    await training.fit(dir).finally(() => training.close());
  }

  for (const [i, [name, arch]] of Object.entries(architectures).entries()) {
    const [height, width] = i % 2 === 0 ? [16, 24] : [24, 16];
    it(`${name}, ${height}x${width}: trains, goes on exactly, draws, measures and is exported`, async () => {
      const run = (): string => path.join(folder(), 'run');
      const [whole, dir] = [run(), run()];
      const given = {...settings, arch, size: [height, width] as const};
      await train(whole, {...given, steps: 4});
      await train(dir, {...given, steps: 2});
      await train(dir, {...given, steps: 4}, dir);
      expectSame(await results(dir), await results(whole));
      expect((await new RunFolder(dir).readConfig()).size).to.equal(`${height}x${width}`);

      // 8x8 images with gaps of 2
      const grid = [8 * (height + 2) + 2, 8 * (width + 2) + 2];
      const samples = readdirSync(path.join(dir, 'samples'));
      expect(await sidesOf(path.join(dir, 'samples', samples.at(-1)!))).to.deep.equal(grid);
      expect((await sidesOf(path.join(dir, 'real.png')))[1]).to.equal(grid[1]);

      const opened = await openRun(dir, {device});
      try {
        const images = await opened.generate({n: 3});
        expect(images.shape).to.deep.equal([3, height, width, 3]);
        const way = await opened.interpolate({seeds: [0, 1], frames: 2});
        expect(way.shape).to.deep.equal([4, height, width, 3]);
        expect([...way.data.subarray(0, height * width * 3)]).to.deep.equal([
          ...(await opened.generate({seeds: [0]})).data,
        ]);
        await opened.export('web', path.join(folder(), 'web'));
        const {generator, critic} = await opened.networks();
        for (const {missing, expectSame: expectExported} of formats) {
          if (missing !== undefined) continue;
          await expectExported(generator, [settings.latent]);
          await expectExported(critic, [height, width, 3]);
        }
        const hub = path.join(folder(), 'hub');
        await opened.export('hub', hub);
        const exported = await openRun(hub, {device});
        expect(await exported.generate({n: 3}).finally(() => exported.close())).to.deep.equal(images);
        if (name !== 'light' && name !== 'basic') return; // what follows does not depend on the networks
        const {metrics} = await opened.evaluation({metrics: ['fd', 'swd', 'swd-pyramid', 'ms-ssim', 'checkerboard']});
        for (const {value} of metrics) expect(Number.isFinite(value)).to.equal(true);
        const {pairs} = await opened.nearest({n: 2});
        expect(pairs.shape).to.deep.equal([4, height, width, 3]);
        const projected = await opened.project(images, {steps: 2});
        expect(projected.images.shape).to.deep.equal(images.shape);
        const out = path.join(folder(), 'out');
        await opened.export('onnx', out, {network: 'both'});
        const onnx = readFileSync(
          path.join(
            out,
            readdirSync(out).find((file) => file.includes('generator'))!,
          ),
          'latin1',
        );
        expect(onnx).to.contain(`${height}x${width}`); // imageSize of the metadata
      } finally {
        await opened.close();
      }
    });
  }

  it('are refused with the nearest size where an architecture cannot make them', async () => {
    const error = await ganError(() => openTraining({...settings, arch: 'light', size: '50x90'}, {device}));
    expect(error.code).to.equal('GAN_SIZE');
    const [, nearest = ''] = /use (\d+x\d+)/.exec(error.suggestions.join())!;
    const training = await openTraining(
      {...settings, arch: architectures.light, size: nearest as '8x8', steps: 1},
      {device},
    );
    await training.close();
    const wrong = await ganError(() => openTraining({...settings, size: '64x' as '64x1'}, {device}));
    expect(wrong.message).to.contain("two, HEIGHTxWIDTH; openTraining gives '64x'");
  });
});
