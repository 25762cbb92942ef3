import {expect} from 'chai';
import {spawnSync} from 'node:child_process';
import {existsSync, readdirSync, rmSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {gan} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {tinyFlags} from './helpers.js';
import {gifFrames, meanDifference} from './pictures.js';

describe('gan timelapse', () => {
  let cwd: string;
  const at = (...names: string[]): string => path.join(cwd, ...names);
  const ok = async (...args: string[]) => {
    const ran = await gan(args, {cwd});
    expect(ran.code, ran.stderr).to.equal(0);
    return ran.stdout;
  };
  const train = (out: string, ...args: string[]) => ok('fit', ...tinyFlags, '--out', out, ...args);
  /** Of a file of the run, as RGBA, scaled to `side` pixels if that is given. */
  const grid = async (file: string, side?: number): Promise<Buffer> =>
    sharp(file).resize(side, side).toColourspace('srgb').ensureAlpha().raw().toBuffer();
  const grids = (run: string): string[] => readdirSync(at(run, 'samples')).map((name) => at(run, 'samples', name));

  before(async () => {
    cwd = folder();
    await train('run', '--steps', '7', '--sample-every', '1');
  });
  after(removeFolders);

  it('shows the grids of the run in the order of their steps, the last one longer, for ever', async () => {
    expect(await ok('timelapse', 'run', '--out', 'all.gif', '--out-dir', 'all')).to.equal('all.gif\n7 frames in all\n');
    const {frames, width, height, delays, loops} = gifFrames(at('all.gif'));
    expect({width, height, delays, loops}).to.deep.equal({
      width: 146,
      height: 146,
      delays: [...new Array<number>(6).fill(10), 210],
      loops: 0,
    });
    for (const [i, file] of grids('run').entries()) {
      expect(meanDifference(frames[i]!, await grid(file)), file).to.be.lessThan(4); // of 255: 256 colours
      expect(await grid(at('all', `${i + 1}.png`))).to.deep.equal(await grid(file));
    }
  });

  it('takes as many as are wanted, the first and the last among them, as large and as fast as is wanted', async () => {
    await ok(
      'timelapse',
      'run',
      '--frames',
      '3',
      '--side',
      '73',
      '--fps',
      '4',
      '--hold',
      '0',
      '--no-loop',
      '--out',
      'some.gif',
    );
    const {frames, width, height, delays, loops} = gifFrames(at('some.gif'));
    expect({width, height, delays, loops})
      .to.deep.include({width: 73, height: 73, delays: [25, 25, 25]})
      .and.not.include({loops: 0});
    for (const [i, step] of [0, 3, 6].entries())
      expect(meanDifference(frames[i]!, await grid(grids('run')[step]!, 73)), `frame ${i}`).to.be.lessThan(6);
  });

  it('of grey images with transparency keeps both', async () => {
    await train('grey', '--steps', '2', '--sample-every', '1', '--channels', '2');
    await ok('timelapse', 'grey', '--out-dir', 'grey-frames');
    for (const [i, file] of grids('grey').entries())
      expect(await grid(at('grey-frames', `${i + 1}.png`))).to.deep.equal(await grid(file));
  });

  it('with ffmpeg writes an MP4 that stays at its end', async function () {
    if (spawnSync('ffmpeg', ['-version']).status !== 0) {
      process.stdout.write('    skipped: no ffmpeg on this machine\n');
      return this.skip();
    }
    await ok('timelapse', 'run', '--fps', '5', '--hold', '1', '--out', 'all.mp4');
    const {status, stdout, stderr} = spawnSync(
      'ffmpeg',
      ['-v', 'error', '-i', at('all.mp4'), '-f', 'rawvideo', '-pix_fmt', 'rgba', '-'],
      {maxBuffer: 1e8},
    );
    expect(status, stderr.toString()).to.equal(0);
    const size = 146 * 146 * 4;
    expect(stdout).to.have.length((7 + 5) * size);
    for (const frame of [6, 11])
      expect(
        meanDifference(stdout.subarray(frame * size, (frame + 1) * size), await grid(grids('run').at(-1)!)),
        `frame ${frame}`,
      ).to.be.lessThan(12);
  });

  it('of a folder that is no run, and of a run without a grid: exit 5, nothing written', async () => {
    await train('none', '--steps', '2');
    for (const file of grids('none')) rmSync(file);
    for (const [run, code] of [
      ['nowhere', 'GAN_RUN_NOT_FOUND'],
      ['none', 'GAN_NO_SAMPLES'],
    ] as const) {
      const ran = await gan(['timelapse', run, '--out', 'x.gif'], {cwd});
      expect(ran.code).to.equal(5);
      expect(ran.stderr).to.contain(code);
    }
    expect(existsSync(at('x.gif'))).to.equal(false);
  });

  it('refuses files that it cannot write', async () => {
    const {code, stderr} = await gan(['timelapse', 'run', '--out', 'x.avi'], {cwd});
    expect(code).to.equal(2);
    expect(stderr).to.contain('.gif or .mp4');
  });
}).timeout(120_000);
