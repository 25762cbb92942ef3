import {expect} from 'chai';
import {readFileSync, writeFileSync} from 'node:fs';
import path from 'node:path';
import {folder, removeFolders} from '../plugin/helpers.js';
import {gan, jsonLines} from './helpers.js';

const tiny = [
  'bench',
  '--size',
  '8',
  '--n-features',
  '4',
  '--n-extra-layers',
  '0',
  '--batch-size',
  '2',
  '--rounds',
  '1',
];

describe('gan bench', () => {
  after(removeFolders);

  it('prints a row for each backend, those that cannot run with their reasons, and loads tfjs in its children only', async () => {
    const cwd = folder();
    const {code, stdout, stderr} = await gan(
      [...tiny, '--backends', 'wasm,cuda,nonsense', '--seconds', '1', '--markdown', 'new/b.md', '--svg', 'b.svg'],
      {cwd, withoutTfjs: true},
    );
    expect(code, stderr).to.equal(0);
    expect(stdout).to.match(
      /^backend +images\/s +critic ms .*\nwasm +[\d.]+.*\ncuda +not measured: .*\n[^]*nonsense +not measured: There is no backend 'nonsense'/,
    );
    expect(stdout).to.match(/processor .*, cores \d+, .*node \d+/);
    expect(stderr).to.contain('wasm: round 1, 0 of 1 s');
    expect(readFileSync(path.join(cwd, 'new/b.md'), 'utf8')).to.contain('training images/s');
    expect(readFileSync(path.join(cwd, 'b.svg'), 'utf8')).to.match(/^<svg /);
  });

  it('--json is a result that --compare reads; --floor ends with 1 when something is below', async () => {
    const cwd = folder();
    const first = await gan([...tiny, '--backends', 'wasm', '--json', '--quiet'], {cwd});
    expect({code: first.code, stderr: first.stderr}).to.deep.equal({code: 0, stderr: ''});
    const [result] = jsonLines(first.stdout);
    expect(result).to.have.all.keys('environment', 'job', 'rows');
    writeFileSync(path.join(cwd, 'old.json'), first.stdout);
    const second = await gan(
      [
        ...tiny,
        '--backend',
        'wasm',
        '--compare',
        'old.json',
        '--floor',
        'imagesPerSecond=0.001',
        '--floor',
        'wasm.convGflops=1e9',
        '--quiet',
      ],
      {cwd},
    );
    expect(second.code).to.equal(1);
    expect(second.stdout).to.match(/^wasm +imagesPerSecond +[\d.]+ +[\d.]+ +[-+][\d.]+ %/m);
    const json = await gan(
      [...tiny, '--backends', 'wasm', '--compare', 'old.json', '--seed', '1', '--json', '--quiet'],
      {cwd},
    );
    const {comparison} = jsonLines(json.stdout)[0] as {
      comparison?: {changes: {metric: string}[]; differences: string[]};
    };
    expect(comparison!.changes.map(({metric}) => metric)).to.include('imagesPerSecond');
    expect(comparison!.differences).to.deep.equal(['seed: 0 before, 1 now']);
    expect(second.stderr)
      .to.match(/wasm: convGflops is .*, below the floor of 1000000000/)
      .and.not.contain('imagesPerSecond is');
  });

  it('ends with 4 when no backend ran, with 2 and before measuring for wrong flags', async () => {
    const cwd = folder();
    const none = await gan([...tiny, '--backends', 'nonsense', '--quiet'], {cwd});
    expect(none.code).to.equal(4);
    expect(none.stdout).to.match(/^nonsense +not measured/);
    for (const wrong of [
      ['--floor', 'speed=1'],
      ['--arch', 'nonsense'],
      ['--rounds', '0'],
      ['--seconds', '0'],
      ['--backends', 'wasm', '--device', '1'],
      ['--svg', '/dev/null/b.svg'],
    ]) {
      const {code, stderr} = await gan([...tiny, ...wrong], {cwd, withoutTfjs: true});
      expect(code, stderr).to.equal(2);
      expect(stderr).to.not.contain('warming up');
    }
  });
}).timeout(120_000);
