import {bytesToFloat, hasBytesToFloat} from '../backends/fused/bytes.js';
import {tf, type Tensor} from '../backends/tf.js';
import type {Normalization} from './data/normalize.js';
import type {HostTensor} from './data/types.js';

/**
 * A tensor of the host on the device: floats as they are, bytes normalised, by the device itself where it can. Same
 * numbers either way.
 * @throws GanError GAN_NORMALIZATION when bytes have another number of channels
 */
export function upload(host: HostTensor, normalization: Normalization): Tensor {
  const {data, shape} = host;
  if (data instanceof Uint8Array && hasBytesToFloat())
    return bytesToFloat({bytes: data, shape, table: normalization.tableFor(shape)});
  return tf.tensor(normalization.apply(host), shape, 'float32');
}

/**
 * Labels of `count` items as networks take them: classes, int32 [count]; or shares of classes, float32 [count,
 * classes].
 */
export const uploadLabels = (labels: Int32Array | Float32Array, count: number): Tensor =>
  labels instanceof Int32Array
    ? tf.tensor1d(labels, 'int32')
    : tf.tensor2d(labels, [count, labels.length / count], 'float32');
