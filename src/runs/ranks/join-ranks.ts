import type {Device} from '../../backends/device.js';
import {useRanks} from '../../backends/fused/all-reduce.js';
import {tf} from '../../backends/tf.js';
import {GanError} from '../../errors.js';
import type {Ranks} from './ranks.js';

/**
 * Lets the training steps on a device exchange with the other ranks.
 * @returns a function that ends it
 * @throws GanError GAN_RANKS_BACKEND (exit 4) where the backend cannot wait in the middle of a step
 */
export function joinRanks({collective}: Ranks, {name}: Device): () => void {
  try {
    tf.tidy(() => tf.add(tf.scalar(1), tf.scalar(1)).dataSync());
  } catch (cause) {
    throw new GanError(
      'backend',
      'GAN_RANKS_BACKEND',
      `The backend ${name} cannot train with several ranks: it gives no values in the middle of a step.`,
      {suggestions: ['--backend native   (or wasm, cuda, tensorflow)'], cause},
    );
  }
  return useRanks(collective);
}

export const noAutoBatchSize = (): GanError =>
  new GanError('usage', 'GAN_RANKS_BATCH_SIZE', '--batch-size auto cannot be used with several ranks.', {
    suggestions: ['Give the images of a step of all ranks together: --batch-size 256'],
  });
