import type {Rng} from '../rng.js';
import type {HostData} from './types.js';

/**
 * Changes one image of the training data before it goes into a batch.
 * @param data [height, width, channels], flat; bytes 0..255 from files, floats as the source gives them. It may be kept
 * by a cache: return another array, of the same type and length, or the same one unchanged
 * @param shape [height, width, channels]
 * @param rng a stream for this image in this epoch alone, so that any batch can be made again
 */
export type Augmentation = (data: HostData, shape: readonly number[], rng: Rng) => HostData;

/** One after the other, each with a stream of its own. */
export function augmentItem(
  augmentations: readonly Augmentation[],
  data: HostData,
  shape: readonly number[],
  rng: Rng,
): HostData {
  return augmentations.reduce((item, augment, i) => augment(item, shape, rng.fork(i)), data);
}
