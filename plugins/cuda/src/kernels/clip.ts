import {long, longs, pointer} from './args.js';
import {launchesOf} from './chunks.js';
import {threads} from './geometry.js';
import {kernel, result, scratch, sizeOf, view} from './kernel.js';
import {source} from './source.js';

const variant = source('clip');

/** MAX_ARRAYS and the fields of Array in kernels/clip.cu. */
const [mostArrays, fieldCount] = [96, 4];

/** Bounds the length of a list of arrays (see src/backends/fused/clip-by-global-norm.ts of gan). */
export const clipByGlobalNorm = kernel<Record<string, unknown>>(
  'ClipByGlobalNorm',
  ({bound, ...tensors}, _attrs, {gpu}) => {
    const arrays = Object.values(tensors).map((x) => {
      // neither the length nor a product minds the order: the gradients of filters stay as they lie
      const turned = gpu.turnedOf(x);
      const y = result(gpu, x.shape, 'float32', 'float', turned);
      return {x: gpu.address(x, 'float', turned), y, count: sizeOf(x.shape)};
    });
    const launches = launchesOf(arrays, mostArrays).map(({items, firstChunks, chunks}) => {
      const fields = items.flatMap(({x, y, count}, i) => [x, y.address, count, firstChunks[i]!]);
      const room = new Array<number>((mostArrays - items.length) * fieldCount).fill(0);
      return {chunks, arrays: longs(items.length, ...fields, ...room)};
    });
    const all = launches.reduce((sum, {chunks}) => sum + chunks, 0);
    const partial = scratch(gpu, [Math.max(all, 1)], 'float32');
    const share = scratch(gpu, [], 'float32');
    const length = result(gpu, [], 'float32');
    const block = [threads, 1, 1] as const;
    let before = 0;
    for (const launch of launches) {
      const part = {address: partial.address + BigInt(4 * before)};
      const args = [launch.arrays, pointer(part)];
      gpu.launch({source: variant, entry: 'squares', grid: [launch.chunks, 1, 1], block, args});
      before += launch.chunks;
    }
    gpu.launch({
      source: variant,
      entry: 'lengthOf',
      grid: [1, 1, 1],
      block,
      args: [...[partial, view(gpu, bound!), length, share].map(pointer), long(all)],
    });
    for (const launch of launches) {
      const args = [launch.arrays, pointer(share)];
      gpu.launch({source: variant, entry: 'scaled', grid: [launch.chunks, 1, 1], block, args});
    }
    return [length, ...arrays.map(({y}) => y)].map(({info}) => info);
  },
);
