import {fileURLToPath} from 'node:url';
import {expect} from 'chai';
import {goldenCases, passed, runGoldenCase} from 'gankit/testing';
import {report} from '../../golden/report.js';
import {withWebgpu} from './support.js';

const recordings = fileURLToPath(new URL('../../golden/recordings', import.meta.url));

/** All of them take more than a minute on a software adapter: `npm run test:golden -- --backend webgpu`. */
const quick = [
  'layers_critic_16',
  'layers_generator_16',
  'layers_generator_32_extra',
  'trace_one_cycle',
  'trace_wgan_adam_default',
];

describe('webgpu: recordings of fastai', function () {
  this.timeout(300_000);
  withWebgpu();

  before(async () => {
    expect(await goldenCases(recordings)).to.include.members(quick);
  });

  for (const name of quick) {
    it(name, async () => {
      const result = await runGoldenCase(recordings, name);
      expect(passed(result), report(result).text).to.equal(true);
    });
  }
});
