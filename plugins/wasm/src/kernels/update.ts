import type {TensorInfo} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** Coefficients of a parameter. */
const rowBytes = 10 * 4;
/** Fields of `Update` in assembly/update.ts. */
const fieldCount = 10;

/** An optimiser's step for a list of parameters (see src/backends/fused/update.ts of gan). */
export const update = kernel<Record<string, unknown>, {sets: number[]}>(
  'OptimizerUpdate',
  (inputs, {sets}, {tf, heap}) => {
    const results: TensorInfo[] = [];
    const output = (shape: number[]): TensorInfo => {
      const result = heap.output(shape);
      results.push(result);
      return result;
    };
    const tensors = sets.map((_, i) => {
      const value = inputs[`value${i}`]!;
      const averages: (TensorInfo | undefined)[] = [inputs[`grad_avg${i}`], inputs[`sqr_avg${i}`]];
      return {
        old: [value, inputs[`gradient${i}`], ...averages],
        updated: [output(value.shape), ...averages.map((average) => average && output(value.shape))],
        count: tf.util.sizeFromShape(value.shape),
      };
    });
    const address = (tensor: TensorInfo | undefined): number => (tensor ? heap.address(tensor) : 0);
    const rows = address(inputs['coefficients']);
    const table = tensors.flatMap(({old, updated, count}, i) => [
      ...[...old, ...updated].map(address),
      rows + sets[i]! * rowBytes,
      count,
      0,
    ]);
    heap.native.updateParameters(heap.words(table), table.length / fieldCount, heap.pool);
    return results;
  },
);
