/** One of two ranks that train on the fake of CUDA, by each way to exchange in turn. */
import path from 'node:path';
import {fileURLToPath} from 'node:url';
import {launchedRanks} from '../../../dist/cli/ranks/launched.js';
import {GanError} from '../../../dist/errors.js';
import {openRegistry} from '../../../dist/plugin/discover.js';
import {openTraining} from '../../../dist/runs/open-training.js';
import {follow} from '../../../dist/runs/ranks/follow.js';
import {Ranks} from '../../../dist/runs/ranks/ranks.js';
import {collective} from '../../../plugins/cuda/src/ranks/join.js';
import {fakeNccl} from './fake/nccl.js';
import {openFakeDevice} from './fake/open.js';

export const settings = {
  data: 'builtin:shapes',
  source: {count: 32},
  size: 16,
  latent: 8,
  batchSize: 4,
  steps: 8, // the last ones are repeated from recordings
  sampleEvery: 0,
  watchEvery: 0,
  checkpointEvery: 0,
  syncBn: true,
  recipe: 'dcgan',
  arch: {name: 'basic', nFeatures: 4},
};

async function train(dir: string, driverFile: string, nccl: string): Promise<void> {
  const registry = openRegistry();
  const ranks = await Ranks.begin(launchedRanks(process.env)!, registry);
  for (const way of ['nccl', 'mpi', 'host']) {
    const fake = await openFakeDevice({paces: ['eager', 'eager']});
    const {device, driver} = fake.behind;
    const own = collective({
      api: {GanError},
      device,
      driver,
      thread: {file: driverFile, context: device.context},
      uuid: String(ranks.rank),
      nccl: () => fakeNccl(fake.behind.fake, nccl),
      wanted: way,
    });
    const ofGpu = {join: own.join};
    Object.defineProperty(ranks.collective, 'takesGpuMemory', {value: true}); // that of the fake is the host's
    const opened = {...fake, name: 'cuda', collective: ofGpu};
    if (ranks.isFirst) {
      const training = await openTraining(settings, {registry, ranks, device: opened});
      await training.fit(path.join(dir, way));
      console.log(`${way}: ${ranks.description}; ${training.learn.capture.repeated} steps repeated`);
      await training.close();
      await ranks.order({do: 'end', exitCode: 0});
    } else await follow(ranks, {registry, device: opened});
    await fake.close();
  }
  await ranks.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url))
  await train(...(process.argv.slice(2) as [string, string, string]));
