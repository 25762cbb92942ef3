import {expect} from 'chai';

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
