import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {writeGif, type Timing} from '../../gan/data/gif.js';
import type {HostTensor} from '../../gan/data/types.js';
import {writeMp4} from './video.js';
import {writeImages} from './write-images.js';

export interface AnimationFiles extends Timing {
  /** Names that end in .gif or .mp4. */
  animations: readonly string[];
  /** Folder of single frames. */
  frames: string | undefined;
}

/**
 * Writes the same frames to all files that are wanted.
 * @param images bytes [n, height, width, channels]
 * @returns the files
 */
export async function writeAnimations(
  images: HostTensor,
  {animations, frames, ...timing}: AnimationFiles,
): Promise<string[]> {
  for (const file of animations) {
    await mkdir(path.dirname(path.resolve(file)), {recursive: true});
    const write = path.extname(file).toLowerCase() === '.gif' ? writeGif : writeMp4;
    await write(file, images, timing);
  }
  return [...animations, ...(frames === undefined ? [] : await writeImages(images, {dir: frames}))];
}
