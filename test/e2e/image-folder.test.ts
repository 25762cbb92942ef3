import {expect} from 'chai';
import {copyFileSync, mkdirSync, readFileSync, readdirSync, writeFileSync} from 'node:fs';
import {createRequire} from 'node:module';
import path from 'node:path';
import sharp from 'sharp';
import {gan} from '../commands/helpers.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {json} from './helpers.js';

const emoji = path.join(
  path.dirname(createRequire(import.meta.url).resolve('emoji-datasource-twitter/package.json')),
  'img/twitter/64',
);
const good = 1000;

/** Real pictures with transparency, in folders within folders, and three files that are none. */
function makeImages(dir: string): Record<string, string> {
  const files = readdirSync(emoji).sort().slice(0, good);
  for (const [i, file] of files.entries()) {
    const to = path.join(dir, i % 3 === 0 ? '.' : `part ${i % 3}`, i % 2 === 0 ? 'even' : '.');
    mkdirSync(to, {recursive: true});
    copyFileSync(path.join(emoji, file), path.join(to, file));
  }
  const broken = {
    cut: path.join(dir, 'cut.png'),
    text: path.join(dir, 'part 1', 'text.jpg'),
    empty: path.join(dir, 'part 2', 'even', 'empty.png'),
  };
  const whole = readFileSync(path.join(emoji, files[0]!));
  writeFileSync(broken.cut, whole.subarray(0, whole.length >> 1));
  writeFileSync(broken.text, 'This is no picture.\n');
  writeFileSync(broken.empty, '');
  return broken;
}

const raw = (file: string) => sharp(file).raw().toBuffer({resolveWithObject: true});
const pixels = async (file: string): Promise<string> => (await raw(file)).data.toString('hex');

describe('gan fit on a folder of 1000 real images, and 3 that are broken', () => {
  let cwd: string;
  let broken: Record<string, string>;
  let fitted: Awaited<ReturnType<typeof gan>>;
  before(async () => {
    cwd = folder();
    broken = makeImages(path.join(cwd, 'emoji'));
    fitted = await gan(
      [
        'fit',
        'emoji',
        '--epochs',
        '3',
        '--size',
        '16',
        '--n-features',
        '4',
        '--latent',
        '8',
        '--batch-size',
        '32',
        '--valid-pct',
        '5',
        '--out',
        'run',
      ],
      {cwd},
    );
  });
  after(removeFolders);

  it('trains three epochs to the end', () => {
    expect(fitted.code, fitted.stderr).to.equal(0);
    const rows = fitted.stdout.split('\n').filter((line) => /^\d/.test(line));
    expect(rows.map((row) => row.split(/ +/)[0])).to.deep.equal(['0', '1', '2']);
    for (const row of rows) expect(row).to.not.match(/nan|infinity/i);
    expect(fitted.stderr).to.match(/953 images, 3 epochs, 87 steps/); // 1003, less 5 % for validation, in batches of 32
  });

  it('warns about each broken file once, by name, and counts them', () => {
    const warnings = fitted.stderr.split('\n').filter((line) => /^Warning(?!: this training is short)/.test(line));
    expect(warnings).to.have.length(3);
    for (const file of Object.values(broken))
      expect(
        warnings.filter((line) => line.includes(file)),
        file,
      ).to.have.length(1);
    expect(fitted.stdout).to.match(/^skipped +3 unreadable files$/m);
  });

  it('draws its samples as a picture', async () => {
    const [, file] = /^sample grid +(\S+)$/m.exec(fitted.stdout)!;
    const {width, height, channels} = await sharp(path.join(cwd, file!)).metadata();
    // 8 x 8 images and 9 gaps of 2
    expect({width, height, channels}).to.deep.equal({width: 146, height: 146, channels: 3});
  });

  it('the run folder tells where the images are, absolutely', () => {
    expect(json(path.join(cwd, 'run/config.json'))).to.include({
      data: path.join(cwd, 'emoji'),
      size: 16,
      epochs: 3,
      validPct: 5,
    });
  });

  it('--json has the broken files with their reasons at the end', async () => {
    const {code, stdout} = await gan(['fit', '--resume', 'run', '--epochs', '4', '--json'], {cwd});
    expect(code).to.equal(0);
    const end = JSON.parse(stdout.trim().split('\n').at(-1)!) as {skipped: {path: string; reason: string}[]};
    expect(end.skipped.map((item) => item.path)).to.have.members(Object.values(broken));
    for (const {reason} of end.skipped) expect(reason).to.match(/\w/);
  });

  it('gan show-batch draws what the networks see', async () => {
    const {code} = await gan(['show-batch', 'emoji', '--size', '32', '--n', '9', '--out', 'batch.png'], {cwd});
    expect(code).to.equal(0);
    const {info} = await raw(path.join(cwd, 'batch.png'));
    expect(info).to.include({width: 104, height: 104, channels: 3});
  });

  describe('gan generate', () => {
    const generate = async (...args: string[]) => {
      const ran = await gan(['generate', 'run', ...args], {cwd});
      expect(ran.code, ran.stderr).to.equal(0);
      return ran;
    };
    let singles: string[];
    before(async () => {
      await generate('--n', '70', '--out-dir', 'many');
      singles = await Promise.all(
        Array.from({length: 70}, (_, i) => pixels(path.join(cwd, `many/${String(i + 1).padStart(2, '0')}.png`))),
      );
    });

    it('writes single images of the size of the run, all different', async () => {
      const {info} = await raw(path.join(cwd, 'many/70.png'));
      expect(info).to.include({width: 16, height: 16, channels: 3});
      expect(readdirSync(path.join(cwd, 'many'))).to.have.length(70);
      expect(new Set(singles).size).to.equal(70);
    });

    it('writes them as a grid, too, where image i is the same', async () => {
      const {stdout} = await generate('--n', '16', '--out', 'deep/grid.png');
      expect(stdout).to.equal('deep/grid.png\n');
      const file = path.join(cwd, 'deep/grid.png');
      expect((await raw(file)).info).to.include({width: 74, height: 74, channels: 3});
      for (const i of [0, 5, 15]) {
        const [left, top] = [2 + (i % 4) * 18, 2 + Math.floor(i / 4) * 18];
        const cut = await sharp(file).extract({left, top, width: 16, height: 16}).raw().toBuffer();
        expect(cut.toString('hex'), `image ${i}`).to.equal(singles[i]);
      }
    });

    it('gives the same images by the same seed, however many are asked for, and others by another', async () => {
      await generate('--n', '66', '--out-dir', 'fewer');
      for (const i of [1, 2, 65, 66])
        expect(await pixels(path.join(cwd, `fewer/${String(i).padStart(2, '0')}.png`)), `image ${i}`).to.equal(
          singles[i - 1],
        );
      await generate('--n', '1', '--out-dir', 'one');
      expect(await pixels(path.join(cwd, 'one/1.png'))).to.equal(singles[0]);
      await generate('--n', '3', '--seed', '1', '--out-dir', 'others');
      for (const i of [1, 2, 3]) expect(singles).to.not.include(await pixels(path.join(cwd, `others/${i}.png`)));
    });
  });
}).timeout(120_000);
