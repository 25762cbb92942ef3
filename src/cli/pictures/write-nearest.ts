import {mkdir} from 'node:fs/promises';
import path from 'node:path';
import {imageGrid, writePng} from '../../gan/data/grid.js';
import type {HostTensor} from '../../gan/data/types.js';
import {slashedBelow} from '../../gan/io/windows-names.js';
import type {NearestImages} from '../../gan/metrics/nearest.js';
import type {Evaluation} from '../../runs/evaluations.js';
import type {RunFolder} from '../../runs/run-folder.js';

/** Pairs in the picture, at most: the nearest ones. */
const shown = 32;

/** Pairs in a row, and the gap between them, pixels. */
const [columns, gap] = [8, 6];

/** Writes the picture of the nearest pairs into the run folder: generated left, training right. */
export async function writeNearest(
  folder: RunFolder,
  step: number,
  {pairs, ...found}: NearestImages,
): Promise<NonNullable<Evaluation['nearest']>> {
  const file = folder.nearestPath(step);
  await mkdir(path.dirname(file), {recursive: true});
  await writePng(file, imageGrid(sideBySide(pairs), columns, gap));
  return {...found, picture: slashedBelow(folder.dir, file)};
}

/** [2 n, height, width, channels] -> the two images of each pair as one: [n, height, 2 width, channels]. */
function sideBySide({data, shape}: HostTensor): HostTensor {
  const [all = 0, height = 0, width = 0, channels = 0] = shape;
  const n = Math.min(all / 2, shown);
  const [row, image] = [width * channels, height * width * channels];
  const out = new Uint8Array(n * 2 * image);
  for (let i = 0; i < n; i++)
    for (let side = 0; side < 2; side++)
      for (let y = 0; y < height; y++) {
        const from = (2 * i + side) * image + y * row;
        out.set(data.subarray(from, from + row), (i * height + y) * 2 * row + side * row);
      }
  return {data: out, shape: [n, height, 2 * width, channels]};
}
