import {spawnSync} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';

const root = fileURLToPath(new URL('../../', import.meta.url));

interface Summary {
  summary(batch: number, measured: object, peak?: number): Record<string, unknown>;
  table(results: readonly object[]): string;
}
const {summary, table} = (await import(new URL('../../bench/gpu/summary.mjs', import.meta.url).href)) as Summary;

const part = (ms: number, flops = 0) => ({ms, calls: 1, flops});

describe('bench/gpu.mjs: what it says of a measurement', () => {
  // a round of six steps: 12 ms by the clock, 10 ms on the card, of which 5 in libraries, 36 GFLOP
  const measured = {
    roundMs: [11, 12, 50],
    peakBytes: 3 * 2 ** 20,
    repeated: 7,
    parts: {cudnn: part(4, 30e9), cublaslt: part(1, 6e9), kernels: part(3), copies: part(2), recorded: part(0)},
  };

  it('images a second, and the shares of the peak and of the libraries', () => {
    const result = summary(128, measured, 12);
    expect(result).to.deep.include({
      imagesPerSecond: 64_000,
      stepMs: 2,
      gflopsPerStep: 6,
      tflops: 3,
      libraryShare: 0.5,
      peakTflops: 12,
      peakShare: 0.25,
      peakBytes: 3 * 2 ** 20,
      repeated: 7,
    });
  });

  it('leaves out what is not known', () => {
    expect(summary(128, measured, undefined)).to.not.have.any.keys('peakShare', 'peakTflops');
    expect(summary(128, {roundMs: [6]}, 12)).to.deep.equal({imagesPerSecond: 128_000, stepMs: 1, roundMs: [6]});
  });

  it('as a table, with the reason of what failed', () => {
    const results = [
      {size: 64, batch: 128, name: 'gan', ...summary(128, measured, 12)},
      {size: 64, batch: 128, name: 'PyTorch', error: 'no memory'},
    ];
    expect(table(results).split('\n').slice(2)).to.deep.equal([
      '| WGAN 64x64 | 128 | gan | 64000 | 2.00 | 3.0 | 25 % | 50 % | 3 |',
      '| WGAN 64x64 | 128 | PyTorch | no memory | - | - | - | - | - |',
    ]);
  });
});

describe('bench/gpu/nodes.mjs', function () {
  this.timeout(60_000);

  it('counts what captured steps hand to a card: clipping adds three nodes, and turns no filter', () => {
    const kindsOf = (...more: string[]): string[][] => {
      const args = ['bench/gpu/nodes.mjs', '16', '2', 'tf32', 'plugins/cuda', ...more];
      const {stdout, stderr} = spawnSync(process.execPath, args, {cwd: root, encoding: 'utf8'});
      expect(stdout, stderr).to.match(/critic step: \d+ nodes, [\d.]+ GB, \d+ GFLOP/);
      return stdout
        .split(/^\w+ step: .*$/m)
        .slice(1)
        .map((step) => [...step.matchAll(/^ {2}(\S.*?) {2,}(\d+) /gm)].map(([, kind, count]) => `${count} ${kind}`));
    };
    const [plain, clipped] = [kindsOf(), kindsOf('{"gradClip": 1}')];
    expect(plain).to.have.length(2);
    clipped.forEach((kinds, i) => {
      const added = kinds.filter((kind) => !plain[i]!.includes(kind));
      expect(added).to.have.members(['1 clip: squares', '1 clip: lengthOf', '1 clip: scaled']);
    });
    expect(clipped.flat().filter((kind) => kind.includes('turn'))).to.deep.equal([]);
  });
});

describe('bench/gpu/*.py, on the processor', function () {
  this.timeout(300_000);
  const python = process.env['PYTHON'] ?? 'python3';
  before(function () {
    if (process.env['GAN_SUITE'] !== 'long') return this.skip();
    if (spawnSync(python, ['-c', 'import torch']).status === 0) return;
    console.log(`      skipped: ${python} has no PyTorch`);
    this.skip();
  });
  for (const [file, args] of [
    ['peer.py', ['16', '2', 'eager', '2', '1', 'cpu']],
    ['peer.py', ['16', '2', 'bf16', '2', '1', 'cpu']],
    ['fastai.py', ['16', '2', '2', '1', 'cpu']],
  ] as const)
    it(`${file} ${args.join(' ')} measures rounds`, () => {
      const {stdout, stderr} = spawnSync(python, [`bench/gpu/${file}`, ...args], {cwd: root, encoding: 'utf8'});
      const last = stdout.trim().split('\n').at(-1) ?? '';
      expect(last, stderr).to.match(/^\{/);
      const {roundMs} = JSON.parse(last) as {roundMs: number[]};
      expect(roundMs).to.have.length(2);
      expect(roundMs.every((ms) => ms > 0)).to.equal(true);
    });
});
