import {tf, type Scalar, type Tensor, type Variable} from '../tf.js';

/**
 * tf.variableGrads that leaves nothing behind when `f` throws: tfjs frees what a forward pass has saved only after a
 * backward one, so there is one then too, of a sum that costs nothing.
 * @param variables at least one
 */
export function variableGrads(f: () => Scalar, variables: Variable[]): {value: Scalar; grads: Record<string, Tensor>} {
  let failure: {error: unknown} | undefined;
  const result = tf.variableGrads(() => {
    try {
      return f();
    } catch (error) {
      failure = {error};
      return tf.sum(variables[0]!);
    }
  }, variables);
  if (!failure) return result;
  tf.dispose([result.value, result.grads]);
  throw failure.error;
}
