import type {Gpu} from '../gpu.js';
import {long, longs, pointer} from './args.js';
import {toType} from './cast.js';
import {forEach} from './geometry.js';
import {kernel, result, sizeOf, view, type View} from './kernel.js';
import {source} from './source.js';

const variants = {
  float32: source('add-n', 'float32', {NUMBER: 'float'}),
  int32: source('add-n', 'int32', {NUMBER: 'int'}),
};

/** MAX_TERMS of kernels/add-n.cu. */
const most = 8;

/** Adds float32 numbers to others, in place. */
export const addTo = (gpu: Gpu, sum: bigint, term: bigint, count: number): void =>
  forEach(gpu, variants.float32, 'addN', count, [
    longs(2, sum, term, ...new Array<bigint>(most - 2).fill(0n)),
    {type: 'pointer', value: sum},
    long(count),
  ]);

/** Adds up to eight tensors at a time. The sum so far is the first of the next eight. */
export const addN = kernel<Record<string, unknown>>('AddN', (inputs, _attrs, context) => {
  const {gpu} = context;
  const tensors = Object.values(inputs);
  const type = tensors[0]!.dtype === 'float32' ? 'float32' : 'int32';
  const orders = tensors.map((tensor) => gpu.turnedOf(tensor));
  const turned = new Set(orders.map((order) => JSON.stringify(order))).size === 1 ? orders[0] : undefined;
  const y = result(gpu, tensors[0]!.shape, type, 'float', turned);
  const count = sizeOf(y.shape);
  let terms: View[] = tensors.map((tensor) => toType(context, view(gpu, tensor, 'float', turned), type));
  do {
    const now = terms.slice(0, most);
    const addresses = Array.from({length: most}, (_, i) => now[i]?.address ?? 0n);
    forEach(gpu, variants[type], 'addN', count, [longs(now.length, ...addresses), pointer(y), long(count)]);
    terms = [y, ...terms.slice(most)];
  } while (terms.length > 1);
  return y.info;
});
