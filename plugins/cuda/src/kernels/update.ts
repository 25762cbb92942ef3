import type {TensorInfo} from '@tensorflow/tfjs-core';
import {longs} from './args.js';
import {threads} from './geometry.js';
import {kernel, sizeOf} from './kernel.js';
import {source} from './source.js';

const variant = source('update');

/** MAX_ITEMS, CHUNK, the fields of Item and the bytes of Coefficients in kernels/update.cu. */
const [mostItems, chunk, fieldCount, rowBytes] = [48, 4096, 10, 10 * 4];

interface Attrs {
  /** The row of each parameter's coefficients. */
  sets: number[];
  /** True if results may overwrite the old values and averages. */
  inPlace?: boolean;
}

/** An optimiser's step for a list of parameters (see src/backends/fused/update.ts of gan). */
export const update = kernel<Record<string, unknown>, Attrs>(
  'OptimizerUpdate',
  (inputs, {sets, inPlace = false}, {gpu}) => {
    const results: TensorInfo[] = [];
    const addressOf = (tensor: TensorInfo | undefined): bigint => (tensor ? gpu.address(tensor) : 0n);
    /** Address of the new values of a tensor. */
    const renewed = (old: TensorInfo | undefined): bigint => {
      if (!old) return 0n;
      const {info, address} = inPlace
        ? {info: gpu.alias(old), address: gpu.overwrite(old)}
        : gpu.output(old.shape, 'float32');
      results.push(info);
      return address;
    };
    const rows = addressOf(inputs['coefficients']);
    const items = sets.map((set, i) => {
      const old = ['value', 'grad_avg', 'sqr_avg'].map((name) => inputs[`${name}${i}`]);
      const [value, average, squares] = old.map(addressOf) as [bigint, bigint, bigint];
      const updated = old.map(renewed);
      return {
        fields: [value, addressOf(inputs[`gradient${i}`]), average, squares, ...updated, rows + BigInt(set * rowBytes)],
        count: sizeOf(old[0]!.shape),
      };
    });
    for (let first = 0; first < items.length; first += mostItems) {
      const now = items.slice(first, first + mostItems);
      let chunks = 0;
      const fields = now.flatMap(({fields: own, count}) => {
        const firstChunk = chunks;
        chunks += Math.ceil(count / chunk);
        return [...own, count, firstChunk];
      });
      const room = new Array<number>((mostItems - now.length) * fieldCount).fill(0);
      gpu.launch({
        source: variant,
        entry: 'updateAll',
        grid: [chunks, 1, 1],
        block: [threads, 1, 1],
        args: [longs(now.length, ...fields, ...room)],
      });
    }
    return results;
  },
);
