import type {TensorInfo} from '@tensorflow/tfjs-core';
import {longs} from './args.js';
import {blocksFor, threads} from './geometry.js';
import {kernel, result, sizeOf} from './kernel.js';
import {source} from './source.js';

const variant = source('blend');

/** MAX_AVERAGES and the words of an Average in kernels/blend.cu. */
const [mostAverages, words] = [64, 5];

interface Attrs {
  keep: number[];
  share: number[];
  /** The results may overwrite the old values. */
  inPlace?: boolean;
}

/** Two float32 as a word of 64 bits. */
const pair = (first: number, second: number): bigint => new BigInt64Array(Float32Array.of(first, second).buffer)[0]!;

/** Next values of running averages in one launch (see src/backends/fused/blend.ts of gan). */
export const blend = kernel<Record<string, unknown>, Attrs>(
  'Blend',
  (inputs, {keep, share, inPlace = false}, {gpu}) => {
    const results: TensorInfo[] = [];
    const averages = keep.map((_, i) => {
      const [old, next] = [inputs[`old${i}`]!, inputs[`next${i}`]!];
      const [a, b] = [gpu.address(old), gpu.address(next)];
      const {info, address} =
        inPlace && gpu.elementOf(old) === 'float' && !gpu.turnedOf(old)
          ? {info: gpu.alias(old), address: gpu.overwrite(old)}
          : result(gpu, old.shape, 'float32');
      results.push(info);
      const count = sizeOf(old.shape);
      return {fields: [a, b, address, pair(keep[i]!, share[i]!), count], count};
    });
    for (let first = 0; first < averages.length; first += mostAverages) {
      const now = averages.slice(first, first + mostAverages);
      const room = new Array<number>((mostAverages - now.length) * words).fill(0);
      const blocks = blocksFor(Math.max(...now.map(({count}) => count)), gpu.card);
      gpu.launch({
        source: variant,
        entry: 'blend',
        grid: [blocks, now.length, 1],
        block: [threads, 1, 1],
        args: [longs(now.length, ...now.flatMap(({fields}) => fields), ...room)],
      });
    }
    return results;
  },
);
