import {GanError, isGanError} from '../errors.js';
import {readCheckpoint, type Checkpoint} from '../gan/checkpoint.js';
import type {CheckpointSelector, RunFolder} from './run-folder.js';

/**
 * Reads a checkpoint of a run.
 * @param advise how the user takes the checkpoint of another step
 * @throws GanError GAN_NO_CHECKPOINT; GAN_CHECKPOINT (exit 5) when it is damaged, with another one that is not
 */
export async function readRunCheckpoint(
  folder: RunFolder,
  which: CheckpointSelector,
  advise: (step: number) => string,
): Promise<Checkpoint> {
  const path = await folder.checkpointOf(which);
  try {
    return await readCheckpoint(path);
  } catch (error) {
    if (!isGanError(error) || error.code !== 'GAN_CHECKPOINT') throw error;
    const other = await newestReadable(folder, path);
    throw new GanError(error.kind, error.code, error.message, {
      cause: error,
      suggestions: [
        other === undefined ? 'No other checkpoint of the run can be read. Begin a new run.' : advise(other),
      ],
    });
  }
}

/** Step of the newest checkpoint that can be read besides the one at `path`. */
async function newestReadable(folder: RunFolder, path: string): Promise<number | undefined> {
  for (const each of (await folder.checkpoints()).reverse()) {
    if (each === path) continue;
    try {
      return (await readCheckpoint(each)).position.step;
    } catch {
      // the next older one
    }
  }
  return undefined;
}
