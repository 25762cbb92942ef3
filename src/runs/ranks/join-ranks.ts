import type {Device} from '../../backends/device.js';
import {hostSums, useRanks} from '../../backends/fused/all-reduce.js';
import {tf} from '../../backends/tf.js';
import {GanError} from '../../errors.js';
import type {Ranks} from './ranks.js';

/** @throws GanError GAN_RANKS_BACKEND (exit 4) where the backend cannot wait in the middle of a step */
export function checkWaits({name}: Device): void {
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
}

/**
 * Lets the training steps on a device exchange with the other ranks. All ranks call it at the same time.
 * @returns a function that ends it
 * @throws GanError GAN_BACKEND_FAILED where the devices cannot exchange
 */
export async function joinRanks(ranks: Ranks, device: Device): Promise<() => void> {
  const sums = await device.collective?.join(ranks.collective);
  if (sums) ranks.sums = sums.description;
  return useRanks(ranks.collective, sums ?? hostSums(ranks.collective, device.hostTensors));
}

/**
 * The batch size for all ranks, where each has found what its device has memory for: what the least of them has, for
 * each.
 */
export async function batchSizeOfAll(ranks: Ranks, own: number): Promise<number> {
  const all = await ranks.fromAll(own);
  return ranks.collective.size * Math.min(...all);
}
