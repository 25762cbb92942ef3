import {tf, type Tensor, type Tensor1D} from '../../backends/tf.js';
import {ShapeError} from '../shape-error.js';

/**
 * Labels as a share of each class, [batch, classes]. They are given as classes, int32 [batch] in [0, classes), or as
 * shares already, float32 [batch, classes]: 1 for each attribute that an image has, or parts of several classes.
 * @param kind what refuses others
 * @throws ShapeError
 */
export function labelRows(labels: Tensor, classes: number, kind: string): Tensor {
  if (labels.rank === 2 && labels.dtype === 'float32' && labels.shape[1] === classes) return labels;
  if (labels.rank !== 1 || labels.dtype !== 'int32')
    throw new ShapeError(
      `${kind} of ${labels.dtype} labels`,
      labels.shape,
      `int32 [batch] or float32 [batch, ${classes}]`,
    );
  return tf.cast(tf.oneHot(labels as Tensor1D, classes), 'float32'); // wasm writes no floats here
}
