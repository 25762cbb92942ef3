import {expect} from 'chai';
import {execFile} from 'node:child_process';
import {fileURLToPath} from 'node:url';
import {promisify} from 'node:util';
import {root} from '../commands/helpers.js';

const child = fileURLToPath(new URL('memory-child.ts', import.meta.url));
const MiB = 2 ** 20;

interface Memory extends NodeJS.MemoryUsage {
  step: number;
  numTensors: number;
  numBytes: number;
}

async function measure(set: readonly string[]): Promise<Memory[]> {
  const {stdout} = await promisify(execFile)(process.execPath, ['--expose-gc', '--import', 'tsx/esm', child, ...set], {
    cwd: root,
  });
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Memory);
}

/** Each process trains 500 steps; a leak of one batch a step would be 2.6 MiB in bytes, 10.5 MiB in floats. */
describe('memory of a run, from step 43 to step 493', () => {
  const cases: Record<string, string[]> = {
    'recipe wgan': ['recipe=wgan'],
    'recipe gan, with samples, checkpoints and validations': [
      'recipe=gan',
      'sampleEvery=10',
      'checkpointEvery=10',
      'validPct=10',
    ],
    'gan-critic': ['recipe=gan', 'arch=gan-critic', 'arch.nf=8', 'arch.nBlocks=1', 'switchEval=true'],
  };
  for (const [what, set] of Object.entries(cases)) {
    it(`${what}: as many tensors, and no more memory`, async () => {
      const [first, last] = await measure(set);
      expect([first?.step, last?.step]).to.deep.equal([43, 493]);
      expect({tensors: last!.numTensors, bytes: last!.numBytes}).to.deep.equal({
        tensors: first!.numTensors,
        bytes: first!.numBytes,
      });
      const growth = (key: keyof NodeJS.MemoryUsage): number => (last![key] - first![key]) / MiB;
      expect(growth('external'), 'MiB of tensors, batches and images').to.be.lessThan(1);
      expect(growth('heapUsed'), 'MiB of objects; code that is compiled meanwhile takes 1').to.be.lessThan(2.5);
      expect(growth('rss'), 'MiB resident; measured 1 to 2, with the threads that write images 8').to.be.lessThan(20);
    });
  }
});
