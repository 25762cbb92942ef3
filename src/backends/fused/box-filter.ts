/**
 * Filters for convolutions that double or halve an image: the sum of a filter and of itself one row, one column and
 * both further (arXiv 1710.10196, appendix), as one operation, `BoxFilter`. Its transpose is the same operation, so
 * derivatives of every order use it.
 */
import {defineOperation, type Operation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

export interface BoxFilterAttrs {
  /** Side of the smaller filter, k. */
  kernelSize: number;
  /** Whether the larger filter runs backwards. */
  reversed: boolean;
  /** Every sum is multiplied by it. */
  scale: number;
  /** False: from side k to k + 1; true: the transpose, from k + 1 to k. */
  transposed: boolean;
}

/** The taps of the smaller filter that are in the `sum`-th tap of the larger one, along an axis. */
export const tapsIn = (sum: number, {kernelSize, reversed}: BoxFilterAttrs): number[] => {
  const last = reversed ? kernelSize - sum : sum;
  return [last - 1, last].filter((tap) => tap >= 0 && tap < kernelSize);
};

/** [(k + 1)^2, k^2], row by row. */
function matrix(attrs: BoxFilterAttrs): Tensor {
  const {kernelSize: k, scale} = attrs;
  const data = new Float32Array((k + 1) ** 2 * k ** 2);
  for (let row = 0; row <= k; row++)
    for (let column = 0; column <= k; column++)
      for (const y of tapsIn(row, attrs))
        for (const x of tapsIn(column, attrs)) data[(row * (k + 1) + column) * k ** 2 + y * k + x] = scale;
  return tf.tensor2d(data, [(k + 1) ** 2, k ** 2]);
}

const operation: Operation<'x', BoxFilterAttrs, Tensor> = defineOperation({
  name: 'BoxFilter',
  inputs: ['x'],
  reference({x}, attrs) {
    const [from, , a, b] = x.shape as [number, number, number, number];
    const to = attrs.transposed ? attrs.kernelSize : attrs.kernelSize + 1;
    const product = tf.matMul(matrix(attrs), tf.reshape(x, [from * from, a * b]), attrs.transposed);
    return tf.reshape(product, [to, to, a, b]);
  },
  gradient: {
    compute: ([dy], {attrs}) => ({x: operation({x: dy!}, {...attrs, transposed: !attrs.transposed})}),
  },
});

/**
 * [k, k, a, b] -> [k + 1, k + 1, a, b]. Tap (i, j) is `scale` times the sum of the taps (i or i - 1, j or j - 1) that
 * there are; if `reversed`, of (k - i or k - i - 1, k - j or k - j - 1).
 */
export const boxFilter = (x: Tensor, {reversed, scale}: Pick<BoxFilterAttrs, 'reversed' | 'scale'>): Tensor =>
  operation({x}, {kernelSize: x.shape[0], reversed, scale, transposed: false});
