import type {DataLoaders, HostTensor, SkippedItem} from '../../gan/data/types.js';
import {GanError} from '../../errors.js';

/** The first batch of training images, as bytes [n, height, width, channels], and what could not be read for it. */
export async function firstBatch({train, normalization, report}: DataLoaders): Promise<{
  images: HostTensor;
  skipped: SkippedItem[];
}> {
  for await (const {target} of train.epoch(0)) {
    const images = target.data instanceof Uint8Array ? target : normalization.undo(target.data, target.shape);
    return {images, skipped: report().skipped};
  }
  throw new GanError('data', 'GAN_DATA_EMPTY', 'The data holds no images.');
}
