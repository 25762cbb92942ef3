/**
 * Bounds the length of a list of tensors, all seen as one vector, as one operation, `ClipByGlobalNorm`, for backends
 * where each operation costs:
 * - inputs: `bound`, a scalar, and `x<i>` for tensor i;
 * - outputs: the length before, a scalar, then each tensor times min(1, bound / (length + 1e-6)), in their order.
 * NaN is kept: one in a tensor makes the length and all outputs NaN.
 */
import {defineOperation} from '../operation.js';
import {tf, type Tensor} from '../tf.js';

/** Added to the length that is divided by, as in torch.nn.utils.clip_grad_norm_. */
const tiny = 1e-6;

const operation = defineOperation({
  name: 'ClipByGlobalNorm',
  reference(inputs: Record<string, Tensor>): Tensor[] {
    const tensors = Object.keys(inputs).flatMap((name) => (name === 'bound' ? [] : [inputs[name]!]));
    const squares = tensors.map((tensor) => tf.sum(tf.square(tensor)));
    const length = tf.sqrt(squares.length === 1 ? squares[0]! : tf.sum(tf.stack(squares)));
    const share = tf.minimum(tf.div(inputs['bound']!, tf.add(length, tiny)), 1);
    return [length, ...tensors.map((tensor) => tf.mul(tensor, share))];
  },
});

/**
 * The tensors times min(1, bound / (length + 1e-6)), and their length before; constants to gradients.
 * @param tensors at least one
 * @param bound a scalar
 */
export function clipByGlobalNorm(tensors: readonly Tensor[], bound: Tensor): {length: Tensor; clipped: Tensor[]} {
  const inputs = Object.fromEntries(tensors.map((tensor, i) => [`x${i}`, tensor]));
  const [length, ...clipped] = operation({bound, ...inputs}, {});
  return {length: length!, clipped};
}
