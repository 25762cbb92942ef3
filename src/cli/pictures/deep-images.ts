import {mkdir} from 'node:fs/promises';
import {dirname, extname, resolve} from 'node:path';
import {GanError} from '../../errors.js';
import {arePoints} from '../../gan/data/points.js';
import type {DeepTensor} from '../../gan/data/host-tensor.js';
import {Normalization} from '../../gan/data/normalize.js';
import {npyFile} from '../../gan/data/npy-file.js';
import type {HostTensor} from '../../gan/data/types.js';
import {writeFileAtomic} from '../../gan/io/atomic-write.js';

export const isNpyName = (path: string | undefined): path is string =>
  path !== undefined && extname(path).toLowerCase() === '.npy';

/** Whether a picture of this name can have 16 bits a channel. @throws GanError GAN_IMAGE_FORMAT (exit 2) */
export function assertDeepName(path: string): void {
  const extension = extname(path).toLowerCase();
  if (extension === '' || extension === '.png') return;
  throw new GanError('usage', 'GAN_IMAGE_FORMAT', `${path}: 16 bits a channel need PNG, not ${extension}.`, {
    suggestions: [`--out ${path.slice(0, -extension.length)}.png`],
  });
}

/** Images of floats from -1 to 1 in 16 bits; points, which are drawn as plots, as bytes. */
export function deepImages({data, shape}: HostTensor): HostTensor | DeepTensor {
  const normalization = Normalization.symmetric(shape.at(-1)!);
  return data instanceof Float32Array && !arePoints(shape)
    ? normalization.undoDeep(data, shape)
    : normalization.undo(data, shape);
}

export async function* deepParts(parts: AsyncIterable<HostTensor>): AsyncGenerator<HostTensor | DeepTensor> {
  for await (const images of parts) yield deepImages(images);
}

/** Writes images of floats from -1 to 1 as an array of numpy, [n, height, width, channels], float32 from 0 to 1. */
export async function writeNpy(path: string, {data, shape}: HostTensor): Promise<void> {
  await mkdir(dirname(resolve(path)), {recursive: true});
  await writeFileAtomic(
    path,
    npyFile(
      Float32Array.from(data, (value) => value / 2 + 0.5),
      shape,
    ),
  );
}
