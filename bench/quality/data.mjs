// Writes the images of a work as real.npy and, where they have labels, labels.npy: what PyTorch trains on, and what both
// sides are compared with. Points are endless: 100,000 of them.
import path from 'node:path';
import {createSource} from '../../dist/config/parts.js';
import {Rng} from '../../dist/gan/rng.js';
import {openRegistry} from '../../dist/plugin/discover.js';
import {writeNpy} from './npy.mjs';

const endlessItems = 100_000;

/** Returns how many there are. */
export async function writeData({source, options, size, channels}, dir) {
  const factory = await createSource(openRegistry(), `builtin:${source}`, options);
  const images = await factory({height: size, width: size, channels, resize: source === 'emoji' ? 'crop' : 'pad'});
  const shape = images.shape;
  if (images.size === undefined) {
    writeNpy(path.join(dir, 'real.npy'), images.batch(endlessItems, new Rng('bench')), [endlessItems, ...shape]);
    return endlessItems;
  }
  const length = shape.reduce((product, side) => product * side);
  const all = new Uint8Array(images.size * length);
  for (let i = 0; i < images.size; i++) all.set(await images.read(i), i * length);
  writeNpy(path.join(dir, 'real.npy'), all, [images.size, ...shape]);
  if (images.label) {
    const labels = Float32Array.from({length: images.size}, (_, i) => images.label(i));
    writeNpy(path.join(dir, 'labels.npy'), labels, [images.size]);
  }
  return images.size;
}
