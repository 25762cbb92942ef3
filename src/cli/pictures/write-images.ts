import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {samplePicture, writeImage, writePicture} from '../../gan/data/grid.js';
import type {DeepTensor} from '../../gan/data/host-tensor.js';
import type {HostTensor} from '../../gan/data/types.js';

/**
 * Writes images as one picture, or each to a file of its own.
 * @param images bytes or values of 16 bits, [n, height, width, channels]
 * @param to columns of a grid, by default as square as possible; names without `.png`; by default the images are
 *   numbered from 1
 * @returns the files
 */
export async function writeImages(
  images: HostTensor | DeepTensor,
  to: {grid: string; columns?: number} | {dir: string; names?: readonly string[]},
): Promise<string[]> {
  if ('grid' in to) {
    await mkdir(path.dirname(path.resolve(to.grid)), {recursive: true});
    await writePicture(to.grid, samplePicture(images, undefined, to.columns));
    return [to.grid];
  }
  return writeEach([images], {...to, count: images.shape[0] ?? 0});
}

/**
 * Writes each image to a file of its own, as they come.
 * @param parts bytes or values of 16 bits, [n, height, width, channels] each
 * @param to `count` of all images; names without `.png`, by default numbers from 1
 * @returns the files
 */
export async function writeEach(
  parts: Iterable<HostTensor | DeepTensor> | AsyncIterable<HostTensor | DeepTensor>,
  {dir, count, names}: {dir: string; count: number; names?: readonly string[]},
): Promise<string[]> {
  const files: string[] = [];
  for await (const images of parts) {
    await mkdir(dir, {recursive: true}); // once there is something to write
    for (let i = 0; i < (images.shape[0] ?? 0); i++) {
      const name = names?.[files.length] ?? String(files.length + 1).padStart(String(count).length, '0');
      const file = path.join(dir, `${name}.png`);
      await writeImage(file, images, i);
      files.push(file);
    }
  }
  return files;
}
