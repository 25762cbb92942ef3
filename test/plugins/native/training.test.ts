import path from 'node:path';
import {expect} from 'chai';
import {
  adam,
  basicCritic,
  basicGenerator,
  FixedGANSwitcher,
  fromBatches,
  GANLearner,
  setSeed,
  type CaptureMode,
} from 'gankit';
import {openBackend} from '../../../dist/runs/devices/open-backend.js';
import type {TrainEvent} from '../../../dist/runs/train.js';
import type {InstructionSet} from '../../../plugins/native/src/addon.js';
import {allState, noiseBatches} from '../../gan/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';
import {expectSame, fit, metrics, results} from '../../runs/helpers.js';
import {bf16SetsHere, needsAddon, setsHere} from './support.js';

/** Long enough for a distance that says something only in the long suites. */
const isLong = process.env['GAN_SUITE'] === 'long';

/** Wide enough for several chunks and for products of bfloat16; the penalty differentiates gradients. */
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

/** What the kernels of a training are compiled for, and how its factors are rounded. */
interface Way {
  isa: InstructionSet;
  precision: 'fp32' | 'bf16';
}

const ways: Way[] = [
  ...setsHere().map((isa): Way => ({isa, precision: 'fp32'})),
  ...bf16SetsHere().map((isa): Way => ({isa, precision: 'bf16'})),
];
/** The one that is taken where nothing is said. */
const widest = (precision: Way['precision']): Way | undefined => ways.find((way) => way.precision === precision);

interface Part {
  threads: number;
  set?: readonly string[];
  resume?: boolean;
  stopAfter?: number;
}

/** Trains on a device that is opened for it. */
async function train(dir: string, way: Way, {threads, stopAfter, ...options}: Part): Promise<void> {
  const device = await openBackend('native', {options: {threads, ...way}});
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

/** All that a training computed. */
async function trained(way: Way, ...parts: Part[]): Promise<Record<string, unknown>> {
  const dir = path.join(folder(), 'run');
  for (const part of parts) await train(dir, way, part);
  return results(dir);
}

describe('native: training', function () {
  this.timeout(isLong ? 1_800_000 : 120_000);
  needsAddon();
  afterEach(removeFolders);

  for (const way of ways) {
    it(`${way.isa}, ${way.precision}: the same to the last bit with 1, 2, 3 and 4 threads, and when it stops and goes on`, async () => {
      const wanted = await trained(way, {threads: 1});
      for (const threads of [2, 3]) expectSame(await trained(way, {threads}), wanted);
      expectSame(await trained(way, {threads: 4, stopAfter: 2}, {threads: 3, resume: true}), wanted);
    });
  }

  for (const precision of ['fp32', 'bf16'] as const) {
    it(`${precision}: steps that are captured and repeated have the bits of others`, async function () {
      const way = widest(precision);
      if (!way) return this.skip();
      const learned = async (capture: CaptureMode) => {
        const device = await openBackend('native', {options: {threads: 2, ...way}});
        setSeed(11);
        const learn = GANLearner.wgan(
          fromBatches(noiseBatches(20, {size: 16, shape: [16, 16, 1], inputShape: [8]})),
          basicGenerator(16, 1, {inSize: 8, nFeatures: 16}),
          basicCritic(16, 1, {nFeatures: 16}),
          {optFunc: adam(), lr: 1e-3, switcher: FixedGANSwitcher(1, 1), capture},
        );
        try {
          await learn.fit(1);
          return {repeated: learn.capture.repeated, state: await allState(learn.model)};
        } finally {
          learn.dispose();
          await device.close();
        }
      };
      const [eager, captured] = [await learned('off'), await learned('auto')];
      expect([eager.repeated, captured.repeated > 10]).to.deep.equal([0, true]);
      expect(captured.state).to.deep.equal(eager.state);
    });
  }

  describe('with products of bfloat16', () => {
    before(function () {
      if (widest('bf16')) return;
      console.log('      skipped: this processor has no AVX512-BF16');
      this.skip();
    });

    it('differs from float32 by the rounding of factors', async () => {
      const losses: Record<string, number[]> = {};
      for (const precision of ['fp32', 'bf16'] as const) {
        const dir = path.join(folder(), 'run');
        await train(dir, widest(precision)!, {threads: 1});
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
        await train(dir, widest(precision)!, {
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
});
