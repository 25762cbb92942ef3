import {expect} from 'chai';
import {existsSync, mkdirSync, readdirSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import {encodePng} from '../../dist/gan/data/png.js';
import {Rng} from '../../dist/gan/rng.js';
import type {Evaluation} from '../../dist/runs/evaluations.js';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan} from './helpers.js';

const tiny =
  '--conditional --size 8 --latent 4 --batch-size 8 --arch light --set arch.nFeatures=2 --steps 3 --backend wasm --quiet'.split(
    ' ',
  );

describe('commands of conditional runs', function () {
  this.timeout(60_000);
  let cwd: string;
  const rng = new Rng(2);
  const picture = async (file: string, grey: number): Promise<void> => {
    const data = Uint8Array.from({length: 192}, () => grey + rng.int(20));
    mkdirSync(path.dirname(path.join(cwd, file)), {recursive: true});
    writeFileSync(path.join(cwd, file), await encodePng({data, width: 8, height: 8, channels: 3}));
  };
  const ok = async (...args: string[]): Promise<string> => {
    const {code, stdout, stderr} = await gan(args, {cwd});
    expect(code, stderr).to.equal(0);
    return stdout;
  };
  const evaluate = (run: string, ...args: string[]): Promise<string> =>
    ok(
      'evaluate',
      run,
      '--by-class',
      '--metrics',
      'fd',
      '--nearest',
      '0',
      '--halves',
      '0',
      '--backend',
      'wasm',
      ...args,
    );
  /** Class, images and value of each line under the title. */
  const byClass = (text: string): (string | number)[][] => {
    const lines = text.split('\n');
    const from = lines.findIndex((line) => line.startsWith('class'));
    return lines.slice(from + 1).flatMap((line) => {
      const [, name, images, value] = /^(\S.*?)  +(\d+)  +(\S.*?)\s*$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, Number(images), value === 'too few images' ? value : 'measured']];
    });
  };

  before(() => (cwd = folder()));
  after(removeFolders);

  it('class folders: metrics by class, pictures of classes, and of those without one', async () => {
    for (let i = 0; i < 60; i++) {
      await picture(`animals/cats/${i}.png`, 200);
      await picture(`animals/dogs/${i}.png`, 20);
      if (i < 9) await picture(`animals/${i}.png`, 100);
    }
    await ok('fit', 'animals', ...tiny, '--out', 'run');
    expect(byClass(await evaluate('run'))).to.deep.equal([
      ['cats', 60, 'measured'],
      ['dogs', 60, 'measured'],
      ['no class', 9, 'too few images'],
    ]);
    const kept = JSON.parse(await evaluate('run', '--json', '--images', '100')) as Evaluation;
    expect(kept.images).to.equal(100);
    expect(kept.byClass!.reduce((sum, {images}) => sum + images, 0)).to.equal(100);
    const report = await ok('runs', 'show', 'run', '--json');
    expect(report).to.contain('"byClass"').and.contain('no class');

    await ok('generate', 'run', '--class', 'all', '--n', '2', '--out-dir', 'single', '--backend', 'wasm');
    expect(readdirSync(path.join(cwd, 'single')).sort()).to.deep.equal(
      ['cats', 'dogs', 'no-class'].flatMap((name) => [`${name}-1.png`, `${name}-2.png`]),
    );
    await ok(
      'generate',
      'run',
      '--class',
      'dogs,CATS',
      '--class',
      '2',
      '--n',
      '4',
      '--out',
      'grid.png',
      '--backend',
      'wasm',
    );
    const {width, height} = await sharp(path.join(cwd, 'grid.png')).metadata();
    expect([width, height]).to.deep.equal([4 * 10 + 2, 3 * 10 + 2]);
    const cut = sharp(path.join(cwd, 'grid.png')).extract({left: 2, top: 2, width: 8, height: 8});
    expect(await cut.raw().toBuffer()).to.deep.equal(await sharp(path.join(cwd, 'single/dogs-1.png')).raw().toBuffer());

    const wrong = await gan(['generate', 'run', '--class', 'cts', '--out', 'wrong.png'], {cwd});
    expect(wrong.code).to.equal(2);
    expect(wrong.stderr).to.contain("Did you mean 'cats'?").and.contain('There are: cats, dogs, no class.');
    expect(existsSync(path.join(cwd, 'wrong.png'))).to.equal(false);
  });

  it('attributes, several at once: metrics of those that have one, pictures of several', async () => {
    const rows: string[] = [];
    for (let i = 0; i < 80; i++) {
      await picture(`faces/${i}.png`, i % 4 < 2 ? 30 : 180);
      rows.push(`faces/${i}.png,${i < 64 ? 1 : -1},${i % 4 < 2 ? -1 : 1}`);
    }
    writeFileSync(path.join(cwd, 'faces.csv'), ['image_id,Smiling,Young', ...rows].join('\n'));
    await ok('fit', 'faces.csv', ...tiny, '--out', 'faces-run');
    expect(byClass(await evaluate('faces-run'))).to.deep.equal([
      ['Smiling', 64, 'measured'],
      ['Young', 40, 'too few images'],
    ]);
    await ok('generate', 'faces-run', '--class', 'smiling,Young', '--class', 'Young', '--n', '1', '--out-dir', 'both');
    expect(readdirSync(path.join(cwd, 'both')).sort()).to.deep.equal(['Young-1.png', 'smiling+Young-1.png']);
  });

  it('a run without classes is told of the way to have them', async () => {
    await ok('fit', 'animals', ...tiny.slice(1), '--out', 'plain');
    for (const args of [
      ['evaluate', 'plain', '--by-class', '--metrics', 'fd'],
      ['generate', 'plain', '--class', 'cats', '--out', 'x.png'],
    ]) {
      const {code, stderr} = await gan(args, {cwd});
      expect(code, stderr).to.equal(2);
      expect(stderr).to.contain('GAN_LABELS').and.contain('gan fit DATA --conditional');
    }
  });
});
