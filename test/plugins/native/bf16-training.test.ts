import path from 'node:path';
import {expect} from 'chai';
import {openBackend} from '../../../dist/runs/devices/open-backend.js';
import type {TrainEvent} from '../../../dist/runs/train.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {expectSame, fit, metrics, results} from '../../runs/helpers.js';
import {bf16SetsHere, needsAddon} from './support.js';

/** Long enough for a distance that says something only in the long suites. */
const isLong = process.env['GAN_SUITE'] === 'long';

/** Wide enough for products of bfloat16; the penalty differentiates gradients. */
const settings = [
  'recipe=gan',
  'loss=logistic',
  'arch.nFeatures=16',
  'arch.criticNorm=none',
  'batchSize=16',
  'penalty=r1',
  'source.count=96',
  'steps=4',
];

interface Part {
  threads: number;
  set?: readonly string[];
  resume?: boolean;
  stopAfter?: number;
}

/** Trains on a device that is opened for it. */
async function train(dir: string, precision: 'fp32' | 'bf16', {threads, stopAfter, ...options}: Part): Promise<void> {
  const device = await openBackend('native', {options: {threads, precision}});
  const stop = new AbortController();
  const notify = (event: TrainEvent): void => {
    if (event.type === 'step' && event.step === stopAfter) stop.abort();
  };
  try {
    await fit({device, dir, set: settings, ...options, signal: stop.signal, notify});
  } finally {
    await device.close();
  }
}

describe('native: training with products of bfloat16', function () {
  this.timeout(isLong ? 1_800_000 : 120_000);
  needsAddon();
  before(function () {
    if (bf16SetsHere().length > 0) return;
    console.log('      skipped: this processor has no AVX512-BF16');
    this.skip();
  });
  afterEach(removeFolders);

  it('goes on exactly, whatever the number of threads', async () => {
    const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
    await train(whole, 'bf16', {threads: 1});
    await train(parts, 'bf16', {threads: 2, stopAfter: 2});
    await train(parts, 'bf16', {threads: 1, resume: true});
    expectSame(await results(parts), await results(whole));
  });

  it('differs from float32 by the rounding of factors', async () => {
    const losses: Record<string, number[]> = {};
    for (const precision of ['fp32', 'bf16'] as const) {
      const dir = path.join(folder(), 'run');
      await train(dir, precision, {threads: 1});
      losses[precision] = metrics(dir).flatMap((row) =>
        ['critLoss', 'genLoss'].flatMap((name) => (typeof row[name] === 'number' ? [row[name]] : [])),
      );
    }
    const {fp32, bf16} = losses as {fp32: number[]; bf16: number[]};
    expect(bf16).to.have.length(fp32.length);
    expect(bf16).to.not.deep.equal(fp32);
    // A factor is off by 2^-9 of itself at most.
    fp32.forEach((loss, i) => expect(bf16[i]).to.be.closeTo(loss, 0.02 * Math.abs(loss)));
  });

  it('goes as far as in float32', async function () {
    if (!isLong) return this.skip();
    const distances: Record<string, number> = {};
    for (const precision of ['fp32', 'bf16'] as const) {
      const dir = path.join(folder(), 'run');
      await train(dir, precision, {
        threads: 1,
        set: ['recipe=gan', 'arch.nFeatures=16', 'batchSize=16', 'steps=1000', 'metrics=fd', 'source.count=4096'],
      });
      distances[precision] = metrics(dir).reduce((last, row) => {
        const {fd} = (row['metrics'] ?? {}) as {fd?: number};
        return fd ?? last;
      }, Infinity);
    }
    console.log(`      Frechet distance: float32 ${distances['fp32']}, bfloat16 ${distances['bf16']}`);
    expect(distances['bf16']).to.be.below(1.5 * distances['fp32']!);
  });
});
