import {testBackend} from 'gankit/testing';
import {noCompiler} from './emulator/index.js';
import {openFakeDevice} from './fake/open.js';
import type {Pace} from './fake/streams.js';

// The whole kit takes two minutes (GAN_TEST_CUDA=all): what of it concerns this side of the kernels, each part at
// another pace of the streams. Nothing is done before somebody waits for it on a late one, so that what is not waited
// for shows.
const parts: [only: string | undefined, paces: Pace[]][] =
  process.env['GAN_TEST_CUDA'] === 'all'
    ? [[undefined, ['late', 'eager']]]
    : [
        ['training', ['late', 'late']],
        ['memory', ['late', 'eager']],
        ['state', ['eager', 'late']],
        ['4x4/2 of a critic', ['late', 'late']],
        ['4x4/2 of a generator', ['late', 'late']],
        ['trace_wgan_rmsprop', ['late', 'eager']],
      ];

describe('cuda: the backend on a fake of CUDA', () => {
  if (noCompiler() !== undefined) return;
  for (const [only, paces] of parts) {
    describe(`${only ?? 'everything'}, streams ${paces.join(' and ')}`, () => {
      testBackend('gan-cuda', {open: () => openFakeDevice({paces}), ...(only !== undefined && {only})});
    });
  }
  describe('NaN, infinity and denormals, where images lie in bfloat16', () => {
    testBackend('gan-cuda', {open: () => openFakeDevice({precision: 'bf16'}), only: 'NaN, infinity, denormals: a'});
  });
  for (const precision of ['tf32', 'bf16'] as const) {
    describe(`a training whose factors are rounded to ${precision}`, () => {
      testBackend('gan-cuda', {open: () => openFakeDevice({precision}), only: 'steps as recorded'});
    });
  }
});
