import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {samplePicture, writeImage, writePicture} from '../../gan/data/grid.js';
import type {HostTensor} from '../../gan/data/types.js';

/**
 * Writes images as one picture, or each to a file of its own.
 * @param images bytes [n, height, width, channels]
 * @param to columns of a grid, by default as square as possible; names without `.png`; by default the images are numbered from 1
 * @returns the files
 */
export async function writeImages(
  images: HostTensor,
  to: {grid: string; columns?: number} | {dir: string; names?: readonly string[]},
): Promise<string[]> {
  if ('grid' in to) {
    await mkdir(path.dirname(path.resolve(to.grid)), {recursive: true});
    await writePicture(to.grid, samplePicture(images, undefined, to.columns));
    return [to.grid];
  }
  await mkdir(to.dir, {recursive: true});
  const n = images.shape[0] ?? 0;
  const names = to.names ?? Array.from({length: n}, (_, i) => String(i + 1).padStart(String(n).length, '0'));
  const files = names.map((name) => path.join(to.dir, `${name}.png`));
  for (const [i, file] of files.entries()) await writeImage(file, images, i);
  return files;
}
