/**
 * What must hold whatever the device is set to: fastai's recordings, exact resume, and the same training on any number
 * of threads.
 */
import {readdirSync} from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {openBackend} from '../../../dist/runs/devices/open-backend.js';
import type {Device} from '../../../dist/backends/device.js';
import {passed, runGoldenCase, worst} from '../../../dist/testing/index.js';
import {expectSame, fit, results} from '../../runs/helpers.js';
import {folder, removeFolders} from '../../plugin/helpers.js';

const recordings = fileURLToPath(new URL('../../golden/recordings', import.meta.url));
const names = readdirSync(recordings)
  .filter((file) => file.endsWith('.safetensors'))
  .map((file) => path.parse(file).name);
const runs: Record<string, string[]> = {
  // 32x32 and 16 features: large enough for several chunks and for minimal filtering
  wgan: ['recipe=wgan', 'size=32', 'arch.nFeatures=16', 'arch.nExtraLayers=1', 'switcher.nCrit=2'],
  'gan-critic': ['recipe=gan', 'arch=gan-critic', 'arch.nf=8', 'arch.nBlocks=1', 'arch.p=0.3'],
};

describe('wasm: whatever it is set to', function () {
  this.timeout(300_000);
  afterEach(removeFolders);

  for (const relaxedSimd of [true, false]) {
    const ofOneThread: Record<string, Record<string, unknown>> = {};

    for (const threads of [1, 2]) {
      describe(`${threads} thread${threads === 1 ? '' : 's'}, ${relaxedSimd ? 'with' : 'without'} relaxed SIMD`, () => {
        let device: Device;
        before(async () => {
          device = await openBackend('wasm', {options: {threads, relaxedSimd}});
        });
        after(() => device.close());

        it('is what the device says', () => expect(device.info).to.include({threads, relaxedSimd}));

        it('agrees with the recordings of fastai', async () => {
          expect(names).to.have.length.at.least(11);
          for (const name of names) {
            const result = await runGoldenCase(recordings, name);
            expect(passed(result), `${name}: ${JSON.stringify(worst(result))}`).to.equal(true);
          }
        });

        for (const [name, set] of Object.entries(runs)) {
          it(`resumes ${name} exactly, and trains as one thread does`, async () => {
            const [whole, parts] = [path.join(folder(), 'run'), path.join(folder(), 'run')];
            await fit({device, dir: whole, set: [...set, 'steps=12']});
            await fit({device, dir: parts, set: [...set, 'steps=6']});
            await fit({device, dir: parts, set: [...set, 'steps=12'], resume: true});
            const wanted = await results(whole);
            expectSame(await results(parts), wanted);
            expectSame(wanted, (ofOneThread[name] ??= wanted));
          });
        }
      });
    }
  }
});
