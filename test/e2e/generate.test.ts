import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {gan} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {tinyFlags} from './helpers.js';
import {gifFrames, meanDifference, pixels, pngType} from './pictures.js';

describe('what was trained is used', () => {
  let cwd: string;
  const train = async (out: string, ...args: string[]) => {
    const {code, stderr} = await gan(
      ['fit', ...tinyFlags, ...(args.includes('--steps') ? [] : ['--steps', '4']), '--out', out, ...args],
      {cwd},
    );
    expect(code, stderr).to.equal(0);
  };
  const ok = async (...args: string[]) => {
    const ran = await gan(args, {cwd});
    expect(ran.code, ran.stderr).to.equal(0);
    return ran.stdout;
  };
  const image = (file: string) => pixels(path.join(cwd, file));

  before(async () => {
    cwd = folder();
    await train('run');
  });
  after(removeFolders);

  describe('--checkpoint', () => {
    before(async () => {
      await train('kept', '--checkpoint-every', '1', '--keep-checkpoints', '0');
      await train('short', '--steps', '2');
    });

    it('of a step gives what a run gives that ends there: images, animations, weights', async () => {
      const use = async (run: string, out: string, ...args: string[]) => {
        await ok('generate', run, '--n', '3', '--out', `${out}.png`, ...args);
        await ok('interpolate', run, '--seeds', '1,2', '--frames', '3', '--out', `${out}.gif`, ...args);
        await ok('export', run, '--out', `${out}.safetensors`, ...args);
        return ['png', 'gif', 'safetensors'].map((type) =>
          readFileSync(path.join(cwd, `${out}.${type}`)).toString('base64'),
        );
      };
      const [chosen, ended, newest] = [
        await use('kept', 'chosen', '--checkpoint', '2'),
        await use('short', 'ended'),
        await use('kept', 'newest'),
      ];
      expect(chosen).to.deep.equal(ended);
      for (const [i, file] of newest.entries()) expect(file).to.not.equal(chosen[i]);
    });

    it('that is not there: exit 5, and those that are', async () => {
      for (const command of [
        ['generate', 'kept', '--out', 'x.png'],
        ['interpolate', 'kept', '--out', 'x.gif'],
        ['export', 'kept', '--out', 'x.safetensors'],
      ]) {
        const {code, stderr} = await gan([...command, '--checkpoint', '7'], {cwd});
        expect(code).to.equal(5);
        expect(stderr).to.contain('the run kept has no checkpoint of step 7').and.contain('of the steps 1, 2, 3, 4');
      }
      expect(await ok('runs', 'show', 'kept')).to.match(/older ones +of the steps 1, 2, 3/);
    });

    it('best is the one that gan fit --keep-best keeps, where it did', async () => {
      await ok(
        'fit',
        ...tinyFlags,
        '--epochs',
        '4',
        '--metrics',
        'swd',
        '--set',
        'metricImages=16',
        '--keep-best',
        'swd',
        '--keep-checkpoints',
        '0',
        '--out',
        'judged',
      );
      const [, step] = /best +of step (\d+): swd [\d.]+/.exec(await ok('runs', 'show', 'judged'))!;
      await ok('generate', 'judged', '--n', '2', '--out', 'best.png', '--checkpoint', 'best');
      await ok('generate', 'judged', '--n', '2', '--out', 'step.png', '--checkpoint', step!);
      expect(readFileSync(path.join(cwd, 'best.png'))).to.deep.equal(readFileSync(path.join(cwd, 'step.png')));
      for (const [which, code, what] of [
        ['best', 5, '--keep-best'],
        ['nearest', 2, 'a checkpoint, or best'],
      ] as const) {
        const ran = await gan(['generate', 'run', '--out', 'x.png', '--checkpoint', which], {cwd});
        expect({code: ran.code, named: ran.stderr.replaceAll(/\s+/g, ' ').includes(what)}, ran.stderr).to.deep.equal({
          code,
          named: true,
        });
      }
    });
  });

  describe('gan generate', () => {
    it('--seeds: the first image of each seed, named after it', async () => {
      await ok('generate', 'run', '--seeds', '9,5', '--out-dir', 'some');
      await ok('generate', 'run', '--seed', '5', '--n', '3', '--out-dir', 'five');
      expect(readdirSync(path.join(cwd, 'some')).sort()).to.deep.equal(['seed-5.png', 'seed-9.png']);
      expect(await image('some/seed-5.png')).to.deep.equal(await image('five/1.png'));
      expect((await image('some/seed-9.png')).data).to.not.deep.equal((await image('five/1.png')).data);
    });

    it('a grid has the single images in it', async () => {
      await ok('generate', 'run', '--seeds', '5,9,6', '--out', 'grid.png');
      const {width, height, data} = await image('grid.png');
      expect([width, height]).to.deep.equal([2 * 18 + 2, 2 * 18 + 2]); // two by two, with gaps of 2
      const single = (await image('some/seed-9.png')).data; // above on the right
      for (const y of [0, 7, 15]) {
        const start = ((2 + y) * width + 20) * 3;
        expect(data.slice(start, start + 48)).to.deep.equal(single.slice(y * 48, (y + 1) * 48));
      }
    });

    it('--directions: a row each, the image of the seed in its middle; other ones beside it', async () => {
      await ok('generate', 'run', '--directions', '3', '--seed', '5', '--out', 'directions.png');
      await ok('generate', 'run', '--directions', '3', '--seed', '5', '--out-dir', 'along');
      const {width, height} = await image('directions.png');
      expect([width, height]).to.deep.equal([7 * 18 + 2, 3 * 18 + 2]);
      const names = readdirSync(path.join(cwd, 'along')).sort();
      expect(names).to.have.length(21).and.to.include.members(['direction-1-1.png', 'direction-3-7.png']);
      const [middle, end, seed] = await Promise.all(
        ['along/direction-2-4.png', 'along/direction-2-7.png', 'five/1.png'].map(
          async (file) => (await image(file)).data,
        ),
      );
      expect(meanDifference(middle!, seed!)).to.be.lessThan(0.5); // one image and a batch can differ by a rounding
      expect(meanDifference(end!, seed!)).to.be.greaterThan(0.5);
      const {code} = await gan(['generate', 'run', '--directions', '3', '--seeds', '1,2'], {cwd});
      expect(code).to.equal(2);
    });

    it('--truncation brings the images of different seeds closer together', async () => {
      const spread = async (dir: string, ...args: string[]) => {
        await ok('generate', 'run', '--seeds', '1,2,3,4', '--out-dir', dir, ...args);
        const [first, ...rest] = await Promise.all(
          [1, 2, 3, 4].map(async (seed) => (await image(`${dir}/seed-${seed}.png`)).data),
        );
        return rest.reduce((sum, each) => sum + meanDifference(first!, each), 0);
      };
      const [free, bounded, wide] = [
        await spread('free'),
        await spread('bounded', '--truncation', '0.2'),
        await spread('wide', '--truncation', '9'),
      ];
      expect(bounded)
        .to.be.lessThan(0.5 * free)
        .and.greaterThan(0);
      expect(wide).to.equal(free);
    });

    it('needs the run only, not its data', async () => {
      for (let i = 0; i < 3; i++)
        await sharp({create: {width: 20, height: 20, channels: 3, background: {r: 80 * i, g: 10, b: 99}}})
          .png()
          .toFile(path.join(cwd, `${i}.png`));
      const photos = path.join(cwd, 'photos');
      await ok('generate', 'run', '--n', '8', '--out-dir', 'photos');
      await ok('fit', 'photos', ...tinyFlags.slice(0, -2), '--steps', '1', '--out', 'of-photos');
      rmSync(photos, {recursive: true});
      await ok('generate', 'of-photos', '--n', '1', '--out', 'one.png');
      await ok('interpolate', 'of-photos', '--frames', '1', '--out', 'two.gif');
    });

    for (const [flags, what] of [
      [['--seeds', '1,x'], '"x"'],
      [['--seeds', '-1'], '"-1"'],
      [['--seeds', '1', '--n', '2'], '--n'],
      [['--truncation', '0'], 'above 0'],
    ] as const) {
      it(`refuses ${flags.join(' ')}`, async () => {
        const {code, stderr} = await gan(['generate', 'run', '--out', 'x.png', ...flags], {cwd});
        expect({code, named: stderr.includes(what)}, stderr).to.deep.equal({code: 2, named: true});
      });
    }
  });

  for (const channels of [1, 2, 3, 4] as const) {
    it(`images of ${channels} channels are trained on, drawn and animated as such`, async () => {
      const run = `channels-${channels}`;
      await train(run, '--channels', String(channels));
      await ok('generate', run, '--seeds', '3', '--out-dir', run);
      const {type, data} = await image(`${run}/seed-3.png`);
      expect(type).to.equal(pngType[channels]);
      expect(data).to.have.length(16 * 16 * channels);
      expect(
        new Set(data.filter((_, i) => i % channels === channels - 1)).size,
        'values of the last channel',
      ).to.be.greaterThan(3);
      expect((await image(path.join(run, 'samples/step-00000004.png'))).type).to.equal(pngType[channels]);
      await ok(
        'interpolate',
        run,
        '--frames',
        '2',
        '--seeds',
        '3,4',
        '--out',
        `${run}.gif`,
        '--out-dir',
        `${run}/frames`,
      );
      expect((await image(`${run}/frames/1.png`)).data).to.deep.equal(data);
      expect(gifFrames(path.join(cwd, `${run}.gif`)).frames).to.have.length(4);
    });
  }

  describe('gan interpolate', () => {
    it('goes through the images of the seeds, and round', async () => {
      const out = await ok('interpolate', 'run', '--seeds', '5,9', '--frames', '4', '--out-dir', 'way', '--json');
      expect((JSON.parse(out) as {frames: number}).frames).to.equal(8);
      expect(await image('way/1.png')).to.deep.equal(await image('some/seed-5.png'));
      expect(await image('way/5.png')).to.deep.equal(await image('some/seed-9.png'));
      expect((await image('way/3.png')).data).to.not.deep.equal((await image('way/1.png')).data);
      expect(await image('way/3.png')).to.deep.equal(await image('way/7.png')); // half way back
    });

    it('--no-loop: to the last seed, which is the last frame', async () => {
      await ok(
        'interpolate',
        'run',
        '--seeds',
        '5,9',
        '--frames',
        '4',
        '--no-loop',
        '--out-dir',
        'there',
        '--out',
        'there.gif',
      );
      expect(readdirSync(path.join(cwd, 'there'))).to.have.length(5);
      expect(await image('there/5.png')).to.deep.equal(await image('some/seed-9.png'));
      expect(gifFrames(path.join(cwd, 'there.gif')).loops).to.not.equal(0);
    });

    it('the GIF has all frames, near to the exact ones, at the wanted size and pace, for ever', async () => {
      await ok(
        'interpolate',
        'run',
        '--seeds',
        '5,9',
        '--frames',
        '4',
        '--fps',
        '10',
        '--scale',
        '3',
        '--out',
        'a/way.gif',
      );
      const {frames, width, height, delays, loops} = gifFrames(path.join(cwd, 'a/way.gif'));
      expect({width, height, delays, loops}).to.deep.equal({
        width: 48,
        height: 48,
        delays: new Array<number>(8).fill(10),
        loops: 0,
      });
      for (const [i, frame] of frames.entries()) {
        const {data} = await image(`way/${i + 1}.png`);
        const exact = Array.from({length: 48 * 48 * 4}, (_, at) => {
          const [x, y, c] = [Math.floor(at / 4) % 48, Math.floor(at / 4 / 48), at % 4];
          return c === 3 ? 255 : data[(Math.floor(y / 3) * 16 + Math.floor(x / 3)) * 3 + c]!;
        });
        expect(meanDifference(frame, exact), `frame ${i}`).to.be.lessThan(4); // of 255: 256 colours
      }
    });

    it('without ffmpeg says so, before it draws anything', async () => {
      const {code, stderr} = await gan(['interpolate', 'run', '--out', 'x.mp4', '--out-dir', 'x'], {
        cwd,
        env: {PATH: ''},
      });
      expect({code, stderr: stderr.replaceAll(/\s+/g, ' ')})
        .to.have.property('stderr')
        .that.contains('GAN_FFMPEG')
        .and.contains('apt install ffmpeg')
        .and.contains('.gif');
      expect({code, made: existsSync(path.join(cwd, 'x'))}).to.deep.equal({code: 2, made: false});
    });

    it('with ffmpeg writes an MP4 that it reads back, odd sizes included', async function () {
      if (spawnSync('ffprobe', ['-version']).status !== 0) return this.skip(); // no ffmpeg on this machine
      await ok('interpolate', 'run', '--seeds', '5,9', '--frames', '4', '--scale', '3', '--out', 'way.mp4');
      const probe = spawnSync(
        'ffmpeg',
        ['-v', 'error', '-i', path.join(cwd, 'way.mp4'), '-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
        {maxBuffer: 1e8},
      );
      expect(probe.status, probe.stderr.toString()).to.equal(0);
      expect(probe.stdout).to.have.length(8 * 48 * 48 * 3);
      const {data} = await image('way/1.png');
      const middles = Array.from(
        {length: 16 * 16 * 3},
        (_, i) => probe.stdout[((Math.floor(i / 48) * 3 + 1) * 48 + (Math.floor(i / 3) % 16) * 3 + 1) * 3 + (i % 3)]!,
      );
      expect(meanDifference(middles, data)).to.be.lessThan(12); // of 255: half the colour resolution, quantised
    });

    for (const [flags, what] of [
      [['--out', 'x.avi'], '.gif or .mp4'],
      [['--out', 'x.gif', '--seeds', '1'], '2 are needed'],
    ] as const) {
      it(`refuses ${flags.join(' ')}`, async () => {
        const {code, stderr} = await gan(['interpolate', 'run', ...flags], {cwd});
        expect({code, named: stderr.includes(what)}, stderr).to.deep.equal({code: 2, named: true});
      });
    }
  });
}).timeout(120_000);
