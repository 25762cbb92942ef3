import {expect} from 'chai';
import {execFile} from 'node:child_process';
import path from 'node:path';
import {promisify} from 'node:util';
import {root} from '../commands/helpers.js';

const measuring = path.join(root, 'bench/memory.mjs');
/** At the same place of an epoch and of the switcher's turns, away from checkpoints, when most code is compiled. */
const marks = [103, 493];
const MiB = 2 ** 20;

interface Memory extends NodeJS.MemoryUsage {
  step: number;
  numTensors: number;
  numBytes: number;
  deviceHeap: number;
}

async function measure(set: readonly string[]): Promise<Memory[]> {
  const {stdout} = await promisify(execFile)(process.execPath, [
    measuring,
    '--json',
    '--steps=500',
    `--at=${marks.join()}`,
    ...set,
  ]);
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Memory);
}

/** Each process trains 500 steps; a leak of one batch a step would be 2.6 MiB in bytes, 10.5 MiB in floats. */
describe('memory of a run, from step 103 to step 493', () => {
  const cases: Record<string, string[]> = {
    'recipe wgan': ['recipe=wgan'],
    'recipe gan, with samples, checkpoints and validations': [
      'recipe=gan',
      'sampleEvery=10',
      'checkpointEvery=10',
      'validPct=10',
    ],
    'penalties, an average, augmentations, metrics, the watch, all that is written': [
      'penalty=wgan-gp,r1',
      'penalty.r1.every=5',
      'arch.criticNorm=none',
      'emaHalfLife=100',
      'augment=ada,flip,color',
      'schedule=linear',
      'gradClip=1',
      'source.count=450',
      'validPct=10',
      'metrics=swd,fd',
      'metrics.swd.directions=4',
      'metricImages=16',
      'keepBest=swd',
      'stopWhen=plateau',
      'patience=1000',
      'watchEvery=10',
      'sampleEvery=50',
      'checkpointEvery=50',
      'tensorboard=true',
      'histogramEvery=50',
    ],
    'gan-critic': ['recipe=gan', 'arch=gan-critic', 'arch.nf=8', 'arch.nBlocks=1', 'switchEval=true'],
  };
  for (const [what, set] of Object.entries(cases)) {
    it(`${what}: as many tensors, the same heap, and no more memory`, async () => {
      const [first, last] = await measure(set);
      expect([first?.step, last?.step]).to.deep.equal(marks);
      const held = ({numTensors, numBytes, deviceHeap}: Memory) => ({numTensors, numBytes, deviceHeap});
      expect(held(last!)).to.deep.equal(held(first!));
      expect(first!.deviceHeap).to.be.greaterThan(0);
      const growth = (key: keyof NodeJS.MemoryUsage): number => (last![key] - first![key]) / MiB;
      expect(growth('external'), 'MiB of tensors, batches and images').to.be.lessThan(1);
      expect(growth('heapUsed'), 'MiB of objects; code that is compiled meanwhile takes 1').to.be.lessThan(2.5);
      expect(growth('rss'), 'MiB resident; measured 1 to 2, with the threads that write images 8').to.be.lessThan(20);
    });
  }
});
