import {expect} from 'chai';
import path from 'node:path';
import {readBench, changeRows, changes, differences} from '../../dist/bench/report/compare.js';
import {belowFloors, parseFloor} from '../../dist/bench/report/floors.js';
import {benchMarkdown} from '../../dist/bench/report/markdown.js';
import {benchSvg} from '../../dist/bench/report/svg.js';
import {benchLines} from '../../dist/bench/report/text.js';
import {largestDeviation, quantile, spread} from '../../dist/bench/statistics.js';
import type {BenchResult, BenchRow, Spread} from '../../dist/bench/types.js';
import {table} from '../../dist/cli/text/format.js';
import type {RunConfig} from '../../dist/options/run-config.js';
import {folder, ganError, removeFolders, write} from '../plugin/helpers.js';

const about = (median: number, half = 0): Spread => ({median, low: median - half, high: median + half});
const row = (backend: string, imagesPerSecond: Spread): BenchRow => ({
  backend,
  ok: true,
  info: {adapter: 'A <b> & "c"'},
  rounds: 5,
  metrics: {imagesPerSecond, criticMs: about(12.34), deviation: about(2.5e-6)},
  shapes: [{shape: 'Conv2D 4x8x8x3 . 4x4x3x8', kind: 'conv', share: 0.5, gflops: about(10)}],
});
const failed: BenchRow = {backend: 'webgpu', ok: false, why: 'no adapter | none', fix: 'install a driver'};
const config = {
  size: 64,
  channels: 3,
  batchSize: 16,
  arch: {name: 'basic', options: {}},
  loss: {name: 'wgan', options: {}},
  opt: {name: 'rmsprop', options: {}},
} as unknown as RunConfig;
const result = (...rows: BenchRow[]): BenchResult => ({
  environment: {processor: 'P', cores: 2, node: '20', gan: '1', commit: 'abc'},
  job: {config, steps: 6, rounds: 5},
  rows,
});

describe('statistics of a benchmark', () => {
  it('quantiles lie between neighbours in proportion', () => {
    expect(quantile([3, 1, 2], 0.5)).to.equal(2);
    expect(quantile([1, 2, 3, 4], 0.5)).to.equal(2.5);
    expect(quantile([0, 10], 0.95)).to.equal(9.5);
    expect(quantile([7], 0.95)).to.equal(7);
    expect(spread([1, 2, 3, 4, 5])).to.deep.equal({median: 3, low: 2, high: 4});
  });

  it('a deviation is in units of the largest wanted number', () => {
    expect(largestDeviation([1, 2, 4.1], [1, 2, 4])).to.be.closeTo(0.025, 1e-12);
    expect(largestDeviation([1, NaN], [1, 2])).to.equal(Infinity);
    expect(largestDeviation([1], [1, 2])).to.equal(Infinity);
    expect(largestDeviation([0, 0], [0, 0])).to.equal(0);
  });
});

describe('reports of a benchmark', () => {
  after(removeFolders);

  it('text: a line for each backend, in their order; medians with their scatter', () => {
    expect(benchLines(result(failed, row('wasm', about(40, 2))), table)).to.deep.equal([
      'backend  images/s  critic ms  deviation',
      'webgpu   not measured: no adapter | none',
      '         try: install a driver',
      'wasm     40.0 ±5%       12.3     2.5e-6',
    ]);
    expect(benchLines(result(failed), table)).to.have.lengthOf(2);
  });

  it('Markdown: a line for each metric, and the environment', () => {
    const text = benchMarkdown(result(row('wasm', about(40, 2)), failed));
    expect(text).to.contain('|  | wasm |\n| --- | ---: |\n| training images/s | 40.0 ±5% |');
    expect(text)
      .to.contain('- webgpu: not measured: no adapter | none; try: install a driver')
      .and.contain('processor P, cores 2');
  });

  it('SVG: a bar for each backend, longest for the fastest, all text escaped', () => {
    const text = benchSvg(result(row('slow', about(10)), failed, row('fast', about(40))));
    expect(
      [...text.matchAll(/<rect x="90" y="\d+" width="([\d.]+)"/g)].map(([, width]) => Number(width)),
    ).to.deep.equal([130, 520]);
    expect(text).to.contain('A &lt;b&gt; &amp; &quot;c&quot;').and.not.contain('<b>');
  });

  describe('--floor', () => {
    it('is a metric where more is better, of all backends or of one', async () => {
      expect(parseFloor('imagesPerSecond=20')).to.deep.equal({metric: 'imagesPerSecond', value: 20});
      expect(parseFloor('wasm.convGflops=1e1')).to.deep.equal({backend: 'wasm', metric: 'convGflops', value: 10});
      for (const wrong of ['criticMs=3', 'imagesPerSecond', 'imagesPerSecond=fast', '=3'])
        expect((await ganError(() => parseFloor(wrong))).exitCode).to.equal(2);
      expect((await ganError(() => parseFloor('imagePerSecond=3'))).suggestions[0]).to.equal(
        'Did you mean imagesPerSecond?',
      );
    });

    it('names what lies below, and what was not measured', () => {
      const both = result(row('wasm', about(40)), failed);
      const below = (...floors: string[]) => belowFloors(both, floors.map(parseFloor));
      expect(below('imagesPerSecond=40', 'wasm.imagesPerSecond=39.9')).to.deep.equal([]);
      expect(below('imagesPerSecond=41')).to.deep.equal(['wasm: imagesPerSecond is 40.0, below the floor of 41']);
      expect(below('webgpu.imagesPerSecond=1', 'cuda.imagesPerSecond=1', 'convGflops=1')).to.deep.equal([
        'webgpu: imagesPerSecond was not measured; the floor is 1',
        'cuda: imagesPerSecond was not measured; the floor is 1',
        'wasm: convGflops was not measured; the floor is 1',
      ]);
    });
  });

  describe('--compare', () => {
    it('tells a change from scatter', () => {
      const all = changes(
        result(row('wasm', about(40, 2)), failed),
        result(row('wasm', about(50, 2)), row('webgpu', about(1))),
      );
      expect(all[0]).to.deep.equal({backend: 'wasm', metric: 'imagesPerSecond', before: 40, after: 50, clear: true});
      expect(changeRows(all)[0]).to.deep.equal(['wasm', 'imagesPerSecond', '40.0', '50.0', '+25.0 %', '']);
      const little = changes(result(row('wasm', about(40, 2))), result(row('wasm', about(41, 2))));
      expect(changeRows(little)[0]!.at(-1)).to.equal('within the scatter');
    });

    it('says what makes the two incomparable; another commit does not', () => {
      const now = result();
      expect(differences(result(), {...now, environment: {...now.environment, commit: 'def'}})).to.deep.equal([]);
      expect(
        differences(result(), {
          ...now,
          environment: {...now.environment, cores: 4},
          job: {...now.job, config: {...config, size: 32}},
        }),
      ).to.deep.equal(['cores: 2 before, 4 now', 'size: 64 before, 32 now']);
    });

    it('refuses files that are something else', async () => {
      const dir = folder();
      write(dir, {'ok.json': JSON.stringify(result()), 'other.json': '{}', 'text.json': 'hello'});
      expect(await readBench(path.join(dir, 'ok.json'))).to.deep.equal(result());
      for (const name of ['other.json', 'text.json', 'none.json'])
        expect(await ganError(() => readBench(path.join(dir, name)))).to.include({code: 'GAN_BENCH_FILE', exitCode: 5});
    });
  });
});
