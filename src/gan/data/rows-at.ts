import {InvisibleTensor} from './noise.js';
import type {Batch, HostTensor} from './types.js';

/** Some rows of a tensor, in the order of the places. */
export function rowsAt(tensor: HostTensor, places: readonly number[]): HostTensor {
  const {data, shape} = tensor;
  const [rows = 1, ...rest] = shape;
  const each = data.length / rows;
  const own =
    data instanceof Uint8Array ? new Uint8Array(each * places.length) : new Float32Array(each * places.length);
  places.forEach((place, i) => own.set(data.subarray(place * each, (place + 1) * each), i * each));
  const taken = [places.length, ...rest];
  return tensor instanceof InvisibleTensor
    ? new InvisibleTensor(own as Float32Array, taken)
    : {data: own, shape: taken};
}

/** Some items of a batch. Its `size` stays that of the whole. */
export const batchAt = ({input, target, labels, size}: Batch, places: readonly number[]): Batch => ({
  input: rowsAt(input, places),
  target: rowsAt(target, places),
  ...(labels && {labels: labelsAt(labels, size, places)}),
  size,
});

function labelsAt(labels: Int32Array | Float32Array, rows: number, places: readonly number[]): typeof labels {
  const each = labels.length / rows;
  const own =
    labels instanceof Int32Array ? new Int32Array(each * places.length) : new Float32Array(each * places.length);
  places.forEach((place, i) => own.set(labels.subarray(place * each, (place + 1) * each), i * each));
  return own;
}
