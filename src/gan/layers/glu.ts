import {tf, type Tensor} from '../../backends/tf.js';
import {Module} from '../module.js';
import {ShapeError} from '../shape-error.js';

/** The first half of the channels times the sigmoid of the second. [..., 2 c] -> [..., c]. */
export function glu(x: Tensor): Tensor {
  const [values, gates] = tf.split(x, 2, -1) as [Tensor, Tensor];
  return tf.mul(values, tf.sigmoid(gates));
}

/**
 * Gated linear unit over the channels (arXiv 1612.08083; torch.nn.GLU). [batch, ..., 2 c] -> [batch, ..., c].
 * @throws ShapeError for an odd number of channels
 */
export class GLU extends Module {
  static readonly repeatable = true;

  override forward(x: Tensor): Tensor {
    if (x.rank < 2 || x.shape.at(-1)! % 2 !== 0)
      throw new ShapeError('GLU', x.shape, '[batch, ..., channels] with an even number of channels');
    return glu(x);
  }
}
