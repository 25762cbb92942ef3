import type {TensorInfo} from '@tensorflow/tfjs-core';
import {kernel} from '../kernel.js';

/** Coefficients of a parameter. */
const rowBytes = 10 * 4;
/** Fields of `Update` in assembly/update.ts. */
const fieldCount = 10;

/** Where a result goes: to a new tensor, or into the memory of an old one, which is given away when all went well. */
interface Place {
  address: number;
  tensor(): TensorInfo;
}

/** An optimiser's step for a list of parameters (see src/backends/fused/update.ts of gan). */
export const update = kernel<Record<string, unknown>, {sets: number[]; consumes?: boolean}>(
  'OptimizerUpdate',
  (inputs, {sets, consumes}, {tf, heap}) => {
    const address = (tensor: TensorInfo | undefined): number => (tensor ? heap.address(tensor) : 0);
    const places: Place[] = [];
    const placeFor = (old: TensorInfo | undefined): number => {
      if (!old) return 0;
      const made = consumes && heap.isSole(old) ? undefined : heap.output(old.shape);
      const place = {address: address(made ?? old), tensor: () => made ?? heap.successor(old)};
      places.push(place);
      return place.address;
    };
    const rows = address(inputs['coefficients']);
    const table = sets.flatMap((set, i) => {
      const value = inputs[`value${i}`]!;
      const averages = [inputs[`grad_avg${i}`], inputs[`sqr_avg${i}`]];
      const given = [value, inputs[`gradient${i}`], ...averages].map(address);
      const results = [value, ...averages].map(placeFor);
      return [...given, ...results, rows + set * rowBytes, tf.util.sizeFromShape(value.shape), 0];
    });
    heap.native.updateParameters(heap.words(table), table.length / fieldCount, heap.pool);
    return places.map(({tensor}) => tensor());
  },
);
