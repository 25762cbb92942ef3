import type {TensorInfo} from '@tensorflow/tfjs-core';
import {longs} from './args.js';
import {launchesOf} from './chunks.js';
import {threads} from './geometry.js';
import {kernel, sizeOf} from './kernel.js';
import {source} from './source.js';

const variant = source('update');

/** MAX_ITEMS, the fields of Item and the bytes of Coefficients in kernels/update.cu. */
const [mostItems, fieldCount, rowBytes] = [48, 10, 10 * 4];

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
    const rows = gpu.address(inputs['coefficients']!);
    const items = sets.map((set, i) => {
      const old = ['value', 'grad_avg', 'sqr_avg'].map((name) => inputs[`${name}${i}`]);
      const gradient = inputs[`gradient${i}`]!;
      const lying = old.flatMap((tensor) =>
        tensor ? [JSON.stringify([gpu.elementOf(tensor), gpu.turnedOf(tensor)])] : [],
      );
      const over = inPlace && gpu.elementOf(old[0]!) === 'float' && new Set(lying).size === 1;
      // new values lie like the gradient, so that from the first step on nothing has to be turned
      const turned = gpu.turnedOf(over ? old[0]! : gradient);
      const addressOf = (tensor: TensorInfo | undefined): bigint =>
        tensor ? gpu.address(tensor, 'float', turned) : 0n;
      const [value, average, squares] = old.map(addressOf) as [bigint, bigint, bigint];
      const slopes = addressOf(gradient);
      const updated = old.map((tensor) => {
        if (!tensor) return 0n;
        const {info, address} = over
          ? {info: gpu.alias(tensor), address: gpu.overwrite(tensor)}
          : gpu.output(tensor.shape, 'float32', 'float', turned);
        results.push(info);
        return address;
      });
      return {
        fields: [value, slopes, average, squares, ...updated, rows + BigInt(set * rowBytes)],
        count: sizeOf(old[0]!.shape),
      };
    });
    for (const {items: now, firstChunks, chunks} of launchesOf(items, mostItems)) {
      const fields = now.flatMap(({fields: own, count}, i) => [...own, count, firstChunks[i]!]);
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
