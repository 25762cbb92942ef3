/**
 * Images with a box set to 0, as one operation: its gradient is the same operation.
 *
 * The kernel is `CutOut`:
 * - inputs: `x` [n, h, w, c], and `boxes` [n, 4], float32 whole numbers: first row and column of each box, and those
 *   behind its last. A box may lie outside of the image, or partly;
 * - output: [n, h, w, c].
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

const operation: Operation<'x' | 'boxes', object, Tensor> = defineOperation({
  name: 'CutOut',
  inputs: ['x', 'boxes'],
  constants: ['boxes'],
  reference({x, boxes}: Record<'x' | 'boxes', Tensor>, _: object): Tensor {
    const [n, height, width] = x.shape as [number, number, number, number];
    const [top, left, bottom, right] = tf.split(boxes, 4, 1) as [Tensor, Tensor, Tensor, Tensor]; // [n, 1]
    const rows = tf.reshape(inside(height, top, bottom), [n, height, 1, 1]);
    const columns = tf.reshape(inside(width, left, right), [n, 1, width, 1]);
    return tf.mul(x, tf.sub(1, tf.mul(rows, columns)));
  },
  gradient: {
    compute: ([dy], {inputs: {boxes}}) => ({x: operation({x: dy!, boxes}, {})}),
  },
});

/** 1 at the places from `first` to before `end`, 0 elsewhere: [n, side]. */
function inside(side: number, first: Tensor, end: Tensor): Tensor {
  const places = tf.reshape(tf.range(0, side), [1, side]);
  const from = tf.minimum(1, tf.relu(tf.add(tf.sub(places, first), 1)));
  return tf.mul(from, tf.minimum(1, tf.relu(tf.sub(end, places))));
}

/**
 * Images with a box cut out of each.
 * @param x [n, height, width, channels]
 * @param boxes [n, 4], whole numbers: first row, first column, the row and the column behind the last; a constant to
 * gradients
 * @returns [n, height, width, channels], 0 in the boxes; with derivatives of every order by x
 */
export const cutOut = (x: Tensor, boxes: Tensor): Tensor => operation({x, boxes}, {});
