import {mkdir} from 'node:fs/promises';
import {join} from 'node:path';
import type {Callback} from '../callback.js';
import {samplePicture, writePng} from '../data/grid.js';
import type {Learner} from '../learner.js';
import type {GANTrainer} from './gan-trainer.js';

/**
 * Writes the generator's latest training images to `<folder>/epoch-0001.png` and so on after each epoch (fastai v1's
 * show_img).
 */
export function showImages(trainer: GANTrainer, folder: string): Callback {
  return {
    name: 'show-images',
    runAfter: ['gan-trainer', 'recorder'],
    async afterEpoch({epoch, fitting, dls}: Learner) {
      const images = trainer.lastGen;
      if (!fitting || !images) return;
      const bytes = dls.normalization.undo((await images.data()) as Float32Array, images.shape);
      await mkdir(folder, {recursive: true});
      await writePng(join(folder, `epoch-${String(epoch + 1).padStart(4, '0')}.png`), samplePicture(bytes));
    },
  };
}
