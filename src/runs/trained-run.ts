import type {Architecture} from '../plugin/index.js';
import {readCheckpoint, withoutPrefix} from '../gan/checkpoint.js';
import type {Networks, TrainedRun} from '../gan/export/trained-run.js';
import {loadRun} from './generate.js';
import {makeNetworks} from './networks.js';
import type {Which} from './run-folder.js';

/**
 * Calls `use` with a checkpoint of a run.
 * @param architecture called when `use` asks for the networks; a device must be open afterwards
 * @param which of its checkpoints; absent: the newest
 * @throws GanError GAN_RUN_NOT_FOUND, GAN_NO_CHECKPOINT, GAN_CHECKPOINT (exit 5)
 */
export async function withTrainedRun<T>(
  dir: string,
  architecture: () => Promise<Architecture>,
  use: (run: TrainedRun) => Promise<T>,
  which?: Which,
): Promise<T> {
  const {config, checkpoint} = await loadRun(dir, which);
  const {model: weights} = await readCheckpoint(checkpoint);
  let made: Promise<Networks> | undefined;
  const make = async (): Promise<Networks> => {
    const networks = await makeNetworks(config, await architecture());
    for (const name of ['generator', 'critic'] as const)
      networks[name].eval().loadStateDict(withoutPrefix(`${name}.`, weights));
    return networks;
  };
  try {
    return await use({config, checkpoint, weights, networks: () => (made ??= make())});
  } finally {
    const networks = await made?.catch(() => undefined);
    networks?.generator.dispose();
    networks?.critic.dispose();
  }
}
